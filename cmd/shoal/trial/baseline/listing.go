package baseline

import (
	"strings"
	"time"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"
)

// listing is a media playlist and the parts that it lists, oldest first.
type listing struct {
	media *playlist.Media
	parts []part
}

// part of a segment.
type part struct {
	uri         string
	captured    time.Time // its first picture; zero where no segment has a time
	duration    time.Duration
	independent bool // decoding can begin with it
}

// key is the path of the part, which all readers share; the query is a reader's session.
func (p part) key() string {
	path, _, _ := strings.Cut(p.uri, "?")
	return path
}

// listed places each part on the clock of the segment that it belongs to. The segment that is not complete yet, which has no
// time of its own, follows the one before it.
func listed(media *playlist.Media) listing {
	l := listing{media: media}
	var at time.Time
	add := func(parts []*playlist.MediaPart) {
		clock := at
		for _, p := range parts {
			l.parts = append(l.parts, part{uri: p.URI, captured: clock, duration: p.Duration, independent: p.Independent})
			if !clock.IsZero() {
				clock = clock.Add(p.Duration)
			}
		}
	}
	for _, s := range media.Segments {
		if s.DateTime != nil {
			at = *s.DateTime
		}
		add(s.Parts)
		if !at.IsZero() {
			at = at.Add(s.Duration)
		}
	}
	add(media.Parts)
	return l
}

// fromAccess are the newest parts from one with which decoding can begin; all if there is none.
func (l listing) fromAccess() []part {
	for i := len(l.parts) - 1; i >= 0; i-- {
		if l.parts[i].independent {
			return l.parts[i:]
		}
	}
	return l.parts
}

// after are the parts behind the one with that URI. Who is so far behind that it is no longer listed begins again as a
// newcomer does.
func (l listing) after(uri string) []part {
	for i := len(l.parts) - 1; i >= 0; i-- {
		if l.parts[i].uri == uri {
			return l.parts[i+1:]
		}
	}
	return l.fromAccess()
}
