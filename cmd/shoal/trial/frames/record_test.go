//go:build unix

package frames_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/serve"
	"github.com/shoal-live/shoal/cmd/shoal/trial/frames"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// eventually waits until ok answers true.
func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("after %v still not: %s", limit, what)
		case <-tick.C:
		}
	}
}

// keep runs f until the test is over, and waits for it then.
func keep(t *testing.T, f func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := f(ctx); err != nil && ctx.Err() == nil {
			t.Errorf("it ended: %v", err)
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
}

// stage is a media server with a clip in each path of its name, and a source beside it.
type stage struct {
	media  *tool.Server
	source *serve.Server
}

func open(t *testing.T, clips ...string) *stage {
	t.Helper()
	media, err := tool.Start(t.Context(), tool.Options{Dir: t.TempDir(), Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(media.Stop)
	for _, name := range clips {
		keep(t, func(ctx context.Context) error {
			return clip.Publish(ctx, media.RTSPURL(name), clip.Options{Name: name})
		})
	}
	c := config.Default()
	c.DataDir = t.TempDir()
	c.MediaMTX.API, c.MediaMTX.Poll = media.APIURL(), 200*time.Millisecond
	c.Rendezvous.Listen, c.Rendezvous.STUN = "127.0.0.1:0", []string{"127.0.0.1:0", "127.0.0.1:0"}
	c.Bus.Listen, c.Control.Listen, c.Transport.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.Transport.Isolation, c.Policy.Isolation, c.Ingest.Isolation = config.Inline, config.Inline, config.Inline
	s := &stage{media: media}
	s.source, err = serve.Open(t.Context(), serve.Options{
		Config: c, Version: "test", Command: plugintest.Self(t), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	keep(t, s.source.Run)
	return s
}

// live waits until a path is a live stream, and answers its link.
func (s *stage) live(t *testing.T, name string) string {
	t.Helper()
	eventually(t, 30*time.Second, name+" is live", func() bool {
		for _, one := range s.source.Streams() {
			if one.Name == name && one.State == "live" {
				return true
			}
		}
		return false
	})
	return s.source.Base() + "/" + name
}

// watched runs a viewer until the test is over.
func watched(t *testing.T, o watch.Options) *watch.Viewer {
	t.Helper()
	o.Listen, o.Isolation, o.Command, o.Log = "127.0.0.1:0", config.Inline, plugintest.Self(t), slog.New(slog.DiscardHandler)
	v, err := watch.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, v.Run)
	return v
}

// lasts is the media time of the shortest track of r, 0 while there are not two.
func lasts(r frames.Recording) time.Duration {
	if len(r.Tracks) < 2 {
		return 0
	}
	least := time.Duration(1 << 62)
	for _, k := range r.Tracks {
		if len(k.Frames) == 0 {
			return 0
		}
		least = min(least, time.Duration(k.Frames[len(k.Frames)-1].Time-k.Frames[0].Time))
	}
	return least
}

// flipped is an output that gets one group whose last byte is another.
func flipped(o *frames.Output) node.Output {
	return node.Output{Name: "flipped", Start: func(context.Context) (egress.Egress, error) { return flipping{o.Egress()}, nil }}
}

type flipping struct{ egress.Egress }

func (f flipping) Run(ctx context.Context, feed <-chan egress.Item, ready func([]string)) error {
	through := make(chan egress.Item)
	ended := make(chan error, 1)
	go func() { ended <- f.Egress.Run(ctx, through, ready) }()
	for groups := 0; ; {
		var item egress.Item
		select {
		case next, ok := <-feed:
			if !ok {
				close(through)
				return <-ended
			}
			item = next
		case err := <-ended:
			return err
		}
		if m, ok := item.(egress.Media); ok {
			if groups++; groups == 30 {
				m.Group.Payload = append([]byte(nil), m.Group.Payload...) // it is shared
				m.Group.Payload[len(m.Group.Payload)-1] ^= 1
				item = m
			}
		}
		select {
		case through <- item:
		case err := <-ended:
			return err
		}
	}
}

// givenUp is how many groups the viewer has given up.
func givenUp(t *testing.T, v *watch.Viewer) uint64 {
	t.Helper()
	st, err := v.Node().Stats()
	if err != nil || len(st.Streams) != 1 {
		t.Fatalf("no stats: %v", err)
	}
	return st.Streams[0].Engine.Groups.Missed
}

func TestWhatAViewerPlaysIsWhatTheMediaServerWasGiven(t *testing.T) {
	clips := []string{"h264-opus", "h264-bframes-aac"}
	s := open(t, clips...)
	for _, name := range clips {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := s.live(t, name)
			in := frames.NewInput(s.media.RTSPURL(name), time.Minute)
			keep(t, in.Run)
			// Longer than from one key frame to the next: viewers begin at one that was before they came.
			eventually(t, 20*time.Second, "the input is read", func() bool { return lasts(in.Recording()) > 2*time.Second })
			out, other := frames.NewOutput(time.Minute), frames.NewOutput(time.Minute)
			v := watched(t, watch.Options{URL: url, Taps: []node.Output{out.Tap("frames"), flipped(other)}})
			eventually(t, 60*time.Second, "5 s were played", func() bool { return lasts(out.Recording()) >= 5*time.Second })

			played, damaged, given := out.Recording(), other.Recording(), in.Recording()
			r := frames.Compare(&given, &played)
			lost := givenUp(t, v)
			for _, k := range r.Tracks {
				t.Logf("%+v", k)
				if k.Missing > 0 && lost == 0 || k.Outside > 0 || k.Compared < 100 {
					t.Errorf("%s: %d missing, %d outside, %d compared; the viewer gave %d groups up", k.Kind, k.Missing, k.Outside, k.Compared, lost)
				}
				if k.Delay.P50 <= 0 || k.Delay.Max > 20_000 {
					t.Errorf("%s: delays %+v", k.Kind, k.Delay)
				}
			}
			if err := r.Err(); err != nil || len(r.Tracks) != 2 {
				t.Errorf("%d tracks: %v", len(r.Tracks), err)
			}

			r = frames.Compare(&given, &damaged)
			altered := 0
			for _, k := range r.Tracks {
				altered += k.Altered
				if k.Foreign+k.OutOfOrder+k.Duplicated > 0 {
					t.Errorf("of one byte that is another, it finds %+v", k)
				}
			}
			if err := r.Err(); altered != 1 || !errors.Is(err, frames.ErrDiffers) {
				t.Errorf("%d altered, want 1; %v", altered, err)
			}
		})
	}
}

func TestTapsStayWhenTheConfigChanges(t *testing.T) {
	s := open(t, "h264-opus")
	file := filepath.Join(t.TempDir(), "watch.yml")
	var outputs atomic.Pointer[config.Outputs]
	change := func(o config.Outputs) {
		outputs.Store(&o)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	change(nil)
	changed := make(chan event.ConfigChanged, 8)
	out := frames.NewOutput(time.Minute)
	var lives atomic.Int32
	o := watch.Options{URL: s.live(t, "h264-opus"), Events: func(e event.Event) {
		if e, ok := e.(event.ConfigChanged); ok {
			changed <- e
		}
	}}
	o.Taps = []node.Output{{Name: "frames", Start: func(context.Context) (egress.Egress, error) {
		lives.Add(1)
		return out.Egress(), nil
	}}}
	o.Live = watch.Live{File: file, Read: func() (watch.Options, error) {
		return watch.Options{Egress: *outputs.Load(), Listen: "127.0.0.1:0", Isolation: config.Inline}, nil
	}}
	watched(t, o)
	for i, to := range []config.Outputs{{"hls": {Listen: "127.0.0.1:0"}}, nil} {
		goal := time.Duration(i+1) * 500 * time.Millisecond
		eventually(t, 30*time.Second, "it plays", func() bool { return lasts(out.Recording()) >= goal })
		change(to)
		select {
		case e := <-changed:
			if !strings.HasPrefix(strings.Join(e.Changes, ";"), "egress.hls: ") {
				t.Errorf("changed: %v", e.Changes)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the change does not take effect")
		}
	}
	before := lasts(out.Recording())
	eventually(t, 10*time.Second, "it plays on", func() bool { return lasts(out.Recording()) >= before+500*time.Millisecond })
	if n := lives.Load(); n != 1 {
		t.Errorf("the tap was started %d times", n)
	}
}

func TestAnInputThatIsNotThereIsSaid(t *testing.T) {
	media, err := tool.Start(t.Context(), tool.Options{Dir: t.TempDir(), Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	defer media.Stop()
	if err := frames.NewInput(media.RTSPURL("nobody"), time.Minute).Run(t.Context()); !errors.Is(err, frames.ErrInput) {
		t.Errorf("it is %v", err)
	}
}
