package trial

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hired is a worker in a process of its own.
func hired(t *testing.T) *hand {
	t.Helper()
	h, err := hire(worker(t), t.TempDir(), "one")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.dismiss)
	return h
}

func TestAProcessOfTheCrewThatIsGoneIsSaid(t *testing.T) {
	h := hired(t)
	var answer Sample
	if err := h.call(t.Context(), "Sample", SampleCall{}, &answer); err != nil {
		t.Fatal(err)
	}
	var none Source
	if err := h.call(t.Context(), "Source", Nothing(0), &none); err == nil || err.Error() != "one: no source here" {
		t.Errorf("what it says is %v", err)
	}
	h.kill()
	if err := h.call(t.Context(), "Sample", SampleCall{}, &answer); err == nil || !strings.Contains(err.Error(), "one has ended, one.log") {
		t.Errorf("one that was killed says %v", err)
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	h := hired(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	call := BaselineCall{URL: "rtsp://127.0.0.1:1/none", Readers: 1, For: patience * 100}
	if err := h.call(ctx, "Baseline", call, new(BaselineAnswer)); !errors.Is(err, context.Canceled) {
		t.Errorf("the call says %v", err)
	}
}

func TestAWorkerThatCannotStartIsNamed(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := hire([]string{missing}, t.TempDir(), "one"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "start one") {
		t.Errorf("hire says %v", err)
	}
}
