package mediamtx

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
)

// Discoverer implements [ingest.Discoverer].
type Discoverer struct {
	cfg      *config
	api      *api
	server   *server
	asked    time.Time          // when server was
	verdicts map[string]verdict // by path.life, of paths that are ready
}

// serverAge is how long the server's config counts as known.
const serverAge = 5 * time.Second

// NewDiscoverer reads cfg; nothing is asked yet. It is an [ingest.DiscovererFactory].
func NewDiscoverer(cfg ingest.Config) (ingest.Discoverer, error) {
	c, err := parse(cfg)
	if err != nil {
		return nil, err
	}
	if err := check(&c, "x"); err != nil {
		return nil, err
	}
	return &Discoverer{cfg: &c, api: newAPI(&c), verdicts: map[string]verdict{}}, nil
}

// Discover implements [ingest.Discoverer]. It is called once. Found.Sources are sorted by name.
func (d *Discoverer) Discover(ctx context.Context, found func(ingest.Found)) error {
	defer d.api.close()
	var last []ingest.Source
	told, away := false, false
	tick := time.NewTicker(d.cfg.poll)
	defer tick.Stop()
	for {
		sources, err := d.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			if !away {
				found(ingest.Found{Sources: slices.Clone(last), Err: err})
			}
			away, told = true, true
		case !told || away || !slices.Equal(sources, last):
			last, told, away = sources, true, false
			found(ingest.Found{Sources: slices.Clone(sources)})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look asks the server once.
func (d *Discoverer) look(ctx context.Context) ([]ingest.Source, error) {
	paths, err := d.api.paths(ctx)
	if err != nil {
		d.server = nil // it may come back as another
		return nil, err
	}
	paths = slices.DeleteFunc(paths, func(p path) bool { return !p.Ready })
	if d.server == nil || time.Since(d.asked) > serverAge {
		if d.server, err = d.api.server(ctx); err != nil {
			return nil, err
		}
		d.asked = time.Now()
	}
	d.forget(paths)
	if len(paths) == 0 {
		return nil, nil
	}
	root, err := d.server.root(d.cfg)
	if err != nil {
		return nil, err
	}
	if err := d.judge(ctx, d.server, root, paths); err != nil {
		return nil, err
	}
	var sources []ingest.Source
	for _, p := range paths {
		if v, ok := d.verdicts[p.life()]; ok {
			sources = append(sources, ingest.Source{Name: p.Name, URL: at(root, p.Name), Access: v.access, Reason: v.reason})
		}
	}
	slices.SortFunc(sources, func(a, b ingest.Source) int { return cmp.Compare(a.Name, b.Name) })
	return sources, nil
}

// forget drops the verdicts of paths that are ready no more.
func (d *Discoverer) forget(ready []path) {
	lives := map[string]bool{}
	for i := range ready {
		lives[ready[i].life()] = true
	}
	for life := range d.verdicts { // order-free: each is kept or dropped by itself
		if !lives[life] {
			delete(d.verdicts, life)
		}
	}
}
