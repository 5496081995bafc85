package hls_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"
	tscodecs "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
)

// form is what segments are made of.
type form uint8

const (
	asFMP4 form = iota
	asTS
)

// film cuts a clip, looped, into segments of one key frame each.
type film struct {
	t      *testing.T
	clip   *clip.Clip
	form   form
	keys   []time.Duration // of one loop, and its end
	init   []byte
	buffer bytes.Buffer
	writer *mpegts.Writer
	made   [][]byte
}

// ahead is added to all times, so that none is negative.
const ahead = time.Second

func newFilm(t *testing.T, name string, form form) *film {
	t.Helper()
	c, err := clip.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	f := &film{t: t, clip: c, form: form}
	var all []codecs.Codec
	var tracks []*mpegts.Track
	for i, k := range c.Tracks {
		all = append(all, k.Codec)
		tracks = append(tracks, &mpegts.Track{PID: uint16(256 + i), Codec: inTS(t, form, k.Codec)})
	}
	for _, s := range c.Tracks[0].Samples {
		if s.Key {
			f.keys = append(f.keys, s.PTS)
		}
	}
	f.keys = append(f.keys, c.Duration)
	if form == asTS {
		f.writer = &mpegts.Writer{W: &f.buffer, Tracks: tracks}
		if err := f.writer.Initialize(); err != nil {
			t.Fatal(err)
		}
		return f
	}
	f.init = initOf(t, all...)
	return f
}

// silent leaves out the sound.
func (f *film) silent() *film {
	f.clip.Tracks = f.clip.Tracks[:1]
	f.init = initOf(f.t, f.clip.Tracks[0].Codec)
	return f
}

