package bridge

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

// TestAnEndAloneIsToldAtOnce: nobody waits for the end of a process that lives on.
func TestAnEndAloneIsToldAtOnce(t *testing.T) {
	for name, dataChannel := range map[string]bool{"call": false, "data": true} {
		t.Run(name, func(t *testing.T) {
			l := &liar{decide: func(s grpc.BidiStreamingServer[pb.DecideRequest, pb.DecideResponse]) error {
				first, err := s.Recv()
				if err != nil {
					return err
				}
				var data net.Conn
				if dc := first.GetOpen().GetDataChannel(); dataChannel {
					if data, err = pipe.Dial(dc.GetPath(), dc.GetToken()); err != nil {
						return err
					}
					defer data.Close()
				}
				err = s.Send(&pb.DecideResponse{Response: &pb.DecideResponse_Opened{Opened: &pb.PolicyOpened{DataChannel: dataChannel}}})
				if err != nil {
					return err
				}
				if dataChannel {
					_, err = data.Read(make([]byte, 1))
				} else {
					_, err = s.Recv()
				}
				return errors.Join(err, errors.New("no taste"))
			}}
			r := l.remote(t)
			r.Cause = func() error {
				t.Error("the end of the process was waited for, which lives")
				return nil
			}
			var err error
			if r.Channels, err = pipe.Listen(t.TempDir(), func() int { return 0 }); err != nil {
				t.Fatal(err)
			}
			defer r.Channels.Close()
			p, err := r.Policy(t.Context(), "lie", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			began := time.Now()
			p.Step(&scheduler.Batch{Revision: 1})
			if d := time.Since(began); d > 500*time.Millisecond {
				t.Errorf("it was told after %v", d)
			}
			if err := p.Err(); !errors.Is(err, ErrPluginDied) || !strings.Contains(err.Error(), "no taste") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestAPolicyIsToldOfWhatIsNot: a batch names what the engine saw, and what to make of it is the policy's business.
func TestAPolicyIsToldOfWhatIsNot(t *testing.T) {
	for _, k := range []int{-1, 64, 1 << 20} {
		in := &scheduler.Batch{Revision: 1, Changes: []scheduler.Change{
			scheduler.Unsubscribed{Link: 1, Substream: k},
			scheduler.Refused{Action: scheduler.Push{Substream: k, To: []scheduler.Target{{Link: 1}}}, Reason: scheduler.RefusedNoLink},
			scheduler.Refused{Action: scheduler.Refuse{Link: 1, Substream: k, Reason: swarm.PolicyChoice}},
		}}
		out, err := batchFrom(batchOf(in))
		if err != nil {
			t.Fatalf("substream %d: %v", k, err)
		}
		if got := out.Changes[0].(scheduler.Unsubscribed).Substream; got != k {
			t.Errorf("substream %d arrived as %d", k, got)
		}
		if got := out.Changes[1].(scheduler.Refused).Action.(scheduler.Push).Substream; got != k {
			t.Errorf("substream %d arrived as %d in an order", k, got)
		}
	}
}
