package hls

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"
)

const lowLatency = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:1
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:1,
7.mp4
#EXT-X-PART:DURATION=0.5,URI="8.0.mp4",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI="8.1.mp4"
#EXTINF:1,
8.mp4
#EXT-X-PART:DURATION=0.5,URI="9.0.mp4",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="9.1.mp4"
`

const plain = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:7
#EXTINF:2,
#EXT-X-BYTERANGE:100@50
all.ts
#EXT-X-DISCONTINUITY
#EXTINF:2,
#EXT-X-BYTERANGE:60
all.ts
#EXT-X-GAP
#EXTINF:2,
9.ts
`

func media(t testing.TB, text string) *playlist.Media {
	t.Helper()
	p, err := playlist.Unmarshal([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p.(*playlist.Media)
}

func TestEntriesGoOnWhereReadingStopped(t *testing.T) {
	base, err := url.Parse("http://h/a/index.m3u8?token=1")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, list string
		from       position
		want       string // file names
		next       position
	}{
		{"at a segment without parts", lowLatency, position{7, 0}, "7.mp4 8.0.mp4 8.1.mp4 9.0.mp4", position{9, 1}},
		{"at a segment with parts", lowLatency, position{8, 0}, "8.0.mp4 8.1.mp4 9.0.mp4", position{9, 1}},
		{"within a segment", lowLatency, position{8, 1}, "8.1.mp4 9.0.mp4", position{9, 1}},
		{"behind a segment that was not known to be whole", lowLatency, position{8, 2}, "9.0.mp4", position{9, 1}},
		{"at what is not there yet", lowLatency, position{9, 1}, "", position{}},
		{"in a plain list", plain, position{8, 0}, "all.ts 9.ts", position{10, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := entries(media(t, c.list), base, c.from)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, e := range all {
				names = append(names, strings.TrimPrefix(e.url.String(), "http://h/a/"))
			}
			if got := strings.Join(names, " "); got != c.want || len(all) > 0 && all[len(all)-1].next != c.next {
				t.Errorf("%s, then %+v", got, all)
			}
		})
	}
	for name, from := range map[string]position{"its segment is gone": {6, 0}, "its parts are gone": {7, 1}} { // order-free: each is tried alone
		if _, err := entries(media(t, lowLatency), base, from); !errors.Is(err, errBehind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEntriesSayWhatThePlaylistSays(t *testing.T) {
	base := &url.URL{Scheme: "http", Host: "h"}
	low, err := entries(media(t, lowLatency), base, position{7, 0})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []time.Duration{0, time.Second, 1500 * time.Millisecond, 2 * time.Second} {
		if got := low[n].captured.Sub(low[0].captured); low[0].captured.Year() != 2026 || got != want {
			t.Errorf("entry %d was captured %v after the first, want %v", n, got, want)
		}
	}
	if at := start(media(t, lowLatency), low); at != (position{9, 0}) {
		t.Errorf("reading starts at %v", at)
	}
	all, err := entries(media(t, plain), base, position{7, 0})
	if err != nil {
		t.Fatal(err)
	}
	if r := all[1].resource; all[0].from != 50 || r.from != 150 || r.length != 60 || all[0].breaks || !all[1].breaks || all[2].breaks || !all[2].gap {
		t.Errorf("entries are %+v", all)
	}
	if at := start(media(t, plain+"#EXT-X-ENDLIST\n"), all); at != (position{7, 0}) {
		t.Errorf("reading of a finished stream starts at %v", at)
	}
}

func TestTheVariantIsTheHighestThatIsAllowed(t *testing.T) {
	variants := []*playlist.MultivariantVariant{{Bandwidth: 2_000_000}, {Bandwidth: 5_000_000}, {Bandwidth: 800_000}}
	for most, want := range map[int]int{1 << 40: 5_000_000, 3_000_000: 2_000_000, 100: 800_000, 0: 800_000} { // order-free: each is tried alone
		if got := choose(variants, most); got.Bandwidth != want {
			t.Errorf("of at most %d it is %d, want %d", most, got.Bandwidth, want)
		}
	}
}
