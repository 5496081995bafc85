package bridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

// stepPatience is for the answer to a batch. The host's own patience is shorter: it goes on without the policy long before.
const stepPatience = 2 * time.Second

// Policy makes a policy in the process, for one stream. It is one life. Errors: what the factory answered,
// ErrNotOffered, ErrProtocol, ErrPluginDied.
func (r *Remote) Policy(ctx context.Context, name string, params map[string]string) (*Policy, error) {
	s, err := r.open(ctx, opening{
		call: func(ctx context.Context) (grpc.ClientStream, error) {
			return pb.NewPolicyServiceClient(r.Conn).Decide(ctx, callOptions()...)
		},
		request: func(dc *pb.DataChannel) proto.Message {
			return &pb.DecideRequest{Request: &pb.DecideRequest_Open{Open: &pb.OpenPolicy{
				Name: toValid(name), Params: paramsOf(params), DataChannel: dc,
			}}}
		},
		opened: policyOpened,
	})
	if err != nil {
		return nil, err
	}
	runCtx, stop := context.WithCancel(context.Background())
	p := &Policy{
		out:     pipe.NewOutbox(s.conn, pipe.PostLimit, nil),
		answers: make(chan scheduler.Answer, 1),
		done:    make(chan struct{}),
		stop:    stop,
		report:  r.report,
	}
	go p.run(runCtx, s)
	return p, nil
}

func policyOpened(first []byte) (bool, *pb.Failure, error) {
	m, err := decode(first, &pb.DecideResponse{})
	if err != nil {
		return false, nil, err
	}
	switch m := m.GetResponse().(type) {
	case *pb.DecideResponse_Opened:
		return m.Opened.GetDataChannel(), nil, nil
	case *pb.DecideResponse_Ended:
		return false, orFailure(m.Ended.GetFailure()), nil
	}
	return false, nil, fmt.Errorf("%w: neither opened nor ended", errWire)
}

// Policy is a policy in a plugin process. Step is for one goroutine at a time; the rest is for any.
type Policy struct {
	out     *pipe.Outbox
	answers chan scheduler.Answer // holds one
	done    chan struct{}
	stop    context.CancelFunc
	report  func(error)

	mu    sync.Mutex
	err   error
	asked uint64 // revision of the batch outstanding, 0 for none
}

// run takes answers until the policy ends.
func (p *Policy) run(ctx context.Context, s *session) {
	err := s.run(ctx, course{
		out:    p.out,
		stop:   &pb.DecideRequest{Request: &pb.DecideRequest_Stop{Stop: &pb.Stop{}}},
		handle: p.handle,
	})
	switch {
	case err == nil && ctx.Err() != nil:
		err = context.Canceled
	case err == nil: // nobody has asked it to: a process that panics says so on its way
		err = s.remote.broken(errEnded)
	}
	p.mu.Lock()
	if p.err == nil {
		p.err = err
	}
	p.mu.Unlock()
	p.stop()
	close(p.done)
}

func (p *Policy) handle(batch [][]byte) (*ending, error) {
	for _, msg := range batch {
		m, err := decode(msg, &pb.DecideResponse{})
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		switch m := m.GetResponse().(type) {
		case *pb.DecideResponse_Ended:
			return &ending{failure: m.Ended.GetFailure()}, nil
		case *pb.DecideResponse_Answer:
			if err := p.answered(m.Answer); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
			}
		default:
			return nil, fmt.Errorf("%w: a response that is not known or not due", ErrProtocol)
		}
	}
	return nil, nil
}

func (p *Policy) answered(m *pb.Answer) error {
	a, err := answerFrom(m)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked == 0 || a.Revision != p.asked {
		return fmt.Errorf("an answer to revision %d, when %d was asked", a.Revision, p.asked)
	}
	p.asked = 0
	p.answers <- a
	return nil
}

// Step sends the batch and waits for the answer, for at most 2 s. When there is none, the policy is dead: Step
// gives an Answer of the revision alone, now and from then on, and Done is closed.
func (p *Policy) Step(b *scheduler.Batch) scheduler.Answer {
	p.mu.Lock()
	p.asked = b.Revision
	p.mu.Unlock()
	if err := p.out.Post(encode(&pb.DecideRequest{Request: &pb.DecideRequest_Batch{Batch: batchOf(b)}})); err != nil {
		return p.give(b, err)
	}
	t := time.NewTimer(stepPatience)
	defer t.Stop()
	select {
	case a := <-p.answers:
		return a
	case <-p.done:
		return scheduler.Answer{Revision: b.Revision}
	case <-t.C:
		return p.give(b, fmt.Errorf("%w: it has not answered batch %d for %v", ErrPluginDied, b.Revision, stepPatience))
	}
}

// give ends the policy, which is of no more use: with err its process, too, when it hangs.
func (p *Policy) give(b *scheduler.Batch, err error) scheduler.Answer {
	if errors.Is(err, ErrPluginDied) || errors.Is(err, pipe.ErrStalled) {
		p.report(err)
	}
	p.mu.Lock()
	if p.err == nil {
		p.err = err
	}
	p.mu.Unlock()
	p.stop()
	<-p.done
	return scheduler.Answer{Revision: b.Revision}
}

// Done is closed when the policy is dead: Step answers nothing useful from then on.
func (p *Policy) Done() <-chan struct{} { return p.done }

// Err is why the policy is dead, wrapping ErrPluginDied or ErrProtocol; nil while it lives, and after Close.
func (p *Policy) Err() error {
	select {
	case <-p.done:
	default:
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(p.err, context.Canceled) {
		return nil
	}
	return p.err
}

// Close ends the policy, and returns when all of it has ended at this side: within 2 s.
func (p *Policy) Close() {
	p.stop()
	<-p.done
}
