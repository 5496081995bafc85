package latest

import (
	"time"

	"github.com/shoal-live/shoal/plugins/schedulers/parts/mesh"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/settings"
)

// Params tune the policy: those of the mesh, which package mesh gives name, default and limits of, and its own. Defaults
// that differ from the mesh's: deviations 2, slack 20ms and repair 1, since whom no push reaches has to ask; turn 20ms.
type Params struct {
	mesh.Params
	Most  int           // most: copies of one chunk that a peer sends at the most; 3, 1..16
	Known float64       // known: share of the listeners that hold a chunk by what they say, from which on it is not pushed but left to be asked for; 0.3, 0..1
	Fresh time.Duration // fresh: age beyond which a chunk is not pushed; 1s, 50ms..4s
	Share float64       // share: of the uplink that pushes may take; 0.6, 0.1..1
}

// Defaults are the parameters of an empty config.
func Defaults() Params {
	p := Params{Params: mesh.Defaults(), Most: 3, Known: 0.3, Fresh: time.Second, Share: 0.6}
	p.Deviations, p.Slack, p.Repair, p.Turn = 2, 20*time.Millisecond, 1, 20*time.Millisecond
	return p
}

// parse reads the config's parameters over the defaults. Errors: scheduler.ErrParameter.
func parse(params map[string]string) (Params, error) {
	p := Defaults()
	err := settings.Read("latest", params, append(p.Settings(),
		settings.Whole("most", &p.Most, 1, 16),
		settings.Number("known", &p.Known, 0, 1),
		settings.Span("fresh", &p.Fresh, 50*time.Millisecond, 4*time.Second),
		settings.Number("share", &p.Share, 0.1, 1),
	))
	return p, err
}
