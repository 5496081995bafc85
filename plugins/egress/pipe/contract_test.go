//go:build unix

package pipe_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/egress/egresstest"
	"github.com/shoal-live/shoal/plugins/egress/material"
	"github.com/shoal-live/shoal/plugins/egress/pipe"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func suite(t *testing.T, factory egress.Factory, target func(*testing.T) egresstest.Target) {
	t.Helper()
	egresstest.Suite(t, egresstest.Harness{
		New:    factory,
		First:  material.Epoch(t, "h264-opus", 1, 5*time.Second),
		Second: material.Epoch(t, "vp9-opus", 2, 5*time.Second),
		Target: target,
		Wrong: []egresstest.Wrong{
			{Config: egress.Config{Listen: "x", Params: map[string]string{"pacing": "fast"}}, Parameter: "pacing"},
			{Config: egress.Config{Listen: "x", Params: map[string]string{"color": "blue"}}, Parameter: "color"},
		},
	})
}

func plugin() sdk.Plugin { return sdk.Egress("pipe", pipe.New) }

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, plugin()) }

// TestContract writes into named pipes.
func TestContract(t *testing.T) {
	plugintest.Every(t, plugin(), func(t *testing.T, r *plugintest.Rig) { named(t, r.Egress) })
}

func named(t *testing.T, factory egress.Factory) {
	suite(t, factory, func(t *testing.T) egresstest.Target {
		path := filepath.Join(t.TempDir(), "pipe")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		return piped(t, egress.Config{Stream: "cam1", Listen: path}, func() (io.ReadCloser, error) {
			return os.OpenFile(path, os.O_RDWR, 0) // so that it opens at once and outlives its writers
		})
	})
}

func TestContractOfAnOpenPipe(t *testing.T) {
	var mu sync.Mutex
	var out *os.File // of the target in use
	factory := func(cfg egress.Config) (egress.Egress, error) {
		mu.Lock()
		defer mu.Unlock()
		if out == nil {
			return pipe.To(nil, "stdout")(cfg)
		}
		w, err := dup(out)
		if err != nil {
			return nil, err
		}
		return pipe.To(w, "stdout")(cfg)
	}
	suite(t, factory, func(t *testing.T) egresstest.Target {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		out = w
		mu.Unlock()
		t.Cleanup(func() {
			mu.Lock()
			defer mu.Unlock()
			out = nil
			_ = w.Close()
		})
		return piped(t, egress.Config{Stream: "cam1"}, func() (io.ReadCloser, error) { return r, nil })
	})
}

// dup makes a second end of a pipe, which To may close.
func dup(f *os.File) (*os.File, error) {
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		return nil, err
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "pipe"), nil
}

// piped reads a pipe in the background, unless its player is stuck, and looks for init segments and fragments.
func piped(t *testing.T, cfg egress.Config, open func() (io.ReadCloser, error)) egresstest.Target {
	r, err := open()
	if err != nil {
		t.Fatal(err)
	}
	p := &player{stop: make(chan struct{})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.read(r)
	}()
	t.Cleanup(func() {
		p.halt()
		_ = r.Close()
		<-ended
	})
	return egresstest.Target{
		Config: cfg,
		Plays:  func(_ []string, d *chunk.Descriptor) error { return p.sees(d) },
		Stick:  func([]string) error { p.halt(); return nil },
	}
}

type player struct {
	once sync.Once
	stop chan struct{}
	mu   sync.Mutex
	got  bytes.Buffer
}

func (p *player) halt() { p.once.Do(func() { close(p.stop) }) }

func (p *player) read(r io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		select {
		case <-p.stop:
			return
		default:
		}
		n, err := r.Read(buf)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.got.Write(buf[:n])
		p.mu.Unlock()
	}
}

// sees waits for the init segment of d with a fragment behind it.
func (p *player) sees(d *chunk.Descriptor) error {
	deadline := time.Now().Add(5 * time.Second)
	for time.Now().Before(deadline) {
		p.mu.Lock()
		_, after, found := bytes.Cut(p.got.Bytes(), d.Init)
		found = found && bytes.Contains(after, []byte("mdat"))
		p.mu.Unlock()
		if found {
			return nil
		}
		<-time.After(5 * time.Millisecond)
	}
	return errors.New("no init segment with a fragment behind it")
}
