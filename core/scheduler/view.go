package scheduler

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// View is what a policy knows: a fold of all changes since the last snapshot, and of the policy's own actions. A
// policy may keep one, or a fold of its own.
//
//	func (p *policy) Step(b *scheduler.Batch) scheduler.Answer {
//		p.view.Apply(b)            // what has happened
//		actions := p.decide()
//		p.view.Did(actions)        // what will have happened, unless it is refused
//		return scheduler.Answer{Revision: b.Revision, Actions: actions}
//	}
//
// All that View hands out is its own, to be read only, and valid until the next Apply or Did. It keeps nothing of
// the batch. Its zero value knows nothing. Not safe for concurrent use.
type View struct {
	Revision uint64        // of the last batch
	Now      time.Duration // of the last batch
	Stream   Stream
	Capacity Capacity
	Repair   Repair // in force
	Links    []*Link
	Known    []*Known   // candidates, in order of their introduction; at most MaxKnown, the oldest are forgotten
	Pushes   [][]Target // by substream: the Push in force
	Held     Holding

	ids   []swarm.LinkID // of Links
	blank struct {       // of links that have none of their own: never changed
		feeds []Feed
		asks  []Ask
	}
}

// MaxKnown is how many candidates a View remembers: a few times as many as a peer has links. Nobody who is being dialed is forgotten,
// and the source is not.
const MaxKnown = 64

// Link is what a View knows of one link.
type Link struct {
	Link     swarm.LinkID
	Peer     swarm.PeerID
	Role     swarm.Role
	Dialed   Side
	MaxLinks uint32
	Since    time.Duration // when it came up, or was first seen in a snapshot
	Status   swarm.Status
	StatusAt time.Duration // when Status last changed; a claim long unchanged may be stale
	LinkMeasured
	Feeds    []Feed    // by substream: what the neighbour gives us
	Asks     []Ask     // by substream: what the neighbour wants of us
	Announce Every     // the Announce in force; 0 for none
	Holds    Holding   // as the neighbour last said; empty without Watch
	in       [3]uint64 // by mode: substreams of Feeds
	out      [3]uint64 // by mode: substreams of Asks
	owns     owns      // which of Feeds and Asks are the link's own
}

// owns says what of a link is its own, and not the view's blank: most neighbours neither give nor want anything.
type owns struct{ feeds, asks bool }

// Feed is our subscription to one substream of a neighbour.
type Feed struct {
	Since    time.Duration // when Mode was set
	Lateness time.Duration // behind the first copy or offer, mean over a second; see Samples
	SampleAt time.Duration // when it was measured: nothing is told of a second in which nothing came
	Silent   time.Duration // how long it had been silent when that was told; 0 once anything comes again
	DeniedAt time.Duration // when it was last denied; 0 for never
	Samples  int32         // that Lateness rests on; 0 when it was not measured
	Mode     swarm.Mode
	Flows    bool         // a chunk has been pushed since, and it is not silent; what the neighbour merely announces does not count
	Outbid   bool         // it will end: the neighbour gives the seat to another
	Denied   swarm.Reason // of the last denial
}

// Ask is a neighbour's subscription to one substream of ours.
type Ask struct {
	Mode  swarm.Mode
	From  uint64        // lowest chunk wanted
	Since time.Duration // when it was asked for
}

// Known is a candidate.
type Known struct {
	swarm.Candidate
	FailedAt time.Duration // when the last of the Failures was
	Failures int32         // dials in a row that came to nothing, and links that lasted less than Brief; a longer one counts alone
	Dialing  bool          // a Connect is under way
}

// Brief is how long a link must last so as to count as a success: who has no room says so only after the greeting.
const Brief = 10 * time.Second

// Holding is a set of chunks that somebody holds; Base and Words as in chunk.Window.
type Holding struct {
	Base  uint64
	Words []uint64
}

// Has reports whether n is held.
func (h *Holding) Has(n uint64) bool {
	i := n - h.Base
	return n >= h.Base && i/64 < uint64(len(h.Words)) && h.Words[i/64]&(1<<(i%64)) != 0
}

func (h *Holding) set(base uint64, words []uint64) {
	h.Base, h.Words = base, append(h.Words[:0], words...)
}

// In is the set of substreams that the neighbour gives us in mode: bit k is substream k.
func (l *Link) In(mode swarm.Mode) uint64 { return l.in[mode] }

// Out is the set of substreams that the neighbour has asked us for in mode: bit k is substream k.
func (l *Link) Out(mode swarm.Mode) uint64 { return l.out[mode] }

// All is the set of all substreams.
func (v *View) All() uint64 {
	if v.Stream.Substreams >= chunk.MaxSubstreams {
		return 1<<64 - 1
	}
	return 1<<max(v.Stream.Substreams, 0) - 1
}

// Link finds a link that is up; nil when there is none of that id.
func (v *View) Link(id swarm.LinkID) *Link {
	if i, ok := v.search(id); ok {
		return v.Links[i]
	}
	return nil
}

// LinkTo finds the first link to peer; nil when there is none.
func (v *View) LinkTo(peer swarm.PeerID) *Link {
	for _, l := range v.Links {
		if l.Peer == peer {
			return l
		}
	}
	return nil
}

// Candidate finds a candidate; nil when peer was not introduced.
func (v *View) Candidate(peer swarm.PeerID) *Known {
	for _, k := range v.Known {
		if k.Peer == peer {
			return k
		}
	}
	return nil
}

// search finds a link's place in Links, which ascends by id.
func (v *View) search(id swarm.LinkID) (int, bool) {
	return slices.BinarySearch(v.ids, id)
}

// substreams lists those of set that the stream has.
func (v *View) substreams(set uint64, do func(k int)) {
	for k := range v.Stream.Substreams {
		if k < chunk.MaxSubstreams && set&(1<<k) != 0 {
			do(k)
		}
	}
}

// feed is a place of Feeds to be changed; nil when there is none.
func (l *Link) feed(k int) *Feed {
	if k < 0 || k >= len(l.Feeds) {
		return nil
	}
	if !l.owns.feeds {
		l.Feeds, l.owns.feeds = make([]Feed, len(l.Feeds)), true
	}
	return &l.Feeds[k]
}

// feed sets the mode of a subscription of ours.
func (v *View) feed(l *Link, k int, mode swarm.Mode) {
	if k < 0 || k >= len(l.Feeds) || mode > swarm.Eager || l.Feeds[k].Mode == mode {
		return
	}
	f := l.feed(k)
	l.in[f.Mode] &^= 1 << k
	l.in[mode] |= 1 << k
	f.Outbid = false
	f.Mode, f.Since, f.Flows, f.Silent, f.Samples, f.Lateness = mode, v.Now, false, 0, 0, 0
}

// ask sets the mode of a neighbour's subscription.
func (v *View) ask(l *Link, k int, a Ask) {
	if k < 0 || k >= len(l.Asks) || a.Mode > swarm.Eager {
		return
	}
	l.out[l.Asks[k].Mode] &^= 1 << k
	l.out[a.Mode] |= 1 << k
	if !l.owns.asks {
		if a == (Ask{}) {
			return
		}
		l.Asks, l.owns.asks = make([]Ask, len(l.Asks)), true
	}
	l.Asks[k] = a
}

// unpush takes a link off the Push of substream k.
func (v *View) unpush(k int, link swarm.LinkID) {
	if k < 0 || k >= len(v.Pushes) {
		return
	}
	v.Pushes[k] = slices.DeleteFunc(v.Pushes[k], func(t Target) bool { return t.Link == link })
}
