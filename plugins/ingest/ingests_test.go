// Package ingest_test holds what all ingests have in common: whichever way a stream comes in, the same frames come out.
package ingest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/file"
	"github.com/shoal-live/shoal/plugins/ingest/hls"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp"
	"github.com/shoal-live/shoal/plugins/ingest/srt"
)

// way is one by which a clip comes in.
type way struct {
	name string
	new  ingest.Factory
	// source brings the clip of that name, for as long as the test runs. The server has it as a path of that name, too.
	source func(t *testing.T, s *tool.Server, name string) ingest.Config
	// without are the clips that cannot come this way.
	without []string
	// apart is how far sound and picture may be from their distance in the clip.
	apart time.Duration
}

// ways are all of them; the first is what the others are compared with.
func ways() []way {
	return []way{
		{name: "rtsp", new: rtsp.New, apart: 40 * time.Millisecond, source: func(_ *testing.T, s *tool.Server, name string) ingest.Config {
			return ingest.Config{Source: s.RTSPURL(name), Params: map[string]string{"align": "arrival"}}
		}},
		{name: "file", new: file.New, apart: time.Millisecond, source: func(t *testing.T, _ *tool.Server, name string) ingest.Config {
			b, err := clip.Bytes(name)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), name+".mp4")
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
			return ingest.Config{Source: path}
		}},
		// MediaMTX lays the tracks of its HLS side by side as they arrive. What is laid side by side is read so: see the tests of plugins/ingest/hls.
		{name: "hls", new: hls.New, apart: 150 * time.Millisecond, source: func(_ *testing.T, s *tool.Server, name string) ingest.Config {
			return ingest.Config{Source: s.HLSURL(name)}
		}},
		{name: "mpegts", new: mpegts.New, apart: time.Millisecond, without: notInTS(), source: func(t *testing.T, _ *tool.Server, name string) ingest.Config {
			at := mpegtstest.FreePort(t)
			mpegtstest.SendUDP(t, at, name, &mpegtstest.Broadcast{})
			return ingest.Config{Source: "udp://" + at}
		}},
		{name: "srt", new: srt.New, apart: time.Millisecond, without: notInTS(), source: func(t *testing.T, _ *tool.Server, name string) ingest.Config {
			at := mpegtstest.FreePort(t)
			mpegtstest.PublishSRT(t, at, name, &mpegtstest.Broadcast{})
			return ingest.Config{Source: "srt://" + at + "?mode=listener"}
		}},
	}
}

// notInTS are the clips of codecs that MPEG-TS does not carry.
func notInTS() []string { return []string{"av1-opus", "vp9-opus"} }

// watched is how much of each clip is read, and patience how long that may take.
const (
	watched  = 2500 * time.Millisecond
	patience = 20 * time.Second
)

func TestTheSameFramesComeOutWhicheverWayTheyComeIn(t *testing.T) {
	s, err := tool.Start(t.Context(), tool.Options{Dir: t.TempDir(), Progress: os.Stderr, HLS: tool.On})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	clips := []string{"h264-bframes-aac", "h264-opus", "h265-aac", "av1-opus", "vp9-opus"}
	readings := map[string]*reading{}
	for _, name := range clips { // all at once, or the test would take minutes
		publish(t, s, name)
		for _, w := range ways() {
			if !slices.Contains(w.without, name) {
				readings[w.name+" "+name] = read(t, w.new, w.source(t, s, name))
			}
		}
	}
	for _, name := range clips {
		var reference *frames
		for _, w := range ways() {
			r := readings[w.name+" "+name]
			if r == nil {
				continue
			}
			t.Run(w.name+", "+name, func(t *testing.T) {
				got := r.judge(t, name, w.apart)
				if reference == nil {
					reference = got
					return
				}
				got.compare(t, reference)
			})
		}
	}
}

// publish plays a bundled clip into the path of its name until the test ends, and returns once it is ready.
func publish(t *testing.T, s *tool.Server, name string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- clip.Publish(ctx, s.RTSPURL(name), clip.Options{Name: name}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, clip.ErrDisconnected) && !errors.Is(err, context.Canceled) {
			t.Errorf("publish %s: %v", name, err)
		}
	})
	ready, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	if _, err := s.WaitReady(ready, name); err != nil {
		t.Fatal(err)
	}
}

// reading is a clip on its way through an ingest. It is its sink.
type reading struct {
	media  []ingest.Media
	groups []chunk.Group
	stop   context.CancelFunc
	done   chan error
}

