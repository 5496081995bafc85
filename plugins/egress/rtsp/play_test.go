package rtsp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/cmd/shoal/clip/cliptest"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/material"
	"github.com/shoal-live/shoal/plugins/egress/rtsp"
)

const (
	most   = 40 * time.Millisecond   // that audio and video may come apart
	window = 5500 * time.Millisecond // received: a loop of every clip with Opus, whose packets repeat within one
)

// serve plays a clip in real time until the test ends, and answers its URL.
func serve(t *testing.T, name string, params map[string]string) string {
	t.Helper()
	return serveFrom(t, name, params, 0)
}

// serveFrom is serve, of a clip that began head ago.
func serveFrom(t *testing.T, name string, params map[string]string, head time.Duration) string {
	t.Helper()
	epoch := material.Epoch(t, name, 1, 15*time.Second)
	e, err := rtsp.New(config("127.0.0.1:0", params))
	if err != nil {
		t.Fatal(err)
	}
	return material.Run(t, e, func(ctx context.Context, feed chan<- egress.Item) { material.PlayFrom(ctx, feed, epoch, head) })[0]
}

// received is what came of a recording that runs meanwhile.
type received struct {
	rec *cliptest.Recording
	err error
}

func receive(t *testing.T, url string) <-chan received {
	out := make(chan received, 1)
	go func() {
		rec, err := cliptest.Receive(t.Context(), url, window)
		out <- received{rec, err}
	}()
	return out
}

// check says whether what came is the clip, whole and aligned.
func check(t *testing.T, name string, r received) {
	t.Helper()
	if r.err != nil {
		t.Fatal(r.err)
	}
	c, err := clip.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.rec.CheckWhole(c); err != nil {
		t.Error(err)
	}
	if skew, err := r.rec.Skew(c); errors.Is(err, cliptest.ErrNoReport) {
		t.Logf("NOT COMPARED: %v; cmd/shoal compares sound and picture over 20 s", err)
	} else if err != nil || skew.Abs() > most {
		t.Errorf("sound is %v off: %v", skew, err)
	}
	if err := r.rec.Decode(t.Context(), t.TempDir()); errors.Is(err, cliptest.ErrNoFFmpeg) {
		t.Skipf("SKIPPED: frames were not decoded: %v", err)
	} else if err != nil {
		t.Error(err)
	}
}

func TestEveryFrameArrivesOnceAlignedAndDecodes(t *testing.T) {
	t.Parallel()
	all := map[string]<-chan received{}
	for _, name := range clip.Names() {
		all[name] = receive(t, serve(t, name, nil))
	}
	for _, name := range clip.Names() {
		t.Run(name, func(t *testing.T) { check(t, name, <-all[name]) })
	}
}

func TestAReaderThatComesInTheMiddleBeginsAtOnceWithAKeyPicture(t *testing.T) {
	t.Parallel()
	const head = 2500 * time.Millisecond
	names := []string{"h264-long-gop-aac", "h264-bframes-aac", "vp9-opus"}
	all := map[string]<-chan received{}
	urls := map[string]string{}
	for _, name := range names {
		urls[name] = serveFrom(t, name, nil, head)
		all[name] = receive(t, urls[name])
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			r := <-all[name]
			check(t, name, r)
			if r.err == nil && !r.rec.Tracks[0].Units[0].Key {
				t.Error("the first picture is no key picture")
			}
			pictures, complaints, err := material.FFdecode(t.Context(), t, []string{"-rtsp_transport", "tcp", "-i", urls[name]}, time.Second)
			if err != nil || complaints != "" || pictures < 28 {
				t.Errorf("ffmpeg shows %d pictures of a second, complains %q, %v", pictures, complaints, err)
			}
		})
	}
}

func TestOneKindOfTrackAloneIsServed(t *testing.T) {
	t.Parallel()
	for kind, name := range map[chunk.Kind]string{chunk.Audio: "h264-opus", chunk.Video: "h264-bframes-aac"} {
		epoch := material.Single(t, name, kind, 10*time.Second)
		e, err := rtsp.New(config("127.0.0.1:0", nil))
		if err != nil {
			t.Fatal(err)
		}
		url := material.Run(t, e, func(ctx context.Context, feed chan<- egress.Item) {
			material.PlayFrom(ctx, feed, epoch, 700*time.Millisecond)
		})[0]
		rec, err := cliptest.Receive(t.Context(), url, time.Second)
		if err != nil {
			t.Errorf("%v: %v", kind, err)
		} else if n := len(rec.Tracks[0].Units); n < 28 {
			t.Errorf("%v: %d units of a second", kind, n)
		}
	}
}

func TestAReaderThatWantsToBeLiveWaitsForTheNextKeyPicture(t *testing.T) {
	t.Parallel()
	epoch := material.Epoch(t, "clock", 1, 15*time.Second)
	e, err := rtsp.New(config("127.0.0.1:0", map[string]string{"start": "live"}))
	if err != nil {
		t.Fatal(err)
	}
	start := make(chan time.Time, 1) // of the epoch, once all that came at once is in
	url := material.Run(t, e, func(ctx context.Context, feed chan<- egress.Item) {
		items := make(chan egress.Item)
		go func() {
			defer close(items)
			material.PlayFrom(ctx, items, epoch, 2500*time.Millisecond)
		}()
		for item := range items {
			m, ok := item.(egress.Media)
			if ok && m.Group.Time > 2600*time.Millisecond { // those before were taken, and the reader has 300 ms until the next key picture
				select {
				case start <- m.Due.Add(-m.Group.Time - m.Group.Span):
				default:
				}
			}
			select {
			case feed <- item:
			case <-ctx.Done():
			}
		}
	})[0]
	begun := <-start
	asked := time.Since(begun)
	rec, err := cliptest.Receive(t.Context(), url, 500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if !rec.Tracks[0].Units[0].Key {
		t.Error("the first picture is no key picture")
	}
	key := (asked + time.Second).Truncate(time.Second)
	if at := time.Since(begun); at < key+450*time.Millisecond {
		t.Errorf("half a second of media was there %v after the start; it was asked for at %v, and the next key picture comes at %v", at, asked, key)
	}
}
