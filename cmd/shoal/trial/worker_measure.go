package trial

import (
	"errors"

	"github.com/shoal-live/shoal/cmd/shoal/trial/baseline"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/core/swarm"
)

// Sample measures all viewers together.
func (c *Calls) Sample(call SampleCall, answer *Sample) error {
	if call.Poison {
		answer.Neighbours = make(map[swarm.PeerID]int)
	}
	for _, v := range c.w.all() { // order-free: sums
		if v.role == swarm.Helper {
			continue
		}
		c.w.mu.Lock()
		final, over := v.final.Peer, v.over
		c.w.mu.Unlock()
		if over {
			answer.Due += final.GroupsDue
			answer.Complete += final.GroupsComplete
			answer.Delay.Merge(&final.Delay)
			continue
		}
		st, ok := v.stats()
		if !ok || len(st.Streams) == 0 {
			continue
		}
		e := &st.Streams[0].Engine
		if e.Playing {
			answer.Playing++
		}
		answer.Due += e.Groups.Due
		answer.Complete += e.Groups.Complete
		answer.Delay.Merge(&e.Delay)
		answer.MostLinks = max(answer.MostLinks, st.Links)
		switch {
		case !call.Poison:
		case sim.Vice(v.carrier.vice.Load()) == sim.Poisons:
			answer.Poisoners = append(answer.Poisoners, v.viewer.Node().Self())
		default:
			for i := range e.Links {
				answer.Neighbours[e.Links[i].Peer]++
			}
		}
	}
	return nil
}

// Measure measures each viewer and helper.
func (c *Calls) Measure(_ Nothing, answer *[]Measured) error {
	for id, v := range c.w.all() { // order-free: the conductor sorts
		c.w.mu.Lock()
		final, over := v.final, v.over
		c.w.mu.Unlock()
		if !over {
			final = v.measure(id)
		}
		*answer = append(*answer, final)
	}
	return nil
}

// measure is what a viewer has measured so far.
func (v *viewer) measure(id int) Measured {
	m := Measured{Viewer: id}
	if st, ok := v.stats(); ok {
		m.Peer, _ = st.Peer(v.viewer.Name()) // one without figures never played
	}
	if v.epochs != nil {
		m.Played = v.epochs.played()
	}
	select {
	case <-v.ended:
		if v.failed != nil {
			m.Failed = v.failed.Error()
		}
	default:
	}
	return m
}

// stats asks the node, which does not answer when it has ended before it began.
func (v *viewer) stats() (node.Stats, bool) {
	answer := make(chan node.Stats, 1)
	go func() {
		defer close(answer)
		if st, err := v.viewer.Node().Stats(); err == nil {
			answer <- st
		}
	}()
	select {
	case st, ok := <-answer:
		return st, ok
	case <-v.ended:
		return node.Stats{}, false
	}
}

// Source measures the source.
func (c *Calls) Source(_ Nothing, answer *Source) error {
	c.w.mu.Lock()
	server := c.w.server
	c.w.mu.Unlock()
	if server == nil {
		return errors.New("no source here")
	}
	st, err := server.Stats()
	if err != nil {
		return err
	}
	answer.Sent, answer.Most1s, answer.Published = st.Sent, st.Most1s, st.Published(streamName)
	answer.Peer, _ = st.Peer(streamName)
	for i := range st.Streams {
		if st.Streams[i].Name == streamName {
			answer.Ingest = st.Streams[i].Ingest
		}
	}
	return nil
}

// Recordings answers what those viewers whose frames are kept have played out.
func (c *Calls) Recordings(_ Nothing, answer *[]Recorded) error {
	for id, v := range c.w.all() { // order-free: the conductor sorts
		if v.output != nil {
			*answer = append(*answer, Recorded{id, v.output.Recording()})
		}
	}
	return nil
}

// Baseline lets readers read MediaMTX itself, and answers when it has measured them.
func (c *Calls) Baseline(call BaselineCall, answer *BaselineAnswer) error {
	result, err := baseline.Run(c.w.ctx, baseline.Options{
		Way: call.Way, URL: call.URL, Readers: call.Readers, Join: call.Join, For: call.For, Server: call.Server, Log: c.w.log,
	})
	if err != nil {
		return err
	}
	answer.Way, answer.Result = call.Way, *result
	if result.Err != nil {
		answer.Failed, answer.Result.Err = result.Err.Error(), nil
	}
	return nil
}
