package clip

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/pion/rtp"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/codecs/cmaf/rtptrack"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

const picture = time.Second / 30 // of every bundled clip, rounded down

// groupsOf plays a filled clip in virtual time and cuts it as a source does.
func groupsOf(t *testing.T, name string, loops int, fill Fill) []chunk.Group {
	t.Helper()
	var groups []chunk.Group
	synctest.Test(t, func(t *testing.T) {
		c, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPlayer(c, loops)
		if err != nil {
			t.Fatal(err)
		}
		if p.filler, err = newFiller(fill, c); err != nil {
			t.Fatal(err)
		}
		into := newGrouper(t, p, fill.Span)
		p.write = func(track int, pkt *rtp.Packet, ntp time.Time) error { return into.packet(track, pkt, ntp) }
		if err := p.run(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		groups = into.groups
	})
	return groups
}

// grouper is a source.
type grouper struct {
	p        *player
	decoders []*rtptrack.Decoder
	packager *cmaf.Packager
	groups   []chunk.Group
}

func newGrouper(t *testing.T, p *player, span time.Duration) *grouper {
	t.Helper()
	g := &grouper{p: p}
	cfg := cmaf.PackagerConfig{Span: span}
	for _, track := range p.tracks {
		params, err := rtptrack.Params(track.format)
		if err != nil {
			t.Fatal(err)
		}
		decoder, err := rtptrack.NewDecoder(track.format)
		if err != nil {
			t.Fatal(err)
		}
		g.decoders = append(g.decoders, decoder)
		cfg.Inputs = append(cfg.Inputs, cmaf.Input{Params: params, Timescale: uint32(track.format.ClockRate())})
	}
	var err error
	if g.packager, err = cmaf.NewPackager(cfg, g); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *grouper) packet(track int, pkt *rtp.Packet, ntp time.Time) error {
	data, err := g.decoders[track].Decode(pkt)
	if err != nil || data == nil {
		return err
	}
	at := toTicks(ntp.Sub(g.p.start), int64(g.p.tracks[track].format.ClockRate()))
	return g.packager.Write(cmaf.Unit{Track: track, PTS: at, NTP: ntp, Data: data})
}

func (g *grouper) Tracks(ingest.Media) error { return nil }

func (g *grouper) Group(group chunk.Group) error {
	g.groups = append(g.groups, group)
	return nil
}

func TestEveryGroupIsAsLargeAsItsSpanSays(t *testing.T) {
	rising := []int{60_000, 11_000, 12_345, 13_001, 20_000, 30_000, 14_255, 14_256, 14_257, 50_000}
	for what, c := range map[string]struct {
		clip  string
		span  time.Duration
		sizes []int
	}{
		"a constant rate":                {"h264-opus", 100 * time.Millisecond, []int{12_500}},
		"a constant rate under AAC":      {"clock", 100 * time.Millisecond, []int{31_250}},
		"a trace with larger key groups": {"h264-opus", 100 * time.Millisecond, rising},
		"a trace of a high rate":         {"clock", 100 * time.Millisecond, []int{300_000, 100_000, 250_001}},
		"a picture a group":              {"h264-opus", picture + 1, []int{9_000, 8_001}},
	} {
		t.Run(what, func(t *testing.T) {
			const loops = 2
			groups := groupsOf(t, c.clip, loops, Fill{Span: c.span, Sizes: c.sizes})
			duration := loops * open(t, c.clip).Duration
			if want := int((duration + time.Millisecond) / c.span); len(groups) != want {
				t.Fatalf("%d groups in %v, want %d", len(groups), duration, want)
			}
			for i, g := range groups {
				// Less than one filler is carried on, so a group is beside its size by less than two.
				if off := len(g.Payload) - c.sizes[i%len(c.sizes)]; max(off, -off) >= 2*fillerMinimum {
					t.Errorf("group %d has %d bytes, want %d", i, len(g.Payload), c.sizes[i%len(c.sizes)])
				}
				if wantKey := (g.Time+time.Millisecond)%time.Second < 2*time.Millisecond; g.RandomAccess != wantKey {
					t.Errorf("group %d at %v: random access is %v", i, g.Time, g.RandomAccess)
				}
			}
		})
	}
}

func TestWhatASpanHasTooMuchTheNextOnesHaveTooLittle(t *testing.T) {
	for what, c := range map[string]struct {
		clip  string
		loops int
		fill  Fill
	}{
		"key frames larger than a group":        {"clock", 2, Fill{100 * time.Millisecond, []int{15_500}}},
		"now too small, now large":              {"h264-opus", 4, Fill{100 * time.Millisecond, []int{1, 1, 1, 20_000}}},
		"spans that are no groups":              {"h264-480x270-aac", 3, Fill{70 * time.Millisecond, []int{20_000}}},
		"spans that are no groups, of B-frames": {"h264-bframes-aac", 3, Fill{100 * time.Millisecond, []int{20_000}}},
	} {
		t.Run(what, func(t *testing.T) {
			groups := groupsOf(t, c.clip, c.loops, c.fill)
			sum, asked, largest := 0, 0.0, 0
			for _, n := range c.fill.Sizes {
				asked += float64(n) / float64(len(c.fill.Sizes))
			}
			for _, g := range groups {
				sum, largest = sum+len(g.Payload), max(largest, len(g.Payload))
			}
			last := groups[len(groups)-1]
			got := float64(sum) / (last.Time + last.Span).Seconds() * c.fill.Span.Seconds()
			if ratio := got / asked; ratio < 0.99 || ratio > 1.01 {
				t.Errorf("a span has %.0f bytes in the mean, want %.0f", got, asked)
			}
			if largest <= int(asked) {
				t.Errorf("no group is larger than the mean %.0f: this is no test", asked)
			}
		})
	}
}

func TestAClipThatIsTooLargeIsSentAsItIs(t *testing.T) {
	plain := payloadsOf(t, "h264-opus", nil)
	filled := payloadsOf(t, "h264-opus", &Fill{Span: 100 * time.Millisecond, Sizes: []int{500}})
	for i := range plain { // tracks
		if len(plain[i]) == 0 || !slices.EqualFunc(plain[i], filled[i], bytes.Equal) {
			t.Errorf("track %d is changed", i)
		}
	}
}

// payloadsOf returns the payloads of one loop, by track.
func payloadsOf(t *testing.T, name string, fill *Fill) (payloads [2][][]byte) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPlayer(c, 1)
		if err != nil {
			t.Fatal(err)
		}
		if fill != nil {
			if p.filler, err = newFiller(*fill, c); err != nil {
				t.Fatal(err)
			}
		}
		p.write = func(i int, pkt *rtp.Packet, _ time.Time) error {
			payloads[i] = append(payloads[i], pkt.Payload)
			return nil
		}
		if err := p.run(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	})
	return payloads
}

