package engine_test

import (
	"strconv"
	"strings"
	"time"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// commands are the words that a story's lines may begin with. Links are numbers, sets of numbers 1,3,5-8.
var commands = map[string]func(s *story, words []string){
	"engine":      (*story).begin,                                                      // engine ROLE [cap=BYTES] [links=N] [restores]
	"describe":    (*story).describe,                                                   // describe
	"epoch":       (*story).nextEpoch,                                                  // epoch N [substreams=S] [parity=PERCENT [spoilt]]: the publisher begins an epoch
	"group":       (*story).group,                                                      // group SIZE [access] [xN]: the publisher makes groups
	"publish":     (*story).publish,                                                    // publish SIZE [access]: the engine, a source, is given a group
	"at":          (*story).at,                                                         // at TIME: time passes
	"up":          (*story).up,                                                         // up LINK ROLE [epoch=N]: a link comes up and its peer says hello
	"link":        (*story).linkOnly,                                                   // link LINK: a link comes up, and its peer says nothing yet
	"down":        (*story).down,                                                       // down LINK
	"chunk":       (*story).chunk,                                                      // chunk LINK GROUP[/INDICES] [forged] [trimmed] [way=MS]
	"hops":        (*story).hops,                                                       // hops LINK HOPS...: a neighbour says how far it is from the source, by substream
	"have":        (*story).have,                                                       // have LINK SET [anchor=N]
	"want":        (*story).wants,                                                      // want LINK SET
	"cancel":      (*story).cancels,                                                    // cancel LINK SET
	"deny":        (*story).denies,                                                     // deny LINK chunks SET [full] | deny LINK substream K [outbid]
	"subscribe":   (*story).subscribes,                                                 // subscribe LINK SET MODE
	"unsubscribe": (*story).unsubscribe,                                                // unsubscribe LINK SET
	"descriptor":  (*story).descriptor,                                                 // descriptor LINK [forged]: a neighbour hands the publisher's over
	"bye":         (*story).byes,                                                       // bye LINK CAUSE
	"garbage":     (*story).garbage,                                                    // garbage LINK COUNT
	"flood":       (*story).flood,                                                      // flood COUNT: a neighbour changes its mind about a substream
	"full":        (*story).full,                                                       // full LINK SET: chunks were not taken
	"leap":        (*story).leap,                                                       // leap TIME: the publisher's media time leaps
	"mute":        func(s *story, w []string) { s.mute[s.link(w[0])] = true },          // mute LINK: it answers no ping any more
	"far":         (*story).farOff,                                                     // far LINK TIME: its round trip, from the next ping on
	"writable":    (*story).writable,                                                   // writable LINK
	"candidate":   (*story).candidate,                                                  // candidate NAME ADDRESS
	"suspect":     func(s *story, w []string) { s.engine.Suspect(s.now, named(w[0])) }, // suspect NAME: the rendezvous says that others accuse it
	"failed":      (*story).failed,                                                     // failed NAME: the dial came to nothing
	"answer":      (*story).answer,                                                     // answer [ACTION [; ACTION]...]: see actions
	"restart":     func(s *story, _ []string) { s.engine.Restart(s.now) },
	"leave":       func(s *story, _ []string) { s.engine.Leave(s.now) },
	"stats":       (*story).stats,
	"show":        func(s *story, w []string) { s.hide(w, false) },
	"hide":        func(s *story, w []string) { s.hide(w, true) },
}

func (s *story) hide(words []string, yes bool) {
	for _, w := range words {
		s.quiet[w] = yes
	}
}

// number is the value of key=value among words, or otherwise.
func (s *story) number(words []string, key string, otherwise uint64) uint64 {
	for _, w := range words {
		if v, ok := strings.CutPrefix(w, key+"="); ok {
			return s.int(v)
		}
	}
	return otherwise
}

func (s *story) int(word string) uint64 {
	n, err := strconv.ParseUint(word, 10, 64)
	if err != nil {
		s.t.Fatalf("line %d: %v", s.line, err)
	}
	return n
}

func (s *story) has(words []string, flag string) bool {
	for _, w := range words {
		if w == flag {
			return true
		}
	}
	return false
}

func (s *story) set(word string) []uint64 {
	var out []uint64
	for _, part := range strings.Split(word, ",") {
		from, to, ranged := strings.Cut(part, "-")
		a := s.int(from)
		b := a
		if ranged {
			b = s.int(to)
		}
		for ; a <= b; a++ {
			out = append(out, a)
		}
	}
	return out
}

func (s *story) mask(word string) (m uint64) {
	for _, k := range s.set(word) {
		m |= 1 << k
	}
	return m
}

func (s *story) link(word string) swarm.LinkID { return swarm.LinkID(s.int(word)) }

func (s *story) role(word string) swarm.Role {
	for _, r := range []swarm.Role{swarm.Source, swarm.Helper, swarm.Viewer} {
		if r.String() == word {
			return r
		}
	}
	s.t.Fatalf("line %d: no role %q", s.line, word)
	return 0
}

func (s *story) mode(word string) swarm.Mode {
	for _, m := range []swarm.Mode{swarm.None, swarm.Lazy, swarm.Eager} {
		if m.String() == word {
			return m
		}
	}
	s.t.Fatalf("line %d: no mode %q", s.line, word)
	return 0
}

func named(name string) (p swarm.PeerID) {
	copy(p[:], name)
	return p
}

func (s *story) begin(w []string) {
	cfg := engine.Config{
		Self: named("me"), Role: s.role(w[0]), Stream: s.desc.StreamID(), Index: 9, Budget: endless{},
		Authentications: sign.Catalogue(), MaxFrame: 1300, MaxLinks: int(s.number(w, "links", 32)), Wall: 1_700_000_000_000_000,
	}
	if s.has(w, "restores") {
		cfg.Restorer = &s.code
	}
	if limit := s.number(w, "cap", 0); limit > 0 {
		cfg.Budget = capped(s.t, limit)
	}
	e, err := engine.New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.engine = e
}

func (s *story) describe([]string) {
	if err := s.engine.Describe(s.now, s.signed()); err != nil {
		s.say("%v", err)
	}
}

func (s *story) nextEpoch(w []string) {
	s.epoch(epoch{
		number: uint32(s.int(w[0])), substreams: int(s.number(w, "substreams", 4)),
		parity: int(s.number(w, "parity", 0)), spoils: s.has(w, "spoilt"),
	})
}

func (s *story) make(w []string) chunk.Group {
	g := chunk.Group{Payload: make([]byte, s.int(w[0]))}
	g.Time, g.Span, g.RandomAccess, g.Born = s.media, 100*ms, s.has(w, "access"), 1_700_000_000_000_000
	s.media += g.Span
	return g
}

func (s *story) group(w []string) {
	count := 1
	for _, x := range w {
		if n, ok := strings.CutPrefix(x, "x"); ok {
			count = int(s.int(n))
		}
	}
	for range count {
		g := s.make(w)
		g.Born += s.media.Microseconds()
		chunks, err := s.author.Seal(nil, &g, s.next)
		if err != nil {
			s.t.Fatal(err)
		}
		s.next += uint64(len(chunks))
		s.chunks = append(s.chunks, chunks)
	}
}

func (s *story) leap(w []string) {
	d, err := time.ParseDuration(w[0])
	if err != nil {
		s.t.Fatalf("line %d: %v", s.line, err)
	}
	s.media += d
}

func (s *story) farOff(w []string) {
	d, err := time.ParseDuration(w[1])
	if err != nil {
		s.t.Fatalf("line %d: %v", s.line, err)
	}
	s.far[s.link(w[0])] = d
}

func (s *story) publish(w []string) {
	if err := s.engine.Publish(s.now, s.make(w), s.author); err != nil {
		s.say("%v", err)
	}
}

func (s *story) at(w []string) {
	t, err := time.ParseDuration(w[0])
	if err != nil {
		s.t.Fatalf("line %d: %v", s.line, err)
	}
	s.pass(t)
}

func (s *story) linkOnly(w []string) {
	s.engine.PeerUp(s.now, engine.Peer{Link: s.link(w[0]), Peer: named("peer" + w[0]), Dialed: scheduler.There})
}

func (s *story) up(w []string) {
	s.linkOnly(w)
	s.control(s.link(w[0]), &swarm.Hello{
		Version: swarm.Version, Stream: s.desc.StreamID(), Role: s.role(w[1]),
		Epoch: uint32(s.number(w, "epoch", uint64(s.desc.Epoch))), MaxLinks: 32,
	})
}

func (s *story) down(w []string) { s.engine.PeerDown(s.now, s.link(w[0]), "lost") }

func (s *story) chunk(w []string) {
	group, which, some := strings.Cut(w[1], "/")
	for _, g := range s.set(group) {
		chunks := s.chunks[g]
		indices := s.set("0-" + strconv.Itoa(len(chunks)-1))
		if some {
			indices = s.set(which)
		}
		for _, i := range indices {
			c, proof := chunks[i], chunks[i].Proof
			if s.has(w, "trimmed") {
				proof = proof[64:]
			}
			frame := swarm.AppendChunk(nil, 1, &c, proof)[1:]
			if s.has(w, "forged") {
				frame[len(frame)-1] ^= 1
			}
			if way := s.number(w, "way", 0); way > 0 { // how long it has taken
				frame = swarm.AppendStamp(frame, uint16((s.now-time.Duration(way)*ms)/(500*time.Microsecond)))
			}
			s.engine.Chunk(s.now, s.link(w[0]), frame)
		}
	}
}
