package trial

import (
	"context"
	"maps"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/core/swarm"
)

func when(f sim.Fault) time.Duration { return sim.When(f) }

// join lets a viewer or a helper join. One that has no uplink to speak of knows that, as in the simulator.
func (t *trial) join(ctx context.Context, st *seat) {
	st.present = true
	call := JoinCall{
		Viewer: st.id, Role: swarm.Viewer, URL: t.source.join(), Restarts: len(t.plan.outages) > 0, Transport: t.transport(st.uplink),
		Policy: t.policy(), Isolation: config.Inline, Vice: st.vice,
	}
	if st.class.Kind == sim.Helper {
		call.Role = swarm.Helper
	}
	if st.record {
		call.Record = t.kept()
	}
	if st.process {
		call.Isolation = config.Process
	}
	switch u := &st.class.Uplink; {
	case u.Cap > 0:
		call.Uplink = config.Rate(8 * u.Cap)
	case u.Idle():
		call.Uplink = config.Rate(8 * budget.MinCap)
	}
	t.joining.Add(1)
	t.calls.Go(func() {
		var answer Nothing
		t.fail(ctx, t.handOf(st.id).call(ctx, "Join", call, &answer))
		t.joining.Add(-1)
		t.source.tell()
	})
}

// strike lets a fault happen. Viewers whose plugins are processes neither die nor slow down.
func (t *trial) strike(ctx context.Context, f sim.Fault) {
	switch f := f.(type) {
	case sim.Kill:
		t.end(ctx, t.plan.draw(f.Share, inline(t.plan.present())), Dies)
	case sim.Leave:
		t.end(ctx, t.plan.draw(f.Share, t.plan.present()), Leaves)
	case sim.Slow:
		t.slow(ctx, t.plan.draw(f.Share, inline(t.plan.present())), f.Rate)
	case sim.FreeRide:
		t.corrupt(ctx, t.plan.corrupt(f.Share, sim.RidesFree))
	case sim.Poison:
		if t.poison.began == 0 {
			t.poison.began = max(f.At, 1)
		}
		t.corrupt(ctx, t.plan.corrupt(f.Share, sim.Poisons))
	}
}

// inline are those viewers that run their plugins themselves.
func inline(list []*seat) []*seat {
	var all []*seat
	for _, st := range list {
		if !st.process {
			all = append(all, st)
		}
	}
	return all
}

// byHand calls f with the numbers of those of the viewers that each process runs.
func (t *trial) byHand(list []*seat, f func(h *hand, ids []int, seats []*seat)) {
	for i, h := range t.crew {
		var ids []int
		var seats []*seat
		for _, st := range list {
			if st.id%len(t.crew) == i {
				ids, seats = append(ids, st.id), append(seats, st)
			}
		}
		if len(ids) > 0 {
			f(h, ids, seats)
		}
	}
}

func (t *trial) end(ctx context.Context, list []*seat, how End) {
	for _, st := range list {
		st.present, st.ended, st.left = false, true, time.Now()
	}
	t.byHand(list, func(h *hand, ids []int, _ []*seat) { t.call(ctx, h, "End", EndCall{ids, how}) })
}

func (t *trial) corrupt(ctx context.Context, list []*seat) {
	var here []*seat
	for _, st := range list {
		if st.present { // the others bring their vice along
			here = append(here, st)
		}
	}
	t.byHand(here, func(h *hand, ids []int, seats []*seat) { t.call(ctx, h, "Vice", ViceCall{ids, seats[0].vice}) })
}

func (t *trial) slow(ctx context.Context, list []*seat, times float64) {
	for _, st := range list {
		if st.uplink == 0 {
			st.uplink = uint64(t.plan.sim.WireRate())
		}
		st.uplink = max(uint64(times*float64(st.uplink)), sim.None)
	}
	t.byHand(list, func(h *hand, ids []int, seats []*seat) {
		call := ImpairCall{Viewers: ids}
		for _, st := range seats {
			call.Impair = append(call.Impair, t.plan.network(st.uplink).String())
		}
		t.call(ctx, h, "Impair", call)
	})
}

// killPlugin kills the process of a plugin of the source or of a viewer, whosoever it is. While the source is down, nobody's.
func (t *trial) killPlugin(ctx context.Context) {
	hands := t.crew
	if t.source.live() {
		hands = append([]*hand{t.source.hand}, t.crew...)
	}
	h, pick := hands[t.plan.random.IntN(len(hands))], t.plan.random.Uint64()
	t.calls.Go(func() {
		var answer KillPluginAnswer
		if err := h.call(ctx, "KillPlugin", KillPluginCall{pick}, &answer); err == nil && answer.Kind != "" { // else its process has just ended
			t.mu.Lock()
			t.killed[answer.Kind]++
			t.mu.Unlock()
		}
	})
}

// kills are the processes of plugins that were killed so far, by kind.
func (t *trial) kills() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.killed)
}