func TestKeyFramesAreFilledOnlyWhereTheyAreAlone(t *testing.T) {
	for _, c := range []struct {
		span   time.Duration
		filled bool
	}{{100 * time.Millisecond, false}, {picture + 1, true}} {
		f, err := newFiller(Fill{Span: c.span, Sizes: []int{20_000}}, open(t, "h264-opus"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPlayer(open(t, "h264-opus"), 1)
		if err != nil {
			t.Fatal(err)
		}
		p.filler = f
		plain, err := p.load(f.track)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.filled(f.track)
		if err != nil {
			t.Fatal(err)
		}
		if longer := len(got) > len(plain); longer != c.filled {
			t.Errorf("in spans of %v a key frame of %d bytes has %d", c.span, len(plain), len(got))
		}
	}
}

func TestFillerHasTheLengthThatItsSizeFieldAllows(t *testing.T) {
	for n := fillerMinimum; n < 3000; n++ {
		b := fillerOf(n)
		short := n - lengthPrefix - len(b)
		// 255 more bytes of payload are 256 more bytes, and the next byte costs nothing more: one length in 256 is out of reach.
		if want := n%256 == (lengthPrefix+4+255)%256; short != 0 && !want || want && short != 1 {
			t.Fatalf("filler of %d bytes has %d", n, lengthPrefix+len(b))
		}
		if b[0] != naluSEI || b[1] != seiUserData || b[len(b)-1] != seiEnd {
			t.Fatalf("filler of %d bytes is % x ... % x", n, b[:2], b[len(b)-1:])
		}
		size, rest := 0, b[2:]
		for ; rest[0] == 0xff; rest = rest[1:] {
			size += 255
		}
		size, rest = size+int(rest[0]), rest[1:len(rest)-1]
		fill, ours := bytes.CutPrefix(rest, fillerID[:])
		if len(rest) != size || !ours || bytes.Count(fill, []byte{0xff}) != len(fill) {
			t.Fatalf("filler of %d bytes says %d of payload, and has %d", n, size, len(rest))
		}
	}
}

func TestFillerStandsInFrontOfTheSlices(t *testing.T) {
	c := open(t, "h264-opus")
	data, err := c.Tracks[0].Samples[0].Payload()
	if err != nil {
		t.Fatal(err)
	}
	filled, err := addFiller(data, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var before, after h264.AVCC
	if err := errors.Join(before.Unmarshal(data), after.Unmarshal(filled)); err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(after, isSlice)
	if len(filled) != len(data)+1000 || len(after) != len(before)+1 || after[at-1][0] != naluSEI {
		t.Fatalf("%d bytes of %d units became %d of %d, %#x in front of the slice", len(data), len(before), len(filled), len(after), after[at-1][0])
	}
	if !slices.EqualFunc(slices.Delete(after, at-1, at), before, bytes.Equal) {
		t.Error("the picture is changed")
	}
	if same, err := addFiller(data, fillerMinimum-1); err != nil || !bytes.Equal(same, data) {
		t.Errorf("what is too little for filler is added: %v", err)
	}
}

func TestFillRefusesWhatItCannotDo(t *testing.T) {
	good := Fill{Span: 100 * time.Millisecond, Sizes: []int{1000}}
	for what, c := range map[string]struct {
		options Options
		says    string
		is      error
	}{
		"no span":              {Options{Fill: &Fill{Sizes: []int{1}}}, "Fill.Span", nil},
		"a span that is long":  {Options{Fill: &Fill{Span: time.Minute, Sizes: []int{1}}}, "Fill.Span", nil},
		"a span that is short": {Options{Fill: &Fill{Span: 20 * time.Millisecond, Sizes: []int{1}}}, "shorter than a picture", nil},
		"no sizes":             {Options{Fill: &Fill{Span: time.Second}}, "Fill.Sizes", nil},
		"a size of nothing":    {Options{Fill: &Fill{Span: time.Second, Sizes: []int{5, 0}}}, "Fill.Sizes[1]", nil},
		"a size of too much":   {Options{Fill: &Fill{Span: time.Second, Sizes: []int{chunk.MaxGroupSize + 1}}}, "Fill.Sizes[0]", nil},
		"H.265":                {Options{Name: "h265-aac", Fill: &good}, "have: H.264", ErrUnsupported},
		"VP9":                  {Options{Name: "vp9-opus", Fill: &good}, "have: H.264", ErrUnsupported},
	} {
		err := Publish(t.Context(), "rtsp://127.0.0.1:1/x", c.options)
		if err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: Publish() = %v, want %q", what, err, c.says)
		}
	}
}

func open(t *testing.T, name string) *Clip {
	t.Helper()
	c, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
