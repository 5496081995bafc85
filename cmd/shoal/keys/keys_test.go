package keys_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/cmd/shoal/keys"
)

func TestKeyIsTheSameEachTime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	a, err := keys.Open(dir, keys.Publisher)
	if err != nil {
		t.Fatal(err)
	}
	b, err := keys.Open(dir, keys.Publisher)
	if err != nil || !a.Equal(b) {
		t.Fatalf("opened again it is another key (%v)", err)
	}
	if n, err := keys.Open(dir, keys.Node); err != nil || n.Equal(a) {
		t.Fatalf("the node's key is the publisher's (%v)", err)
	}
}

func TestExportedKeyMovesToAnotherFolderAndTheOldOneIsKept(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	a, _ := keys.Open(from, keys.Publisher)
	old, _ := keys.Open(to, keys.Publisher)
	text, err := keys.Encode(a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Import(to, text); err != nil {
		t.Fatal(err)
	}
	if b, err := keys.Open(to, keys.Publisher); err != nil || !a.Equal(b) {
		t.Fatalf("the imported key is not the exported one (%v)", err)
	}
	kept, err := os.ReadFile(filepath.Join(to, keys.Publisher+".old"))
	if err != nil {
		t.Fatal(err)
	}
	if k, err := keys.Decode(kept); err != nil || !k.Equal(old) {
		t.Fatalf("the old key was lost (%v)", err)
	}
	text, _ = keys.Encode(old)
	if _, err := keys.Import(to, text); !errors.Is(err, keys.ErrKey) || !strings.Contains(err.Error(), ".old exists") {
		t.Fatalf("a second old key would have been lost: %v", err)
	}
}

func TestKeyThatOthersCanReadIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: files have no modes on windows; run it on unix")
	}
	dir := t.TempDir()
	if _, err := keys.Open(dir, keys.Node); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, keys.Node), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Open(dir, keys.Node); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Fatalf("error is %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := keys.Decode(b); err != nil && !errors.Is(err, keys.ErrKey) {
			t.Fatal(err)
		}
	})
}
