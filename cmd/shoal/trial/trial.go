package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/scenario"
	"github.com/shoal-live/shoal/cmd/shoal/trial/frames"
)

// streamName is the path that a trial publishes.
const streamName = "trial"

// liveWithin is how long the stream may take to be live.
const liveWithin = 30 * time.Second

// Options describe a trial.
type Options struct {
	Scenario *scenario.Scenario
	Policy   config.Plugin  // of all nodes
	Crew     int            // processes with viewers, at least 1
	Process  int            // viewers whose plugins run as processes; the others run them inline
	Dir      string         // folder for all that it writes; it must exist
	Worker   []string       // that starts this binary as one of the crew
	Out      io.Writer      // what begins now, a line each; nil for nobody
	Baseline time.Duration  // for which readers of MediaMTX itself are measured afterwards, in each way; 0 for none
	Compare  int            // viewers whose frames are compared with those that MediaMTX was given; 0 for none
	Progress func(Progress) // called once a second; nil for nobody
	Log      *slog.Logger
}

// Progress is how far a trial is.
type Progress struct {
	At, Of  time.Duration
	Joined  int
	Playing int
	Delay   float64 // 99th percentile of the last second, in milliseconds
	Whole   float64 // share of the groups that were complete when due in the last second
}

// Trial is one run.
type trial struct {
	opts   Options
	plan   *plan
	media  *tool.Server
	input  *frames.Input // what MediaMTX is given; nil when nobody is compared
	source *source
	crew   []*hand
	began  time.Time
	used   *meter
	series series
	poison poison
	held   []Held

	mu     sync.Mutex
	killed map[string]int // plugins' processes, by kind

	fedBefore uint64 // bytes that MediaMTX had sent to the source when it all began

	calls    sync.WaitGroup // that are under way
	joining  atomic.Int32   // those of them with which viewers join
	failures chan error     // has room for each of them
}

// Run makes the trial, until its time is over or ctx ends, and returns when everything that it started has ended. When ctx ends
// before the first viewer has joined, the error is context.Canceled. With an error there may be a result, of what was measured before.
// Errors: ErrScenario, naming the key.
func Run(ctx context.Context, o Options) (*Result, error) {
	p, err := newPlan(o.Scenario)
	if err != nil {
		return nil, err
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, err
	}
	p.spread(o.Process, func(st *seat) { st.process = true })
	p.spread(o.Compare, func(st *seat) { st.record = true })
	t := &trial{opts: o, plan: p, killed: make(map[string]int), failures: make(chan error, len(p.seats)+len(p.helpers)+8)}
	t.source = &source{outage: p.outages, news: make(chan struct{}, 1)}
	fill, err := t.fill()
	if err != nil {
		return nil, err
	}
	media, err := t.mediaOptions()
	if err != nil {
		return nil, err
	}
	if t.media, err = tool.Start(ctx, media); err != nil {
		return nil, err
	}
	defer t.media.Stop()
	publishing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	group.Go(func() { t.publish(publishing, fill) })
	defer t.dismiss()
	if err := t.hire(ctx); err != nil {
		return nil, err
	}
	listening, deaf := context.WithCancel(publishing)
	defer deaf()
	if o.Compare > 0 {
		t.listen(listening, &group)
	}
	result, err := t.conduct(ctx)
	if err != nil || !result.Whole || o.Baseline == 0 {
		return result, err
	}
	deaf()
	t.dismiss() // nothing runs beside what is measured
	result.Ways, err = t.direct(ctx, result)
	return result, err
}

// say prints a line of what begins now.
func (t *trial) say(format string, args ...any) {
	if t.opts.Out != nil {
		fmt.Fprintf(t.opts.Out, format+"\n", args...)
	}
}

// hire starts the crew, and the source in it.
func (t *trial) hire(ctx context.Context) error {
	c, err := t.serverConfig()
	if err != nil {
		return err
	}
	t.source.call = ServeCall{Config: c, Patient: liveWithin}
	for i := range t.opts.Crew {
		h, err := hire(t.opts.Worker, t.opts.Dir, fmt.Sprintf("viewers-%d", i+1))
		if err != nil {
			return err
		}
		t.crew = append(t.crew, h)
	}
	return t.serve(ctx)
}