// read runs an ingest until it has brought enough.
func read(t *testing.T, factory ingest.Factory, cfg ingest.Config) *reading {
	t.Helper()
	in, err := factory(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	r := &reading{stop: cancel, done: make(chan error, 1)}
	go func() { r.done <- in.Run(ctx, r) }()
	t.Cleanup(cancel)
	return r
}

// Tracks implements ingest.Sink.
func (r *reading) Tracks(m ingest.Media) error {
	r.media = append(r.media, m)
	return nil
}

// Group implements ingest.Sink.
func (r *reading) Group(g chunk.Group) error {
	r.groups = append(r.groups, g)
	if g.Time >= watched {
		r.stop()
	}
	return nil
}

// frames is what came, by the place that each frame has in the clip.
type frames struct {
	codecs []string
	bytes  []map[int][]byte // by track: samples as they were packaged
}

// judge waits for the end and compares what came with the clip: every frame in order, none missing, each at its time, sound
// and picture as far apart as they are there.
func (r *reading) judge(t *testing.T, name string, most time.Duration) *frames {
	t.Helper()
	if err := <-r.done; err != nil {
		t.Fatal(err)
	}
	if len(r.media) != 1 || len(r.media[0].Tracks) != 2 || len(r.groups) == 0 || r.groups[len(r.groups)-1].Time < watched {
		t.Fatalf("%d epochs, %d groups", len(r.media), len(r.groups))
	}
	c, err := clip.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmaf.ParseInit(r.media[0].Init)
	if err != nil {
		t.Fatal(err)
	}
	u := cmaf.NewUnpackager(in)
	tracks := make([][]cmaf.Sample, len(in.Tracks))
	for _, g := range r.groups {
		samples, err := u.Parse(nil, g.Payload)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			tracks[s.Track] = append(tracks[s.Track], s)
		}
	}
	out := &frames{}
	var zero time.Duration // of the stream, on the clip's time, as the picture has it
	for i, samples := range tracks {
		out.codecs = append(out.codecs, in.Tracks[i].Codec)
		closest, first := c.Duration, 0
		for n, start := range places(t, c, u, samples) {
			off, begins := timing(t, c, u, samples, start)
			if i == 0 {
				zero = begins
			}
			if d := apart(begins, zero, c.Duration); n == 0 || d < closest { // sound that repeats has several places
				closest, first = d, start
			}
			if off > 3*time.Millisecond {
				t.Errorf("track %d: a frame is %v from its time", i+1, off)
			}
		}
		if closest > most {
			t.Errorf("sound and picture are %v from their distance in the clip", closest)
		}
		if closest > 0 {
			t.Logf("sound and picture are %v from their distance in the clip", closest)
		}
		held := map[int][]byte{}
		for n, s := range samples {
			held[(first+n)%len(c.Tracks[i].Samples)] = s.Payload
		}
		out.bytes = append(out.bytes, held)
	}
	return out
}

// places are the samples of the clip from which on the clip, looped, holds what came.
func places(t *testing.T, c *clip.Clip, u *cmaf.Unpackager, came []cmaf.Sample) []int {
	t.Helper()
	track := came[0].Track
	var hashes [][32]byte
	var left []int
	for n, s := range c.Tracks[track].Samples {
		b, err := s.Payload()
		if err != nil {
			t.Fatal(err)
		}
		hashes, left = append(hashes, essence(t, u, cmaf.Sample{Track: track, Payload: b})), append(left, n)
	}
	for n, s := range came {
		hash := essence(t, u, s)
		left = slices.DeleteFunc(left, func(first int) bool { return hashes[(first+n)%len(hashes)] != hash })
		if len(left) == 0 {
			t.Fatalf("track %d: frame %d at %v does not follow the one before in the clip", track+1, n, u.PTS(&s))
		}
	}
	return left
}

// essence is the hash of the largest unit of a sample: the picture, or the frame of audio.
func essence(t *testing.T, u *cmaf.Unpackager, s cmaf.Sample) [32]byte {
	t.Helper()
	units, err := u.Units(&s)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(slices.MaxFunc(units, func(a, b []byte) int { return len(a) - len(b) }))
}

// timing is where the stream's zero lies on the clip's time, in the middle, and by how much a frame is off that at most.
func timing(t *testing.T, c *clip.Clip, u *cmaf.Unpackager, came []cmaf.Sample, first int) (off, zero time.Duration) {
	t.Helper()
	k := c.Tracks[came[0].Track].Samples
	at := func(n int) time.Duration {
		return mod(k[(first+n)%len(k)].PTS-u.PTS(&came[n]), c.Duration)
	}
	zero = at(len(came) / 2)
	for n := range came {
		off = max(off, apart(at(n), zero, c.Duration))
	}
	return off, zero
}

func mod(d, m time.Duration) time.Duration { return ((d % m) + m) % m }

// apart is the distance of two times on a circle.
func apart(a, b, around time.Duration) time.Duration {
	d := mod(a-b, around)
	return min(d, around-d)
}

// compare wants samples that are the same to the byte, wherever both have them.
func (f *frames) compare(t *testing.T, reference *frames) {
	t.Helper()
	if got, want := strings.Join(f.codecs, ","), strings.Join(reference.codecs, ","); got != want {
		t.Errorf("codecs are %s, want %s", got, want)
	}
	for i, held := range f.bytes {
		both := 0
		for n, b := range held { // order-free: each sample is compared alone
			if want, ok := reference.bytes[i][n]; ok {
				if both++; !bytes.Equal(b, want) {
					t.Errorf("track %d: sample %d of the clip has %d bytes, and other %d by the first way", i+1, n, len(b), len(want))
				}
			}
		}
		t.Logf("track %d: %d samples are compared", i+1, both)
	}
}
