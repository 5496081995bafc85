package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/pmp4"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/core/ingest"
)

func TestABadFileIsNamedWithItsCauseAndAWayOut(t *testing.T) {
	whole, err := clip.Bytes("h264-opus")
	if err != nil {
		t.Fatal(err)
	}
	c, err := clip.Open("h264-opus")
	if err != nil {
		t.Fatal(err)
	}
	h264 := c.Tracks[0].Codec
	at := func(n int) string { return written(t, "cut.mp4", whole[:n]) }
	moov := strings.Index(string(whole), "moov")
	fragments, err := os.ReadFile(asFragments(t, bundled(t, "h264-opus")))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, says string }{
		{"none", filepath.Join(t.TempDir(), "none.mp4"), "there is no such file"},
		{"a folder", t.TempDir(), "no regular file"},
		{"empty", at(0), "empty"},
		{"text", written(t, "text.mp4", []byte(strings.Repeat("this is no film at all\n", 100))), "does not begin as one"},
		{"cut off in its header", at(20), "cut off"},
		{"cut off in its index", at(moov + 500), "cut off"},
		{"cut off in its media", at(len(whole) - 1000), "cut off"},
		{"cut off in a fragment", written(t, "cut.mp4", fragments[:len(fragments)-10]), "cut off"},
		{"recorded without an end", written(t, "cut.mp4", append([]byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"), "\x00\x00\x00\x0amdat\x00\x00"...)), "was not ended properly"},
		{"without a key frame", film(t, h264, 50, pmp4.Sample{IsNonSyncSample: true}), "no key frame"},
		{"with key frames that are none", film(t, h264, 50, pmp4.Sample{}), "no key frame"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := play(t, ingest.Config{Source: c.path}, newRecorder(t, time.Hour))
				if !errors.Is(err, ingest.ErrSource) || !strings.Contains(err.Error(), c.path) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("Run returned %v", err)
				}
				t.Log(err)
			})
		})
	}
}

func TestAFileThatMayNotBeReadIsErrDenied(t *testing.T) {
	i := Ingest{cfg: config{path: "/srv/clip.mp4"}} // the tests may run as one who may read everything
	err := i.failure(&fs.PathError{Op: "open", Path: "/srv/clip.mp4", Err: fs.ErrPermission})
	if !errors.Is(err, ingest.ErrDenied) || strings.Count(err.Error(), "/srv/clip.mp4") != 1 {
		t.Error(err)
	}
}

func TestATrackThatCannotBeCarriedIsDroppedWhereThatIsWanted(t *testing.T) {
	c, err := clip.Open("h264-opus")
	if err != nil {
		t.Fatal(err)
	}
	var mp4 pmp4.Presentation
	for i, codec := range []codecs.Codec{c.Tracks[0].Codec, &codecs.AC3{SampleRate: 48000, ChannelCount: 2}} {
		k := &pmp4.Track{ID: i + 1, TimeScale: 90000, Codec: codec}
		for _, s := range c.Tracks[i].Samples {
			k.Samples = append(k.Samples, &pmp4.Sample{
				Duration: uint32(s.Duration * 90000 / time.Second), IsNonSyncSample: !s.Key, PayloadSize: uint32(s.Size), GetPayload: s.Payload,
			})
		}
		mp4.Tracks = append(mp4.Tracks, k)
	}
	path := filepath.Join(t.TempDir(), "ac3.mp4")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(mp4.Marshal(f), f.Close()); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		err := play(t, ingest.Config{Source: path}, newRecorder(t, time.Second))
		if !errors.Is(err, ingest.ErrCodec) || !strings.Contains(err.Error(), "track 2: ") || !strings.Contains(err.Error(), "AC-3") {
			t.Errorf("Run returned %v", err)
		}
		r := newRecorder(t, time.Second)
		if err := play(t, ingest.Config{Source: path, Params: map[string]string{"unsupportedTracks": "drop"}}, r); err != nil {
			t.Error(err)
		}
		if len(r.samples) != 1 {
			t.Errorf("%d tracks", len(r.samples))
		}
	})
}