// initOf is an init segment.
func initOf(t *testing.T, all ...codecs.Codec) []byte {
	t.Helper()
	var in fmp4.Init
	for i, c := range all {
		in.Tracks = append(in.Tracks, &fmp4.InitTrack{ID: i + 1, TimeScale: uint32(rate(c)), Codec: c})
	}
	var b seekablebuffer.Buffer
	if err := in.Marshal(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func rate(c codecs.Codec) int64 {
	if c.IsVideo() {
		return 90000
	}
	return 48000
}

func inTS(t *testing.T, form form, c codecs.Codec) tscodecs.Codec {
	switch c := c.(type) {
	case *codecs.H264:
		return &tscodecs.H264{}
	case *codecs.H265:
		return &tscodecs.H265{}
	case *codecs.MPEG4Audio:
		return &tscodecs.MPEG4Audio{Config: c.Config}
	case *codecs.Opus:
		return &tscodecs.Opus{ChannelCount: c.ChannelCount}
	}
	if form == asTS {
		t.Fatalf("%T in MPEG-TS", c)
	}
	return nil
}

// length is that of segment n.
func (f *film) length(n int) time.Duration {
	n %= len(f.keys) - 1
	return f.keys[n+1] - f.keys[n]
}

// segment is number n.
func (f *film) segment(n int) []byte {
	for len(f.made) <= n {
		f.make(len(f.made))
	}
	return f.made[n]
}

func (f *film) make(n int) {
	loop, n := n/(len(f.keys)-1), n%(len(f.keys)-1)
	base := time.Duration(loop)*f.clip.Duration + ahead
	part := fmp4.Part{SequenceNumber: uint32(len(f.made) + 1)}
	f.buffer.Reset()
	for i, k := range f.clip.Tracks {
		track := &fmp4.PartTrack{ID: i + 1}
		within := false
		for _, s := range k.Samples {
			if k.Codec.IsVideo() && s.Key { // what follows a key frame belongs to it, in decoding order
				within = s.PTS >= f.keys[n] && s.PTS < f.keys[n+1]
			} else if !k.Codec.IsVideo() {
				within = s.PTS >= f.keys[n] && s.PTS < f.keys[n+1]
			}
			if !within {
				continue
			}
			ticks := func(d time.Duration, rate int64) int64 { return int64(((d + base).Seconds() * float64(rate)) + 0.5) }
			scale := rate(k.Codec)
			payload, err := s.Payload()
			if err != nil {
				f.t.Fatal(err)
			}
			if f.form == asTS {
				f.write(i, s, payload, ticks(s.PTS, 90000), ticks(s.DTS, 90000))
				continue
			}
			if len(track.Samples) == 0 {
				track.BaseTime = uint64(ticks(s.DTS, scale))
			}
			track.Samples = append(track.Samples, &fmp4.Sample{
				Duration: uint32(ticks(s.DTS+s.Duration, scale) - ticks(s.DTS, scale)), PTSOffset: int32(ticks(s.PTS, scale) - ticks(s.DTS, scale)),
				IsNonSyncSample: !s.Key, Payload: payload,
			})
		}
		part.Tracks = append(part.Tracks, track)
	}
	if f.form == asTS {
		f.made = append(f.made, bytes.Clone(f.buffer.Bytes()))
		return
	}
	var b seekablebuffer.Buffer
	if err := part.Marshal(&b); err != nil {
		f.t.Fatal(err)
	}
	f.made = append(f.made, b.Bytes())
}

// write puts one sample into MPEG-TS.
func (f *film) write(i int, s clip.Sample, payload []byte, pts, dts int64) {
	codec := f.clip.Tracks[i].Codec
	var units [][]byte
	if s.Key {
		switch c := codec.(type) {
		case *codecs.H264:
			units = append(units, c.SPS, c.PPS)
		case *codecs.H265:
			units = append(units, c.VPS, c.SPS, c.PPS)
		}
	}
	for b := payload; codec.IsVideo() && len(b) >= 4; {
		n := binary.BigEndian.Uint32(b)
		units, b = append(units, b[4:4+n]), b[4+n:]
	}
	k := f.writer.Tracks[i]
	var err error
	switch codec.(type) {
	case *codecs.H264:
		err = f.writer.WriteH264(k, pts, dts, units)
	case *codecs.H265:
		err = f.writer.WriteH265(k, pts, dts, units)
	case *codecs.MPEG4Audio:
		err = f.writer.WriteMPEG4Audio(k, pts, [][]byte{payload})
	case *codecs.Opus:
		err = f.writer.WriteOpus(k, pts, [][]byte{payload})
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// origin is a server of plain HLS, whose segments come in real time.
type origin struct {
	*httptest.Server
	mu      sync.Mutex
	began   time.Time
	films   []*film
	from    []int // number of the first segment of each film
	answers map[string]http.HandlerFunc
}

// newOrigin has three segments when it begins.
func newOrigin(t *testing.T, f *film) *origin {
	t.Helper()
	o := &origin{films: []*film{f}, from: []int{0}, answers: map[string]http.HandlerFunc{}}
	o.began = time.Now().Add(-f.length(0) - f.length(1) - f.length(2))
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Close)
	return o
}

func (o *origin) url() string { return o.URL + "/index.m3u8" }

// change lets another film follow the newest segment.
func (o *origin) change(f *film) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, _ := o.newest()
	o.films, o.from = append(o.films, f), append(o.from, n)
}

// newest is the number of the segment that is not whole yet, and when it begins.
func (o *origin) newest() (n int, begins time.Time) {
	begins = o.began
	for {
		i := len(o.from) - 1
		for o.from[i] > n {
			i--
		}
		length := o.films[i].length(n - o.from[i])
		if time.Now().Before(begins.Add(length)) {
			return n, begins
		}
		n, begins = n+1, begins.Add(length)
	}
}

// ServeHTTP implements http.Handler.
func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if answer := o.answers[r.URL.Path]; answer != nil {
		answer(w, r)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	name, kind, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), ".")
	n, err := strconv.Atoi(name)
	switch {
	case kind == "m3u8":
		_, _ = w.Write([]byte(o.playlist())) // the reader may be gone
	case err != nil:
		w.WriteHeader(http.StatusNotFound)
	case kind == "init":
		_, _ = w.Write(o.films[n].init)
	default:
		i := o.film(n)
		_, _ = w.Write(o.films[i].segment(n - o.from[i]))
	}
}

func (o *origin) film(n int) int {
	i := len(o.from) - 1
	for o.from[i] > n {
		i--
	}
	return i
}

// playlist lists the last four segments.
func (o *origin) playlist() string {
	n, _ := o.newest()
	first := max(n-4, 0)
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:%d\n", first)
	at := o.began
	for k := range n {
		i := o.film(k)
		f := o.films[i]
		if k >= first {
			if k == o.from[i] && k > 0 {
				b.WriteString("#EXT-X-DISCONTINUITY\n")
			}
			if f.form == asFMP4 && (k == first || k == o.from[i]) {
				fmt.Fprintf(&b, "#EXT-X-MAP:URI=\"%d.init\"\n", i)
			}
			fmt.Fprintf(&b, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:%.5f,\n%d.seg\n",
				at.UTC().Format("2006-01-02T15:04:05.000Z"), f.length(k-o.from[i]).Seconds(), k)
		}
		at = at.Add(f.length(k - o.from[i]))
	}
	return b.String()
}
