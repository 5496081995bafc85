package baseline

import (
	"net/url"
	"testing"
	"time"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"
)

const example = `#EXTM3U
#EXT-X-VERSION:10
#EXT-X-TARGETDURATION:1
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.5
#EXT-X-PART-INF:PART-TARGET=0.2
#EXT-X-MEDIA-SEQUENCE:40
#EXT-X-GAP
#EXTINF:1.00000,
gap.mp4
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.5Z
#EXT-X-PART:DURATION=0.20000,URI="p7.mp4?session=s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.10000,URI="p8.mp4?session=s"
#EXTINF:0.30000,
seg41.mp4
#EXT-X-PART:DURATION=0.20000,URI="p9.mp4?session=s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.20000,URI="p10.mp4?session=s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p11.mp4?session=s"
`

func parsed(t *testing.T) listing {
	t.Helper()
	list, err := playlist.Unmarshal([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
	return listed(list.(*playlist.Media))
}

func TestEveryPartHasItsPlaceOnTheClock(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 500_000_000, time.UTC)
	want := []struct {
		key   string
		after time.Duration
	}{{"p7.mp4", 0}, {"p8.mp4", 200 * time.Millisecond}, {"p9.mp4", 300 * time.Millisecond}, {"p10.mp4", 500 * time.Millisecond}}
	l := parsed(t)
	if len(l.parts) != len(want) {
		t.Fatalf("%d parts, want %d", len(l.parts), len(want))
	}
	for i, p := range l.parts {
		if p.key() != want[i].key || !p.captured.Equal(began.Add(want[i].after)) {
			t.Errorf("part %d: %s at %v, want %s at %v", i, p.key(), p.captured, want[i].key, began.Add(want[i].after))
		}
	}
}

func TestAReaderGoesOnWhereItWas(t *testing.T) {
	l := parsed(t)
	for _, c := range []struct {
		name, had string
		want      []string
	}{
		{"some are new", "p8.mp4?session=s", []string{"p9.mp4", "p10.mp4"}},
		{"none is new", "p10.mp4?session=s", nil},
		{"too far behind: from the newest that is independent", "p3.mp4?session=s", []string{"p9.mp4", "p10.mp4"}},
	} {
		got := l.after(c.had)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
			continue
		}
		for i, p := range got {
			if p.key() != c.want[i] {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	}
	u, err := url.Parse("http://h/x/video1_stream.m3u8?session=s")
	if err != nil {
		t.Fatal(err)
	}
	const next = "http://h/x/video1_stream.m3u8?_HLS_msn=42&_HLS_part=2&session=s"
	if got := l.next(u).String(); got != next {
		t.Errorf("the next playlist is at %s, want %s", got, next)
	}
}

// FuzzPlaylist has no playlist make a reader panic, or parts appear that are not in it.
func FuzzPlaylist(f *testing.F) {
	f.Add([]byte(example))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := playlist.Unmarshal(data)
		if err != nil {
			return
		}
		media, ok := list.(*playlist.Media)
		if !ok {
			return
		}
		l, parts := listed(media), len(media.Parts)
		for _, s := range media.Segments {
			parts += len(s.Parts)
		}
		if len(l.parts) != parts || len(l.fromAccess()) > parts {
			t.Errorf("%d parts listed, %d from where decoding can begin; the playlist has %d", len(l.parts), len(l.fromAccess()), parts)
		}
	})
}
