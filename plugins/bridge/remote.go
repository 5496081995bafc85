package bridge

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

// Remote is the host's end of one plugin process. Its fields are set before use; its methods may be called by
// several goroutines at once.
type Remote struct {
	Conn     grpc.ClientConnInterface
	Channels *pipe.Listener // offers data channels; nil for none
	Patience time.Duration  // for the plugin to make an instance; default 5 s
	Cause    func() error   // why the process ended, when a connection to it did; nil, or nil when it is not known
	Report   func(error)    // told what an instance did that its process should not survive: it hangs, or lies; nil discards
}

func (r *Remote) report(err error) {
	if r.Report != nil {
		r.Report(err)
	}
}

func (r *Remote) openPatience() time.Duration {
	if r.Patience > 0 {
		return r.Patience
	}
	return openPatience
}

// Offer is one thing that a process serves.
type Offer struct {
	Kind         Kind
	Name         string
	Capabilities []string
}

// Description is what a process says of itself.
type Description struct {
	Version string
	Build   string // see the function Build; "" when it is not told
	Offers  []Offer
}

// Describe asks what the process serves. Errors: ErrPluginDied, ErrNotOffered, ErrProtocol.
func (r *Remote) Describe(ctx context.Context, hostVersion string) (Description, error) {
	ctx, stop := context.WithTimeout(ctx, r.openPatience())
	defer stop()
	answer, err := pb.NewPluginServiceClient(r.Conn).Describe(ctx, &pb.DescribeRequest{HostVersion: toValid(hostVersion)}, callOptions()...)
	if code := status.Code(err); code == codes.DeadlineExceeded || code == codes.Canceled { // its end may tell before this one's clock
		return Description{}, fmt.Errorf("%w: it did not say what it offers within %v", ErrPluginDied, r.openPatience())
	}
	if err != nil {
		return Description{}, r.broken(err)
	}
	d := Description{Version: cut(answer.GetVersion(), 100), Build: cut(answer.GetBuild(), 100)}
	for _, o := range answer.GetOffers() {
		k, ok := kindFrom(o.GetKind())
		if !ok {
			continue // of a later version of the host
		}
		d.Offers = append(d.Offers, Offer{Kind: k, Name: cut(o.GetName(), 100), Capabilities: o.GetCapabilities()})
	}
	if len(d.Offers) == 0 {
		return d, fmt.Errorf("%w: it offers nothing", ErrProtocol)
	}
	return d, nil
}

// Find is the name of the offer of a kind: name where it is offered, the only one of its kind where name is "".
// Errors: ErrNotOffered, listing what is.
func (d *Description) Find(kind Kind, name string) (Offer, error) {
	var of []Offer
	for _, o := range d.Offers {
		if o.Kind == kind && (name == "" || o.Name == name) {
			of = append(of, o)
		}
	}
	if len(of) == 1 {
		return of[0], nil
	}
	if name != "" && len(of) > 1 {
		return Offer{}, fmt.Errorf("%w: it offers %s/%s %d times; its author must give each a name of its own", ErrProtocol, kind, name, len(of))
	}
	var have []string
	for _, o := range d.Offers {
		have = append(have, o.Kind.String()+"/"+o.Name)
	}
	slices.Sort(have)
	if name == "" && len(of) > 1 {
		return Offer{}, fmt.Errorf("%w: several of kind %s, name one (have: %s)", ErrNotOffered, kind, join(have))
	}
	want := kind.String()
	if name != "" {
		want += "/" + name
	}
	return Offer{}, fmt.Errorf("%w: %s (have: %s); name what it offers, under its kind", ErrNotOffered, want, join(have))
}
