package hls

import (
	"net/url"
	"os"
	"testing"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"
)

// FuzzPlaylist has the law that reading goes on: what is listed from a position on never lies before it.
func FuzzPlaylist(f *testing.F) {
	for _, s := range []string{lowLatency, plain, plain + "#EXT-X-ENDLIST\n", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1.42c01e\"\na.m3u8\n"} {
		f.Add([]byte(s))
	}
	base := &url.URL{Scheme: "http", Host: "h"}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := playlist.Unmarshal(b)
		if err != nil {
			return
		}
		m, ok := p.(*playlist.Media)
		if !ok {
			return
		}
		at := position{m.MediaSequence, 0}
		all, err := entries(m, base, at)
		if err != nil {
			return
		}
		for _, e := range all {
			if e.next.segment < at.segment || e.next.segment == at.segment && e.next.part <= at.part || e.url == nil {
				t.Fatalf("%v, then %v", at, e.next)
			}
			at = e.next
		}
		if rest, err := entries(m, base, at); err != nil || len(rest) > 0 {
			t.Fatalf("%d entries behind the last: %v", len(rest), err)
		}
	})
}

// FuzzPiece has the law that garbage gives units of no more bytes than it has, or an error.
func FuzzPiece(f *testing.F) {
	init, err := os.ReadFile("testdata/init.mp4")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"piece.m4s", "piece.ts"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(init, b)
	}
	f.Fuzz(func(t *testing.T, init, piece []byte) {
		var demuxers []demuxer
		if d, err := newFragments(init); err == nil {
			demuxers = append(demuxers, d)
		}
		if d, err := newTransport(piece, func(error) {}); err == nil {
			demuxers = append(demuxers, d)
		}
		for _, d := range demuxers {
			tracks := d.tracks()
			for i, k := range tracks {
				if k.track != nil {
					k.index = i
				}
			}
			units, err := d.units(piece)
			if err != nil {
				continue
			}
			size := 0
			for _, u := range units {
				for _, b := range u.data {
					size += len(b)
				}
			}
			if size > len(tracks)*len(piece) {
				t.Fatalf("%d bytes of units in a piece of %d, in %d tracks", size, len(piece), len(tracks))
			}
		}
	})
}
