package impair

import (
	"errors"
	"net"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// sender writes packets to the socket: neighbours of one destination as one message, all messages of a round at once.
// It belongs to the Conn's goroutine.
type sender struct {
	conn     *net.UDPConn
	batch    *ipv4.PacketConn // writes both IP versions
	header   []byte
	alone    bool   // the socket cannot segment
	rounds   uint64 // begun
	messages []ipv4.Message
	trains   []train // of messages
}

// train is the packets of one message.
type train struct {
	packets []*packet
	size    int // bytes of each but the last
	bytes   int
	ended   bool // the last is shorter
	oob     [controlRoom + 32]byte
}

const (
	maxTrain      = 32     // packets; every kernel takes 64
	maxTrainBytes = 60_000 // every kernel takes 65507
)

func newSender(conn *net.UDPConn) *sender {
	return &sender{conn: conn, batch: ipv4.NewPacketConn(conn), header: segmentHeader()}
}

func (s *sender) send(round []*packet) (r result) {
	s.rounds++
	s.trains = s.trains[:0]
	for _, p := range round {
		s.couple(p)
	}
	s.pack()
	for done := 0; done < len(s.messages); {
		n, err := s.batch.WriteBatch(s.messages[done:], 0)
		for i := range max(n, 0) {
			r.sent += uint64(len(s.trains[done+i].packets))
			r.writes++
		}
		done += max(n, 0)
		if errors.Is(err, net.ErrClosed) {
			break
		}
		if err != nil && done < len(s.messages) {
			s.retry(&s.trains[done], err, &r)
			done++
		}
	}
	s.forget()
	return r
}

// couple puts a packet into the last train of its destination if the kernel could have cut it from there, and into one of
// its own otherwise.
func (s *sender) couple(p *packet) {
	d := p.to
	if d.batch == s.rounds && !s.alone {
		t := &s.trains[d.message]
		if !t.ended && len(t.packets) < maxTrain && t.bytes+len(p.data) <= maxTrainBytes && len(p.data) <= t.size &&
			len(p.data) > 0 && t.packets[0].control == p.control {
			t.packets = append(t.packets, p)
			t.bytes += len(p.data)
			t.ended = len(p.data) < t.size
			return
		}
	}
	d.batch, d.message = s.rounds, len(s.trains)
	if len(s.trains) < cap(s.trains) {
		s.trains = s.trains[:len(s.trains)+1]
	} else {
		s.trains = append(s.trains, train{})
	}
	t := &s.trains[len(s.trains)-1]
	t.packets = append(t.packets[:0], p)
	t.size, t.bytes, t.ended = len(p.data), len(p.data), false
}

// pack makes messages of trains.
func (s *sender) pack() {
	s.messages = s.messages[:cap(s.messages)]
	for len(s.messages) < len(s.trains) {
		s.messages = append(s.messages, ipv4.Message{})
	}
	s.messages = s.messages[:len(s.trains)]
	for i := range s.trains {
		t, m := &s.trains[i], &s.messages[i]
		m.Buffers = m.Buffers[:0]
		for _, p := range t.packets {
			m.Buffers = append(m.Buffers, p.data)
		}
		m.Addr = t.packets[0].to.addr
		m.OOB = append(t.oob[:0], t.packets[0].control.oob()...)
		if len(t.packets) > 1 {
			m.OOB = appendSegmentSize(m.OOB, s.header, t.size)
		}
	}
}

// retry sends a message that the kernel refused packet by packet. One of a single packet gets its second chance too, for
// the first write of a new socket may be refused without a cause (golang/go issue 63322).
func (s *sender) retry(t *train, err error, r *result) {
	if len(t.packets) > 1 && errors.Is(err, unix.EIO) { // the device has no checksums, without which nothing is segmented
		s.alone = true
	}
	alone(s.conn, t.packets, r)
}

// forget lets go of the packets, which belong to others from now on.
func (s *sender) forget() {
	for i := range s.trains {
		clear(s.trains[i].packets)
		clear(s.messages[i].Buffers)
	}
}
