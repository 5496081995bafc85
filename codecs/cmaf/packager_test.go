package cmaf

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

// epoch is what a recorder got between two Tracks.
type epoch struct {
	media  ingest.Media
	groups []chunk.Group
}

// recorder is a sink that keeps everything.
type recorder struct {
	t      *testing.T
	epochs []epoch
	fail   error
}

func (r *recorder) Tracks(m ingest.Media) error {
	r.epochs = append(r.epochs, epoch{media: m})
	return r.fail
}

func (r *recorder) Group(g chunk.Group) error {
	if len(r.epochs) == 0 {
		r.t.Fatal("a group came before Tracks")
	}
	e := &r.epochs[len(r.epochs)-1]
	if len(e.groups) == 0 && !g.RandomAccess {
		r.t.Error("the first group after Tracks is not a random-access one")
	}
	if n := len(e.groups); n > 0 && g.Time < e.groups[n-1].Time {
		r.t.Errorf("time went back from %v to %v", e.groups[n-1].Time, g.Time)
	}
	e.groups = append(e.groups, g)
	return r.fail
}

// samples are all of an epoch's, by track.
func (r *recorder) samples(e int) [][]Sample {
	r.t.Helper()
	in, err := ParseInit(r.epochs[e].media.Init)
	if err != nil {
		r.t.Fatal(err)
	}
	u := NewUnpackager(in)
	by := make([][]Sample, len(in.Tracks))
	for _, g := range r.epochs[e].groups {
		samples, err := u.Parse(nil, g.Payload)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, s := range samples {
			by[s.Track] = append(by[s.Track], s)
		}
	}
	return by
}

// packager of H.264 and AAC.
func testPackager(t *testing.T, span time.Duration) (*Packager, *recorder) {
	t.Helper()
	r := &recorder{t: t}
	p, err := NewPackager(PackagerConfig{
		Inputs: []Input{{Params: h264Params(), Timescale: 90000}, {Params: aacParams(), Timescale: 48000}},
		Span:   span,
	}, r)
	if err != nil {
		t.Fatal(err)
	}
	return p, r
}

func (p *Packager) put(t *testing.T, u Unit) {
	t.Helper()
	if err := p.Write(u); err != nil {
		t.Fatal(err)
	}
}

// picture264 is a picture so many after the last key frame; 0 is a key frame.
func picture264(pts, sinceKey int64) Unit {
	if sinceKey == 0 {
		return Unit{PTS: pts, Data: [][]byte{{0x09, 0x10}, {0x65, 1, 2, 3}}}
	}
	return Unit{PTS: pts, Data: [][]byte{{0x41, 4, 5, 6}}}
}

func sound(pts int64) Unit { return Unit{Track: 1, PTS: pts, Data: [][]byte{{9, 8, 7}}} }

func TestGroupsHoldTheFramesThatFitInTheSpan(t *testing.T) {
	for _, c := range []struct {
		name  string
		span  time.Duration
		frame int64
		want  int // frames a group
	}{
		{"30 frames a second in 50 ms", 0, 3000, 1},
		{"25 frames a second in 50 ms", 0, 3600, 1},
		{"60 frames a second in 50 ms", 0, 1500, 3},
		{"30 frames a second in 100 ms", 100 * time.Millisecond, 3000, 3},
		{"25 frames a second in 100 ms", 100 * time.Millisecond, 3600, 2},
		{"5 frames a second in 50 ms", 0, 18000, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, r := testPackager(t, c.span)
			for i := range int64(121) {
				p.put(t, picture264(1000+i*c.frame, i))
			}
			groups := r.epochs[0].groups
			for i, g := range groups[3 : len(groups)-1] { // the frame rate is a guess at first
				if got := int64(g.Span/time.Microsecond*9+50) / 100 / c.frame; got != int64(c.want) {
					t.Fatalf("group %d spans %v, %d frames; want %d", i+3, g.Span, got, c.want)
				}
			}
		})
	}
}

