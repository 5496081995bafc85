package cmaf

import (
	"errors"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

func TestAudioDriftIsTakenUpSlowly(t *testing.T) {
	r := &recorder{t: t}
	p, err := NewPackager(PackagerConfig{Inputs: []Input{{Params: aacParams(), Timescale: 48000}}}, r)
	if err != nil {
		t.Fatal(err)
	}
	at := 0.0
	for range 2000 { // the clock of the source is 0.5 % fast
		p.put(t, Unit{PTS: int64(at), Data: [][]byte{{1, 2, 3}}})
		at += 1024 * 1.005
	}
	for i, s := range r.samples(0)[0] {
		if s.Duration < 1024-33 || s.Duration > 1024+33 {
			t.Fatalf("frame %d lasts %d ticks", i, s.Duration)
		}
		if slip := float64(s.PTS) - float64(i)*1024*1.005; slip > 100 || slip < -100 {
			t.Fatalf("frame %d is %.0f ticks from where it belongs", i, slip)
		}
	}
	for i, g := range r.epochs[0].groups {
		if !g.RandomAccess || g.Span > 60*time.Millisecond {
			t.Fatalf("group %d of audio alone is %+v", i, g.GroupHeader)
		}
	}
}

func TestAChangeOfParametersBeginsAnEpoch(t *testing.T) {
	p, r := testPackager(t, 0)
	for i := range int64(10) {
		p.put(t, picture264(i*3000, i))
		p.put(t, sound(i*1600))
	}
	p.put(t, Unit{PTS: 30000, Data: [][]byte{unhex(sps320), unhex(pps320), {0x65, 1}}})
	if len(r.epochs) != 2 {
		t.Fatalf("%d epochs", len(r.epochs))
	}
	e := r.epochs[1]
	if e.media.Tracks[0].Width != 320 || e.media.Tracks[0].Height != 180 || e.media.Tracks[0].Codec != "avc1.4d400d" {
		t.Errorf("the second epoch is %+v", e.media.Tracks[0])
	}
	if len(e.groups) != 1 || e.groups[0].Time != 0 {
		t.Errorf("time does not start again: %+v", e.groups)
	}
	if n := len(r.samples(0)[0]); n != 10 {
		t.Errorf("%d of 10 pictures of the first epoch came", n)
	}
	if e.media.RandomAccess != 0 {
		t.Errorf("an interval of %v out of one key frame", e.media.RandomAccess)
	}
}

func TestAJumpOfTimeBeginsAnEpochAtTheNextKeyFrame(t *testing.T) {
	for name, jump := range map[string]int64{"forward": 90000 * 60, "back": -90000 * 60} { // order-free: subtests do not touch one another
		t.Run(name, func(t *testing.T) {
			p, r := testPackager(t, 0)
			base := int64(90000 * 1000)
			for i := range int64(30) {
				p.put(t, picture264(base+i*3000, i%10))
			}
			for i := range int64(30) {
				p.put(t, picture264(base+jump+i*3000, i-5))
			}
			if len(r.epochs) != 2 || len(r.epochs[1].groups) != 25 || r.epochs[1].groups[0].Time != 0 {
				t.Fatalf("%d epochs", len(r.epochs))
			}
			if got := r.epochs[1].media.RandomAccess; got.Round(time.Millisecond) != 333*time.Millisecond {
				t.Errorf("key frames are said to come every %v", got)
			}
		})
	}
}

func TestAudioGoesOnWithoutPictures(t *testing.T) {
	p, r := testPackager(t, 0)
	now := time.Unix(1000, 0)
	p.cfg.Now = func() time.Time { return now }
	p.put(t, picture264(0, 0))
	for i := range int64(94) { // two seconds
		now = now.Add(1024 * time.Second / 48000)
		p.put(t, sound(i*1024))
	}
	groups := r.epochs[0].groups
	if len(groups) < 15 {
		t.Errorf("%d groups in two seconds of sound alone", len(groups))
	}
	for _, g := range groups[1:] {
		if g.RandomAccess {
			t.Error("a group without a picture says that decoding can begin at it")
		}
	}
}

func TestAPacketOfManyFramesOfAudioMakesNoGroup(t *testing.T) {
	p, r := testPackager(t, 0)
	now := time.Unix(1000, 0)
	p.cfg.Now = func() time.Time { return now }
	for i := range int64(60) {
		now = now.Add(time.Second / 30)
		p.put(t, picture264(i*3000, i))
		if i%5 == 4 { // 8 frames of audio in 5 of video
			u := sound(i / 5 * 8 * 1000)
			for len(u.Data) < 8 {
				u.Data = append(u.Data, u.Data[0])
			}
			p.put(t, u)
		}
	}
	if n := len(r.epochs[0].groups); n != 60 {
		t.Errorf("%d groups of 60 pictures", n)
	}
}

func TestGroupsSayWhenTheyWereBornAndHowLate(t *testing.T) {
	now := time.UnixMicro(1_700_000_000_123_456)
	r := &recorder{t: t}
	var delays []time.Duration
	p, err := NewPackager(PackagerConfig{
		Inputs: []Input{{Params: h264Params(), Timescale: 90000}},
		Now:    func() time.Time { return now },
		Delay:  func(d time.Duration) { delays = append(delays, d) },
	}, r)
	if err != nil {
		t.Fatal(err)
	}
	u := picture264(0, 0)
	u.NTP = now.Add(-7 * time.Millisecond)
	p.put(t, u)
	if g := r.epochs[0].groups[0]; g.Born != now.UnixMicro() {
		t.Errorf("born %d, want %d", g.Born, now.UnixMicro())
	}
	if len(delays) != 1 || delays[0] != 7*time.Millisecond {
		t.Errorf("delays are %v", delays)
	}
}

func TestPackagerReturnsTheErrorOfItsSink(t *testing.T) {
	p, r := testPackager(t, 0)
	r.fail = errors.New("full")
	if err := p.Write(picture264(0, 0)); !errors.Is(err, r.fail) {
		t.Errorf("got %v", err)
	}
}

func TestNewPackagerRefuses(t *testing.T) {
	video := Input{Params: h264Params(), Timescale: 90000}
	for name, c := range map[string]struct {
		cfg  PackagerConfig
		want error
	}{ // order-free: subtests do not touch one another
		"no track":         {PackagerConfig{}, ingest.ErrConfig},
		"two videos":       {PackagerConfig{Inputs: []Input{video, video}}, ingest.ErrConfig},
		"a short span":     {PackagerConfig{Inputs: []Input{video}, Span: time.Millisecond}, ingest.ErrConfig},
		"LPCM":             {PackagerConfig{Inputs: []Input{{Params: &codecs.LPCM{}, Timescale: 48000}}}, ingest.ErrCodec},
		"no clock":         {PackagerConfig{Inputs: []Input{{Params: aacParams()}}}, ingest.ErrConfig},
		"AAC without rate": {PackagerConfig{Inputs: []Input{{Params: &codecs.MPEG4Audio{}, Timescale: 1}}}, ingest.ErrCodec},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewPackager(c.cfg, &recorder{t: t}); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// The law: whatever units come, the groups parse, and Write answers nothing but ErrCodec.
func FuzzPackager(f *testing.F) {
	f.Add([]byte{0x67, 0x4d, 0x40, 0x1e, 0xff, 0x65, 1, 2, 3}, int64(3000))
	f.Add([]byte{0x0a, 1, 0x30, 7, 0x12}, int64(-9000))
	f.Fuzz(func(t *testing.T, b []byte, step int64) {
		for _, params := range []codecs.Codec{h264Params(), h265Params(), &codecs.AV1{}, &codecs.VP9{}} {
			r := &recorder{t: t}
			p, err := NewPackager(PackagerConfig{Inputs: []Input{{Params: params, Timescale: 90000}, {Params: aacParams(), Timescale: 48000}}}, r)
			if err != nil {
				t.Fatal(err)
			}
			pts := int64(0)
			for i := 0; i+4 < len(b); i += 3 {
				pts += step % (1 << 24)
				u := Unit{Track: int(b[i] & 1), PTS: pts, Data: [][]byte{b[i+1:], b[i:], b[i+2 : i+3], nil}}
				if err := p.Write(u); err != nil && !errors.Is(err, ingest.ErrCodec) {
					t.Fatal(err)
				}
			}
			for e := range r.epochs {
				r.samples(e)
			}
		}
	})
}

func BenchmarkPackager(b *testing.B) {
	p, err := NewPackager(PackagerConfig{Inputs: []Input{{Params: h264Params(), Timescale: 90000}, {Params: aacParams(), Timescale: 48000}}}, discard{})
	if err != nil {
		b.Fatal(err)
	}
	picture := Unit{Data: [][]byte{append([]byte{0x65}, make([]byte, 4000)...)}}
	audio := Unit{Track: 1, Data: [][]byte{make([]byte, 200)}}
	b.ReportAllocs()
	for b.Loop() {
		picture.PTS += 3000
		audio.PTS += 1600
		if err := errors.Join(p.Write(audio), p.Write(picture)); err != nil {
			b.Fatal(err)
		}
	}
}

type discard struct{}

func (discard) Tracks(ingest.Media) error { return nil }
func (discard) Group(chunk.Group) error   { return nil }
