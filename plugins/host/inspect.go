package host

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge"
)

// Inspection is a plugin's process that was started to be looked at. Its methods may be called by several goroutines at
// once.
type Inspection struct {
	About bridge.Description
	Ready time.Duration // from exec to ready

	process *process
}

// Inspect starts a plugin as for an instance, whatever it offers: of a file, Kind and Name may be zero. The caller calls
// End. Errors: ErrRefused, ErrSpec, ErrStart, ErrClosed, or ctx's.
func (h *Host) Inspect(ctx context.Context, spec Spec) (*Inspection, error) {
	p, err := h.launch(ctx, &place{host: h, spec: spec}, inUse)
	if err != nil {
		return nil, err
	}
	return &Inspection{About: p.about, Ready: p.after, process: p}, nil
}

// Ask is one small call and its answer, for those who time it. Errors: bridge.ErrPluginDied, bridge.ErrProtocol.
func (i *Inspection) Ask(ctx context.Context) error {
	_, err := i.process.remote.Describe(ctx, i.process.host.cfg.Version)
	return err
}

// UsesDataChannel makes an instance of an offer with the least of configurations, and tells whether its messages take the
// data channel. Errors: what the factory answered, and then it is not known.
func (i *Inspection) UsesDataChannel(ctx context.Context, o bridge.Offer, params map[string]string) (bool, error) {
	r := i.process.remote
	if r.Channels == nil {
		return false, nil
	}
	before := r.Channels.Admitted()
	var err error
	switch o.Kind {
	case bridge.KindTransport:
		var key ed25519.PrivateKey
		if _, key, err = ed25519.GenerateKey(nil); err == nil {
			_, err = r.Transport(ctx, o.Name, transport.Config{Identity: key, Params: params})
		}
	case bridge.KindPolicy:
		var p *bridge.Policy
		if p, err = r.Policy(ctx, o.Name, params); err == nil {
			p.Close()
		}
	case bridge.KindIngest:
		_, err = r.Ingest(ctx, o.Name, ingest.Config{Source: "inspection", Params: params})
	case bridge.KindEgress:
		_, err = r.Egress(ctx, o.Name, egress.Config{Stream: "inspection", Params: params})
	default:
		err = fmt.Errorf("%w: %v", ErrSpec, o.Kind)
	}
	return err == nil && r.Channels.Admitted() > before, err
}

// TryEgress makes an egress of an offer, and nothing runs it. Errors: what the factory answered.
func (i *Inspection) TryEgress(ctx context.Context, cfg egress.Config) error {
	_, err := i.process.remote.Egress(ctx, i.process.offer.Name, cfg)
	return err
}

// End ends the process, and returns when nothing is left of it: within 2 s.
func (i *Inspection) End() {
	i.process.end()
	<-i.process.done
}
