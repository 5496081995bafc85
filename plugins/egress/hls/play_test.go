package hls_test

import (
	"context"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/hls"
	"github.com/shoal-live/shoal/plugins/egress/material"
)

const (
	most   = 40 * time.Millisecond   // that audio and video may come apart
	window = 7500 * time.Millisecond // played: a loop of every clip with Opus, whose packets repeat within one, and a segment
	least  = 150                     // pictures of it; ffmpeg reads a playlist a track, and may begin the picture a segment after the sound
)

// serve plays a clip in real time until the test ends, and answers its URL.
func serve(t *testing.T, name string) string {
	t.Helper()
	epoch := material.Epoch(t, name, 1, 25*time.Second)
	e, err := hls.New(config("127.0.0.1:0", nil))
	if err != nil {
		t.Fatal(err)
	}
	return material.Run(t, e, func(ctx context.Context, feed chan<- egress.Item) {
		material.PlayFrom(ctx, feed, epoch, 9*time.Second) // most of a long GOP, so that its segment is soon whole
	})[0]
}

// played is what ffmpeg got meanwhile.
type played struct {
	*material.Played
	err error
}

func TestEveryFrameIsPlayedOnceAlignedAndDecodes(t *testing.T) {
	t.Parallel()
	material.FFmpeg(t)
	all := map[string]<-chan played{}
	for _, name := range clip.Names() {
		url := serve(t, name)
		out := make(chan played, 1)
		all[name] = out
		go func() {
			p, err := material.FFplay(t.Context(), t, []string{"-i", url}, window, nil)
			out <- played{p, err}
		}()
	}
	for _, name := range clip.Names() {
		t.Run(name, func(t *testing.T) {
			p := <-all[name]
			if p.err != nil {
				t.Fatal(p.err)
			}
			if err := p.Check(t, name, most, least); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAPlayerGoesOnIntoANewEpoch(t *testing.T) {
	t.Parallel()
	material.FFmpeg(t)
	first, second := material.Epoch(t, "clock", 1, 3*time.Second), material.Epoch(t, "h264-480x270-aac", 2, 10*time.Second)
	e, err := hls.New(config("127.0.0.1:0", nil))
	if err != nil {
		t.Fatal(err)
	}
	url := material.Run(t, e, func(ctx context.Context, feed chan<- egress.Item) {
		material.Play(ctx, feed, first)
		material.Play(ctx, feed, second)
	})[0]
	pictures, complaints, err := material.FFdecode(t.Context(), t, []string{"-i", url}, 8*time.Second)
	if err != nil || complaints != "" || pictures < 220 {
		t.Errorf("ffmpeg shows %d pictures of 8 s, complains %q, %v", pictures, complaints, err)
	}
}

func TestOneKindOfTrackAloneIsServed(t *testing.T) {
	t.Parallel()
	material.FFmpeg(t)
	for kind, name := range map[chunk.Kind]string{chunk.Audio: "clock", chunk.Video: "h264-bframes-aac"} {
		epoch := material.Single(t, name, kind, 20*time.Second)
		e, err := hls.New(config("127.0.0.1:0", nil))
		if err != nil {
			t.Fatal(err)
		}
		url := material.Run(t, e, func(ctx context.Context, feed chan<- egress.Item) {
			material.PlayFrom(ctx, feed, epoch, 3*time.Second)
		})[0]
		p, err := material.FFplay(t.Context(), t, []string{"-i", url}, 2*time.Second, nil)
		if err != nil || p.Complaints != "" || len(p.Tracks) != 1 || len(p.Tracks[0].Packets) < 58 {
			t.Errorf("%v: %+v, %v", kind, p, err)
		}
	}
}
