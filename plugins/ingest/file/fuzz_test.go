package file

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/shoal-live/shoal/core/ingest"
)

// FuzzFile has the law that garbage is an error of the contract, and what is no error can be read to its end.
func FuzzFile(f *testing.F) {
	for _, name := range []string{"fragments.mp4", "index.mp4"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	i, err := New(ingest.Config{Source: "/fuzz.mp4"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := i.(*Ingest).open(context.Background(), bytes.NewReader(b), int64(len(b)), &joined{})
		if err != nil {
			if !errors.Is(err, ingest.ErrSource) && !errors.Is(err, ingest.ErrCodec) {
				t.Fatalf("open returned %v", err)
			}
			return
		}
		for _, c := range r.cursors {
			for range c.surveyed.samples {
				s, err := c.next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("what was walked cannot be read: %v", err)
				}
				c.head = s
				_, _ = r.load(c) // may be no unit: that is told when it is played
			}
		}
	})
}