func TestARandomAccessFrameAlwaysStartsAGroup(t *testing.T) {
	p, r := testPackager(t, 100*time.Millisecond)
	for i := range int64(50) {
		p.put(t, picture264(i*3000, i%7))
	}
	u := NewUnpackager(testInit(t))
	for i, g := range r.epochs[0].groups {
		samples, err := u.Parse(nil, g.Payload)
		if err != nil {
			t.Fatal(err)
		}
		for j, s := range samples {
			if s.RandomAccess != (j == 0 && g.RandomAccess) {
				t.Errorf("group %d (random access: %v) has a random-access frame at %d: %v", i, g.RandomAccess, j, s.RandomAccess)
			}
		}
	}
}

func TestARandomAccessSampleCarriesItsParameterSets(t *testing.T) {
	p, r := testPackager(t, 0)
	p.put(t, picture264(0, 0))
	in, err := ParseInit(r.epochs[0].media.Init)
	if err != nil {
		t.Fatal(err)
	}
	units, err := NewUnpackager(in).Units(&r.samples(0)[0][0])
	if err != nil || len(units) != 3 || string(units[0]) != string(unhex(sps640)) || string(units[1]) != string(unhex(pps640)) {
		t.Errorf("units are %x, %v", units, err)
	}
}

func TestAudioBeforeTheFirstPictureIsDropped(t *testing.T) {
	p, r := testPackager(t, 0)
	p.put(t, picture264(0, 1)) // decoding cannot begin here
	for i := range int64(20) {
		p.put(t, sound(48000+i*1024))
	}
	p.put(t, picture264(90000+18000, 0)) // 200 ms after the first audio
	p.put(t, picture264(90000+21000, 1))
	by := r.samples(0)
	if len(by[0]) != 2 || by[0][0].DTS != 0 {
		t.Errorf("video is %+v", by[0])
	}
	if len(by[1]) != 10 {
		t.Fatalf("%d frames of audio came, want the 10 from the first picture on", len(by[1]))
	}
	if first := by[1][0].PTS; first < 0 || first > 1024 {
		t.Errorf("audio begins %d ticks after the picture", first)
	}
}

// The law: presentation is exact, decoding is continuous, whatever the jitter of the source.
func TestPresentationIsExactAndDecodingContinuous(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		p, r := testPackager(t, time.Duration(20+rnd.IntN(100))*time.Millisecond)
		var want []int64
		pts, audio := int64(1<<40), int64(1<<40)/90000*48000
		start := pts
		for i := range 300 {
			p.put(t, picture264(pts, int64(i%60)))
			want = append(want, pts-start)
			pts += 3000 + int64(rnd.IntN(1200)-600)
			if rnd.IntN(40) == 0 {
				pts += int64(rnd.IntN(90000)) // frames are missing
			}
			for (audio-(1<<40)/90000*48000)*90 < (pts-start)*48 {
				p.put(t, sound(audio))
				audio += 1024
			}
		}
		if err := p.Flush(); err != nil {
			t.Fatal(err)
		}
		video := r.samples(0)[0]
		if len(video) != len(want) || len(r.epochs) != 1 {
			t.Fatalf("seed %d: %d pictures in %d epochs, want %d in one", seed, len(video), len(r.epochs), len(want))
		}
		for i, s := range video {
			if s.PTS != want[i] || s.DTS > s.PTS {
				t.Fatalf("seed %d: picture %d is at %d (decoded %d), want %d", seed, i, s.PTS, s.DTS, want[i])
			}
			if i > 0 && (s.DTS > video[i-1].DTS+video[i-1].Duration || s.DTS <= video[i-1].DTS) {
				t.Fatalf("seed %d: picture %d is decoded at %d, the one before at %d for %d", seed, i, s.DTS, video[i-1].DTS, video[i-1].Duration)
			}
		}
	}
}
