package swarm

import (
	"slices"
	"time"
)

// The rule by which a rendezvous weighs accusations.
const (
	JurySize   = 3                // accusers of whom no two are one peer or of one origin, until a member is accused
	wordFor    = time.Minute      // that an accusation counts
	accusedFor = 5 * time.Minute  // that a member stays accused
	wordEvery  = 10 * time.Second // between two accusations by one member
	wordBurst  = 4                // that it may make at once
	introduced = 64               // others that are remembered as introduced to a member; the oldest is forgotten
	JuryTells  = 1024             // members that hear of one who is accused: those introduced to it, and others at random
	innocent   = 8                // at most one in so many members is accused, and one more; the first of them is forgiven
)

// Standing is what a rendezvous keeps of a member of one stream to weigh what members say of each other.
type Standing struct {
	Peer   PeerID
	Role   Role
	Origin string // the network that it comes from, of which one voice counts; "" where that says nothing

	met   []*Standing   // introduced to it; a ring once it is full
	next  int           // place in met
	words []word        // against it, fewer than JurySize
	free  time.Duration // when it may make as many accusations as at first
	until time.Duration // accused
}

// word is an accusation.
type word struct {
	by     PeerID
	origin string
	at     time.Duration
}

// Accused reports whether a member is to be introduced to nobody.
func (s *Standing) Accused(now time.Duration) bool { return s.until > now }

// Meet notes that o is introduced to s. It changes s alone.
func (s *Standing) Meet(o *Standing) {
	switch {
	case slices.Contains(s.met, o):
	case len(s.met) < introduced:
		s.met = append(s.met, o)
	default:
		s.met[s.next] = o
		s.next = (s.next + 1) % introduced
	}
}

// Met are those introduced to s, whom it may dial. The list is the standing's own.
func (s *Standing) Met() []*Standing { return s.met }

// Part forgets whom a member has met, which is of no more use when it has left.
func (s *Standing) Part() { s.met, s.next = nil, 0 }

// Jury weighs accusations among the members of one stream. A member that has had a forged chunk knows who sent it; to
// everybody else that is a word, for chunks are not signed by who relays them. So it takes several who may know, and costs
// the accused no more than being introduced. What liars can do is bounded: they must have been introduced to the accused
// or it to them, few accusations are heard of one, those of one origin count once and those of an accused not at all, and
// only a share of all members is accused at a time. Times are of one clock, whichever it is. Not safe for concurrent use.
type Jury struct {
	accused []*Standing // in the order in which they came to be
}

// Accuse takes a word against a member, and reports whether that makes it accused.
func (j *Jury) Accuse(now time.Duration, by, of *Standing, members int) bool {
	switch {
	case by == of, of.Role == Source, of.Accused(now), by.Accused(now):
		return false
	case !slices.Contains(of.met, by) && !slices.Contains(by.met, of):
		return false
	case !by.may(now):
		return false
	}
	of.words = slices.DeleteFunc(of.words, func(w word) bool {
		return now-w.at >= wordFor || w.by == by.Peer || w.origin == by.Origin && w.origin != ""
	})
	of.words = append(of.words, word{by.Peer, by.Origin, now})
	if len(of.words) < JurySize {
		return false
	}
	of.words, of.until = nil, now+accusedFor
	j.prune(now)
	if len(j.accused) > members/innocent {
		j.accused[0].until = 0
		j.accused = slices.Delete(j.accused, 0, 1)
	}
	j.accused = append(j.accused, of)
	return true
}

// may takes one of the accusations that a member may make.
func (s *Standing) may(now time.Duration) bool {
	free := max(s.free, now)
	if free > now+(wordBurst-1)*wordEvery {
		return false
	}
	s.free = free + wordEvery
	return true
}

// Recall is the standing of a peer that is still accused, though it has left; nil when there is none.
func (j *Jury) Recall(now time.Duration, p PeerID) *Standing {
	j.prune(now)
	for _, s := range j.accused {
		if s.Peer == p {
			return s
		}
	}
	return nil
}

func (j *Jury) prune(now time.Duration) {
	j.accused = slices.DeleteFunc(j.accused, func(s *Standing) bool { return !s.Accused(now) })
}
