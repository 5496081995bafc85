package hls

import (
	"fmt"
	"strings"
	"time"
)

const (
	listedParts = 2   // whole segments at the end whose parts are listed
	holdBack    = 2.5 // part targets that players stay behind; RFC 8216bis: at least 2, better 3
	defaultRate = 2e6 // bits per second, where the stream does not say
)

// multivariant is index.m3u8. The caller holds mu.
func (w *window) multivariant() string {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:9\n")
	rate := w.master.bandwidth
	if rate == 0 {
		rate = defaultRate
	}
	fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d", rate+rate/4)
	if w.master.codecs != "" {
		fmt.Fprintf(&b, ",CODECS=%q", w.master.codecs)
	}
	if w.master.width != 0 {
		fmt.Fprintf(&b, ",RESOLUTION=%dx%d", w.master.width, w.master.height)
	}
	b.WriteString("\n" + mediaPlaylist + "\n")
	return b.String()
}

// media is live.m3u8. The caller holds mu and has made sure that there is a segment.
func (w *window) media() string {
	var b strings.Builder
	target := w.partTarget.Seconds()
	first := w.segments[0].sequence
	gaps := 0
	if len(w.gone) == 0 {
		gaps = max(0, gapSegments-w.whole())
	}
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:%d\n", int(w.target/time.Second))
	fmt.Fprintf(&b, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=%.3f\n", target*holdBack)
	fmt.Fprintf(&b, "#EXT-X-PART-INF:PART-TARGET=%.3f\n", target)
	fmt.Fprintf(&b, "#EXT-X-MEDIA-SEQUENCE:%d\n", first-uint64(gaps))
	fmt.Fprintf(&b, "#EXT-X-DISCONTINUITY-SEQUENCE:%d\n", w.breaks)
	for range gaps {
		fmt.Fprintf(&b, "#EXT-X-GAP\n#EXTINF:%d,\n%s\n", int(w.target/time.Second), gapName)
	}
	for i, s := range w.segments {
		w.list(&b, i, s)
	}
	if w.broken {
		b.WriteString("#EXT-X-DISCONTINUITY\n")
	}
	fmt.Fprintf(&b, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=%q\n", partName(w.prefix, w.number))
	return b.String()
}

// list writes one segment.
func (w *window) list(b *strings.Builder, i int, s *segment) {
	if s.discontinuity && i > 0 {
		b.WriteString("#EXT-X-DISCONTINUITY\n")
	}
	if s.gap {
		fmt.Fprintf(b, "#EXT-X-GAP\n#EXTINF:%.5f,\n%s\n", s.duration.Seconds(), s.name)
		return
	}
	whole := i < len(w.segments)-1 || !w.growing
	if !whole && len(s.parts) == 0 {
		return // nothing more to say of it yet
	}
	if i == 0 || s.init.name != w.segments[i-1].init.name {
		fmt.Fprintf(b, "#EXT-X-MAP:URI=%q\n", s.init.name)
	}
	fmt.Fprintf(b, "#EXT-X-PROGRAM-DATE-TIME:%s\n", s.began.UTC().Format("2006-01-02T15:04:05.000Z"))
	if i >= len(w.segments)-1-listedParts {
		for _, p := range s.parts {
			fmt.Fprintf(b, "#EXT-X-PART:DURATION=%.5f,URI=%q", p.duration.Seconds(), p.name)
			if p.independent {
				b.WriteString(",INDEPENDENT=YES")
			}
			b.WriteString("\n")
		}
	}
	if whole {
		fmt.Fprintf(b, "#EXTINF:%.5f,\n%s\n", s.duration.Seconds(), s.name)
	}
}
