package rendezvous

import (
	"crypto/ed25519"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// room is the swarm of one stream as this server knows it: who publishes, who is here, and the newest descriptor. What
// a join, a leave or a report costs does not depend on how many members there are. The server's lock guards it.
type room struct {
	name      string
	id        chunk.StreamID
	publisher ed25519.PublicKey
	signed    []byte // newest descriptor, nil before the first
	packed    []byte // it, as it travels
	epoch     uint32
	tracks    []chunk.Track // of that epoch
	bitrate   uint64        // bits of media per second, as expected; 0 when unknown
	news      frame         // it, as a message
	head      []byte        // of the joined message: all that is equal for everybody, without the closing brace
	members   map[swarm.PeerID]*member
	roles     [swarm.Viewer + 1][]*member // the same, by role, for picking at random
	empty     time.Time                   // since when it has no source
	advice    *Advice                     // of the source; nil without
	jury      swarm.Jury
	born      time.Time // the jury's time 0
}

// member is one peer in a room.
type member struct {
	peer     swarm.PeerID
	role     swarm.Role
	room     *room
	conn     *conn
	joined   time.Time
	report   node.Statistics
	reported time.Time
	offered  time.Time // when it was last introduced to others
	position int       // in room.roles
	intro    []byte    // it as a candidate, JSON; nil while it has no address
	standing *swarm.Standing
	punch    []byte // the message by which others open their NATs towards it; nil without a public address
}

func newRoom(name string, publisher ed25519.PublicKey) *room {
	r := &room{name: name, id: chunk.NewStreamID(publisher, name), publisher: publisher, members: make(map[swarm.PeerID]*member), born: time.Now()}
	r.describe(nil, &chunk.Descriptor{})
	return r
}

// describe sets the newest descriptor: as it was signed, and what it says.
func (r *room) describe(signed []byte, d *chunk.Descriptor) {
	r.signed, r.packed = signed, pack(signed)
	r.epoch, r.tracks, r.bitrate = d.Epoch, d.Tracks, d.Bitrate
	r.news = encode(&message{Type: "descriptor", Descriptor: r.packed})
	head := marshal(&message{Type: "joined", Name: r.name, Stream: r.id.String(), Publisher: swarm.PeerID(r.publisher).Text(), Descriptor: r.packed})
	r.head = head[:len(head)-1]
}

func (r *room) add(m *member) {
	list := &r.roles[m.role]
	m.room, m.position = r, len(*list)
	*list = append(*list, m)
	r.members[m.peer] = m
}

func (r *room) remove(m *member) {
	m.standing.Part()
	delete(r.members, m.peer)
	list := &r.roles[m.role]
	last := len(*list) - 1
	(*list)[m.position] = (*list)[last]
	(*list)[m.position].position = m.position
	(*list)[last] = nil
	*list = (*list)[:last]
}

func (r *room) live() bool { return len(r.roles[swarm.Source]) > 0 }

// candidates picks at most count others for m that can be dialed: sources, a share of helpers, and viewers at random.
func (r *room) candidates(m *member, count int) []*member {
	count = min(max(count, 1), MaxCandidates)
	picked := pick(make([]*member, 0, count), r.roles[swarm.Source], m, min(count, 4))
	if m.standing.Accused(r.now()) {
		return picked // sources take no chunks
	}
	picked = pick(picked, r.roles[swarm.Helper], m, len(picked)+(count-len(picked)+3)/4)
	picked = pick(picked, r.roles[swarm.Viewer], m, count)
	picked = pick(picked, r.roles[swarm.Helper], m, count)
	for _, o := range picked {
		m.standing.Meet(o.standing)
	}
	return picked
}

// pick appends members of list at random until there are most.
func pick(picked, list []*member, m *member, most int) []*member {
	if len(list) == 0 {
		return picked
	}
	// A few misses are cheaper than shuffling a large list; a small one is walked from a random place.
	tries, at := 8*MaxCandidates, rand.IntN(len(list))
	walk := len(list) <= tries
	now := m.room.now()
	for i := 0; i < min(tries, len(list)) && len(picked) < most; i++ {
		o := list[(at+i)%len(list)]
		if !walk {
			o = list[rand.IntN(len(list))]
		}
		if o != m && o.intro != nil && !o.standing.Accused(now) && !slices.Contains(picked, o) {
			picked = append(picked, o)
		}
	}
	return picked
}

// appendCandidates writes the list of candidates of a message, as JSON.
func appendCandidates(b []byte, list []*member) []byte {
	size := 32
	for _, m := range list {
		size += len(m.intro) + 1
	}
	b = slices.Grow(b, size)
	b = append(b, `"candidates":[`...)
	for i, m := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, m.intro...)
	}
	return append(b, ']')
}

// reach sets where a member can be dialed.
func (m *member) reach(addresses []swarm.Address) {
	m.intro, m.punch = nil, nil
	if len(addresses) == 0 {
		return
	}
	m.intro = marshal(candidate{Peer: m.peer.Text(), Role: m.role.String(), Addresses: addresses})
	if open := global(addresses); len(open) > 0 {
		m.punch = marshal(&message{Type: "punch", Addresses: open})
	}
}

// global are the addresses that lie beyond a NAT: those of this machine or this network need no punching.
func global(list []swarm.Address) []swarm.Address {
	return slices.DeleteFunc(slices.Clone(list), func(a swarm.Address) bool {
		_, rest, _ := strings.Cut(string(a), ":")
		at, err := netip.ParseAddrPort(rest)
		if err != nil {
			return true
		}
		ip := at.Addr().Unmap()
		return !ip.IsGlobalUnicast() || ip.IsPrivate()
	})
}