// dismiss ends the crew, the viewers first.
func (t *trial) dismiss() {
	var group sync.WaitGroup
	for _, h := range t.crew {
		group.Go(h.dismiss)
	}
	group.Wait()
	if t.source.hand != nil {
		t.source.hand.dismiss()
	}
}

// conduct lets everything happen, and measures.
func (t *trial) conduct(ctx context.Context) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t.say("%s join a live stream, for %v", t.plan.who(), t.plan.sim.Duration)
	calling, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer t.calls.Wait()
	defer cancel()
	t.began = time.Now()
	t.used, t.fedBefore = newMeter(t), t.fed(calling)
	if err := t.play(ctx, calling); err != nil {
		return nil, err
	}
	measuring, late := context.WithTimeout(calling, tooSlow)
	defer late()
	result, err := t.measure(measuring)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("%w: %d viewers are too many for this machine, they have not answered for %v: lower viewers.count or stream.bitrate",
			ErrScenario, len(t.plan.seats), tooSlow)
	}
	return result, err
}

// play runs the plan until it is over or ctx ends. Calls go on until calling ends.
func (t *trial) play(ctx, calling context.Context) error {
	const beat = time.Second
	next, holds := beat, heldEvery
	joined, struck, murdered := 0, 0, 0
	for _, st := range t.plan.helpers {
		t.join(calling, st)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		now := time.Since(t.began)
		turn, mayJoin, err := t.turn(calling, now)
		if err != nil {
			return err
		}
		for ; mayJoin && joined < len(t.plan.seats) && t.plan.seats[joined].at <= now; joined++ {
			t.join(calling, t.plan.seats[joined])
		}
		for ; struck < len(t.plan.faults) && when(t.plan.faults[struck]) <= now; struck++ {
			t.strike(calling, t.plan.faults[struck])
		}
		for ; murdered < len(t.plan.plugins) && t.plan.plugins[murdered] <= now; murdered++ {
			t.killPlugin(calling)
		}
		if now >= next {
			next = now.Truncate(beat) + beat // one beat too late is not made up for
			t.sample(calling, joined)
			if now >= holds {
				holds = now + heldEvery
				_ = t.hold(calling) // the next is as good
			}
			if err := t.deserted(); err != nil {
				return err
			}
		}
		if now >= t.plan.sim.Duration {
			return nil
		}
		wake := min(next, turn, t.plan.sim.Duration)
		if mayJoin && joined < len(t.plan.seats) {
			wake = min(wake, t.plan.seats[joined].at)
		}
		if struck < len(t.plan.faults) {
			wake = min(wake, when(t.plan.faults[struck]))
		}
		if murdered < len(t.plan.plugins) {
			wake = min(wake, t.plan.plugins[murdered])
		}
		timer.Reset(wake - time.Since(t.began))
		select {
		case <-ctx.Done():
			return nil
		case err := <-t.failures:
			return err
		case <-t.source.news:
		case <-t.source.exited():
			return errors.New("trial: the source has ended: " + t.logOf(t.source.hand))
		case <-timer.C:
		}
	}
}

// deserted says which process with viewers has ended.
func (t *trial) deserted() error {
	for _, h := range t.crew {
		select {
		case <-h.exited:
			return fmt.Errorf("trial: %s has ended: %s", h.name, t.logOf(h))
		default:
		}
	}
	return nil
}

// logOf is where to read why a process of the crew has ended.
func (t *trial) logOf(h *hand) string { return filepath.Join(t.opts.Dir, h.name+".log") + " says why" }

// handOf is the process of a viewer.
func (t *trial) handOf(id int) *hand { return t.crew[id%len(t.crew)] }

// call calls a process and does not wait; a failure ends the trial.
func (t *trial) call(ctx context.Context, h *hand, method string, question any) {
	t.calls.Go(func() {
		var answer Nothing
		t.fail(ctx, h.call(ctx, method, question, &answer))
	})
}

// fail ends the trial with the failure of a call, unless ctx has ended.
func (t *trial) fail(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	select {
	case t.failures <- fmt.Errorf("trial: %w", err):
	default: // there are enough to end it
	}
}
