package mediamtx

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp"
)

// verdict is what was found of one life of a path.
type verdict struct {
	access ingest.Access
	reason string
	asked  time.Time
	rules  string // of the server when it was asked
}

// Ages at which a verdict is asked for again.
const (
	ageInternal = 5 * time.Minute
	ageExternal = time.Minute // somebody beside MediaMTX decides, and may have changed their mind
)

// holds tells that v is still good.
func (v *verdict) holds(s *server, now time.Time) bool {
	age := ageInternal
	if s.AuthMethod != "internal" {
		age = ageExternal
	}
	return v.rules == s.rules() && now.Sub(v.asked) < age
}

// probes is how many paths are asked at once.
const probes = 8

// judge fills verdicts for those of paths that have none that holds. A path that is gone meanwhile gets none. The error is the
// first of a probe that was not answered.
func (d *Discoverer) judge(ctx context.Context, s *server, root *url.URL, paths []path) error {
	now := time.Now()
	var mu sync.Mutex
	var failed error
	var all sync.WaitGroup
	slots := make(chan struct{}, probes)
	unknown := slices.DeleteFunc(slices.Clone(paths), func(p path) bool {
		v, ok := d.verdicts[p.life()]
		return ok && v.holds(s, now)
	})
	for _, p := range unknown {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			v, err := probe(ctx, d.cfg, s, at(root, p.Name), p.Name)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				if failed == nil {
					failed = err
				}
			case v.access == 0:
				delete(d.verdicts, p.life())
			default:
				v.asked, v.rules = now, s.rules()
				d.verdicts[p.life()] = v
			}
		})
	}
	all.Wait()
	return failed
}

// probe asks whether an anonymous reader may read the path. Access 0 means that it is not ready after all.
func probe(ctx context.Context, cfg *config, s *server, where, name string) (verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	anonymous := cfg.rest
	anonymous.Source = where
	err := rtsp.Describe(ctx, anonymous)
	switch {
	case err == nil && s.bound(name):
		return verdict{access: ingest.Restricted, reason: "anonymous readers may read it from some addresses only (ips of user any in authInternalUsers)"}, nil
	case err == nil:
		return verdict{access: ingest.Public}, nil
	case errors.Is(err, ingest.ErrDenied):
		return verdict{access: ingest.Restricted, reason: "MediaMTX asks anonymous readers for credentials"}, nil
	case errors.Is(err, rtsp.ErrAbsent):
		return verdict{}, nil
	}
	return verdict{}, fmt.Errorf("mediamtx: ask whether anyone may read %s: %w (mediamtx.rtsp says where RTSP is read)", name, err)
}
