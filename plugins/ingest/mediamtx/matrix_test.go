package mediamtx_test

import (
	"bytes"
	"crypto/sha256"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mediamtx"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp/rtsptest"
)

// watched is how much of each clip is read.
const watched = 3500 * time.Millisecond

// reading is one clip on its way through a server.
type reading struct {
	clip     string
	ingest   ingest.Ingest
	recorder *recorder
	end      func() error
}

// read reads the path that has the name of a clip.
func read(t *testing.T, s *tool.Server, name string) *reading {
	t.Helper()
	r := &reading{clip: name, recorder: newRecorder()}
	r.ingest, r.end, _ = run(t, mediamtx.New, ingest.Config{Source: name, Params: map[string]string{"api": s.APIURL()}}, r.recorder)
	return r
}

// judge waits for enough of the clip and compares it with what went in.
func (r *reading) judge(t *testing.T) epoch {
	t.Helper()
	r.recorder.wait(t, "the media", lasts(1, watched))
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	e := r.recorder.epochs[0]
	if len(r.recorder.epochs) != 1 || len(e.media.Tracks) != 2 {
		t.Fatalf("%d epochs, the first of %+v", len(r.recorder.epochs), e.media.Tracks)
	}
	same(t, r.clip, e)
	decodes(t, e)
	delay(t, r.ingest.(ingest.Measurer).Measured(), e)
	return e
}

func TestEveryCodecComesThroughAsItWentIn(t *testing.T) {
	t.Parallel()
	s := rtsptest.Server(t, tool.Options{})
	clips := []struct{ clip, video, audio string }{
		{"clock", "avc1.4d401e", "mp4a.40.2"},
		{"h264-opus", "avc1.", "opus"},
		{"h265-aac", "hvc1.", "mp4a.40.2"},
		{"av1-opus", "av01.", "opus"},
		{"vp9-opus", "vp09.", "opus"},
		{"h264-bframes-aac", "avc1.", "mp4a.40.2"},
		{"h264-big-keys-aac", "avc1.", "mp4a.40.2"},
	}
	readings := make([]*reading, len(clips))
	for i, c := range clips { // all at once, or the test would take a minute
		rtsptest.Publish(t, s, c.clip, c.clip)
		readings[i] = read(t, s, c.clip)
	}
	for i, c := range clips {
		t.Run(c.clip, func(t *testing.T) {
			k := readings[i].judge(t).media.Tracks
			if !strings.HasPrefix(k[0].Codec, c.video) || k[1].Codec != c.audio {
				t.Errorf("tracks are %+v", k)
			}
		})
	}
}

// starts are the samples of a clip's track from which on the clip, looped, holds what came. There may be several: its
// sound is the same every second.
func starts(t *testing.T, k clip.Track, u *cmaf.Unpackager, came []cmaf.Sample) []int {
	t.Helper()
	track := came[0].Track
	clips := make([][32]byte, len(k.Samples))
	for n, s := range k.Samples {
		b, err := s.Payload()
		if err != nil {
			t.Fatal(err)
		}
		clips[n] = essence(t, u, cmaf.Sample{Track: track, Payload: b})
	}
	candidates := make([]int, len(clips))
	for n := range candidates {
		candidates[n] = n
	}
	for n, s := range came {
		hash := essence(t, u, s)
		left := slices.DeleteFunc(slices.Clone(candidates), func(first int) bool { return clips[(first+n)%len(clips)] != hash })
		if len(left) == 0 {
			t.Fatalf("track %d, sample %d (%d bytes, at %v) does not follow the one before in the clip", track+1, n, len(s.Payload), u.PTS(&s))
		}
		candidates = left
	}
	return candidates
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

// same compares what came with the clip: every picture in order, none missing, at its time; audio and video as far
// apart as they were.
func same(t *testing.T, name string, e epoch) {
	t.Helper()
	in, err := cmaf.ParseInit(e.media.Init)
	if err != nil {
		t.Fatal(err)
	}
	c, err := clip.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	u := cmaf.NewUnpackager(in)
	tracks := make([][]cmaf.Sample, len(in.Tracks))
	for _, g := range e.groups {
		samples, err := u.Parse(nil, g.Payload)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			tracks[s.Track] = append(tracks[s.Track], s)
		}
	}
	for i, samples := range tracks {
		if k := in.Tracks[i]; len(samples) < 60 || k.Kind == chunk.Video && !samples[0].RandomAccess {
			t.Fatalf("track %d has %d samples", i+1, len(samples))
		}
	}
	zero := zeros(u, c, tracks[0], starts(t, c.Tracks[0], u, tracks[0])[0])
	for n, at := range zero {
		if d := apart(at, zero[0], c.Duration); d > 3*time.Millisecond {
			t.Errorf("picture %d is %v from its time", n, d)
		}
	}
	closest := c.Duration
	for _, first := range starts(t, c.Tracks[1], u, tracks[1]) {
		worst := time.Duration(0)
		for _, at := range zeros(u, c, tracks[1], first) {
			worst = max(worst, apart(at, zero[0], c.Duration))
		}
		closest = min(closest, worst)
	}
	t.Logf("%s: audio and video are at most %v from their distance in the clip", name, closest)
	if closest > 40*time.Millisecond {
		t.Errorf("audio and video are %v from their distance in the clip", closest)
	}
}

// zeros are where each sample puts the stream's zero on the clip's time, when the first is the clip's sample number
// first.
func zeros(u *cmaf.Unpackager, c *clip.Clip, samples []cmaf.Sample, first int) []time.Duration {
	k := c.Tracks[samples[0].Track].Samples
	zeros := make([]time.Duration, len(samples))
	for n := range samples {
		zeros[n] = mod(k[(first+n)%len(k)].PTS-u.PTS(&samples[n]), c.Duration)
	}
	return zeros
}

func mod(d, m time.Duration) time.Duration { return ((d % m) + m) % m }

// apart is the distance of two times on a circle.
func apart(a, b, around time.Duration) time.Duration {
	d := mod(a-b, around)
	return min(d, around-d)
}

// decodes feeds what came to ffmpeg, which must find nothing to complain of.
func decodes(t *testing.T, e epoch) {
	t.Helper()
	file := bytes.NewBuffer(bytes.Clone(e.media.Init))
	for _, g := range e.groups {
		file.Write(g.Payload)
	}
	cmd := exec.CommandContext(t.Context(), ffmpeg(t), "-v", "warning", "-xerror", "-i", "pipe:0", "-map", "0", "-f", "null", "-")
	cmd.Stdin = file
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) != 0 {
		t.Errorf("ffmpeg: %v\n%s", err, out)
	}
}

// delay logs how long groups took from capture to birth, and how many bytes packaging costs.
func delay(t *testing.T, delays []time.Duration, e epoch) {
	t.Helper()
	if len(delays) == 0 {
		t.Error("nothing was measured")
		return
	}
	slices.Sort(delays)
	size := 0
	for _, g := range e.groups {
		size += len(g.Payload)
	}
	t.Logf("%d groups of %d bytes in the mean, expected %d b/s; capture to birth p50 %v, p95 %v", len(e.groups), size/len(e.groups),
		e.media.Bitrate, delays[len(delays)/2], delays[len(delays)*95/100])
}
