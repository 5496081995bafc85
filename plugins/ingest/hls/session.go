package hls

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

// open chooses variant, renditions and tracks, and prepares to read them.
func (i *Ingest) open(ctx context.Context, f *fetcher, sink ingest.Sink) (*reader, error) {
	p, base, err := f.playlist(ctx, i.cfg.url)
	if err != nil {
		return nil, i.failure(err)
	}
	pieces := make(chan piece)
	r := &reader{ingest: i, pieces: pieces}
	add := func(u *url.URL) *follower {
		n := &follower{ingest: i, fetch: f, url: u, alone: true, pieces: pieces}
		r.followers = append(r.followers, n)
		return n
	}
	var bitrate uint64
	switch p := p.(type) {
	case *playlist.Media:
		n := add(base)
		n.list, n.base = p, base
	case *playlist.Multivariant:
		v := choose(p.Variants, i.cfg.bandwidth)
		if v == nil {
			return nil, i.failure(errors.New("its playlist lists no variant"))
		}
		if v.AverageBandwidth != nil {
			bitrate = uint64(*v.AverageBandwidth)
		}
		for _, uri := range i.uris(p, v) {
			u, err := base.Parse(uri)
			if err != nil {
				return nil, i.failure(errors.New("a URL in the playlist cannot be read"))
			}
			add(u)
		}
	}
	segment := -1
	for _, n := range r.followers {
		n.alone = len(r.followers) == 1
		if err := n.open(ctx, segment); err != nil {
			return nil, i.failure(err)
		}
		segment = r.followers[0].at.segment
	}
	inputs, err := i.tracks(r.followers)
	if err != nil {
		return nil, err
	}
	r.packager, err = cmaf.NewPackager(cmaf.PackagerConfig{
		Inputs: inputs, Span: i.cfg.span, Bitrate: bitrate, Delay: i.delays.Add,
	}, sink)
	if err != nil {
		return nil, i.failure(err)
	}
	return r, nil
}

// choose is the variant of the highest bandwidth that is no more than most, else the lowest.
func choose(variants []*playlist.MultivariantVariant, most int) *playlist.MultivariantVariant {
	var best, lowest *playlist.MultivariantVariant
	for _, v := range variants {
		if v.Bandwidth <= most && (best == nil || v.Bandwidth > best.Bandwidth) {
			best = v
		}
		if lowest == nil || v.Bandwidth < lowest.Bandwidth {
			lowest = v
		}
	}
	if best == nil {
		return lowest
	}
	return best
}

// uris are the playlists of a variant: its own, and that of its audio where it has one apart.
func (i *Ingest) uris(p *playlist.Multivariant, v *playlist.MultivariantVariant) []string {
	uris := []string{v.URI}
	var chosen *playlist.MultivariantRendition
	n := 0
	for _, r := range p.Renditions {
		if v.Audio == "" || r.GroupID != v.Audio || r.Type != playlist.MultivariantRenditionTypeAudio {
			continue
		}
		n++
		if chosen == nil || r.Default && !chosen.Default {
			chosen = r
		}
	}
	if n > 1 {
		i.cfg.log.Warn("hls: one of several audio renditions is read", "source", i.cfg.name(), "rendition", chosen.Name, "of", n)
	}
	if chosen != nil && chosen.URI != nil && *chosen.URI != v.URI {
		uris = append(uris, *chosen.URI)
	}
	return uris
}

// tracks takes the first track of video and all of audio. Tracks of other kinds are left out.
func (i *Ingest) tracks(followers []*follower) ([]cmaf.Input, error) {
	var inputs []cmaf.Input
	var refused error
	seen, number := false, 0
	for _, f := range followers {
		for _, a := range f.demuxer.tracks() {
			number++
			switch {
			case a.kind == other:
				continue
			case a.kind == video && seen:
				i.cfg.log.Warn("hls: a second track of video is left out", "source", i.cfg.name(), "track", number)
				continue
			case a.err != nil:
				err := i.failure(fmt.Errorf("track %d: %w", number, a.err))
				if i.cfg.unsupported == refuse {
					return nil, fmt.Errorf("%w (unsupportedTracks: drop carries the other tracks)", err)
				}
				i.cfg.log.Warn("hls: a track is left out", "err", err)
				refused = err
				continue
			case len(inputs) == chunk.MaxTracks:
				return nil, i.failure(fmt.Errorf("it has more than %d tracks", chunk.MaxTracks))
			}
			seen = seen || a.kind == video
			a.index = len(inputs)
			inputs = append(inputs, cmaf.Input{Params: a.codec, Timescale: uint32(a.rate)})
		}
	}
	if len(inputs) == 0 {
		if refused == nil {
			refused = i.failure(fmt.Errorf("%w: it has neither video nor audio", ingest.ErrCodec))
		}
		return nil, refused
	}
	return inputs, nil
}
