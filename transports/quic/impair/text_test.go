package impair

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	got, err := Parse("latency=40ms, sigma=0.5,min=5ms,jitter=2ms,loss=1%,uplink=4M,queue=100ms,seed=7")
	want := Config{
		Median: 40 * time.Millisecond, Sigma: 0.5, Min: 5 * time.Millisecond, Jitter: 2 * time.Millisecond,
		Loss: 0.01, Uplink: 500_000, Queue: 100 * time.Millisecond, Seed: 7,
	}
	if err != nil || got != want {
		t.Fatalf("%+v, %v; want %+v", got, err, want)
	}
	if again, err := Parse(got.String()); err != nil || again != got {
		t.Errorf("%q is read as %+v, %v", got, again, err)
	}
	if none, err := Parse(""); err != nil || !none.Off() || got.Off() {
		t.Errorf("nothing: %+v, %v, off: %v", none, err, none.Off())
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, says string }{
		{"latency", "KEY=VALUE"},
		{"latency=1ms,latency=2ms", "each key once"},
		{"delay=1ms", `no key "delay" (have: latency`},
		{"latency=40", `latency: "40" is not a duration (write 40ms)`},
		{"latency=-1ms", "latency: -1ms is not in 0s..10s"},
		{"min=11s", "min: 11s is not in 0s..10s"},
		{"jitter=11s", "jitter: 11s is not in"},
		{"latency=1ms,sigma=4", "sigma: 4 is not in 0..3"},
		{"latency=1ms,sigma=NaN", "sigma: NaN is not in 0..3"},
		{"sigma=1", "set latency"},
		{"loss=0.01", "loss: \"0.01\" is not a share (write 1%"},
		{"loss=51%", "loss: 51% is not in 0%..50%"},
		{"uplink=many", "uplink: \"many\" is not a rate"},
		{"uplink=7", "uplink: 8 bits per second are not in 8000.."},
		{"uplink=1000G", "are not in 8000..100000000000"},
		{"queue=1s", "queue: 1s waits for no uplink"},
		{"seed=-1", "seed: \"-1\" is not a whole number"},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, err := Parse(c.text)
			if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.says) || got != (Config{}) {
				t.Errorf("%+v, %v; want ErrConfig with %q", got, err, c.says)
			}
		})
	}
}

// FuzzParse: what is read is valid, and its text is read as the same.
func FuzzParse(f *testing.F) {
	f.Add("")
	f.Add("loss=0,uplink=0")
	f.Add(Config{Median: 40 * time.Millisecond, Sigma: 0.5, Min: time.Millisecond, Jitter: 1, Loss: 0.07, Uplink: 1000, Queue: 1, Seed: 1}.String())
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := Parse(c.String())
		if err != nil || again.String() != c.String() {
			t.Errorf("%q becomes %q, and that %q, %v", text, c, again, err)
		}
	})
}
