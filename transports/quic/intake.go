package quic

import (
	"net"

	"golang.org/x/net/ipv4"

	"github.com/shoal-live/shoal/core/transport"
)

// intake reads the socket in batches, sorts out sealed packets, and keeps the rest until quic-go asks for it. It belongs
// to the one goroutine that reads.
type intake struct {
	batch    *ipv4.PacketConn // reads both IP versions
	messages []ipv4.Message
	kept     []int // indexes of messages for quic-go, not yet given
	sealed   []sealedPacket
}

// sealedPacket is one that has the form of a sealed packet.
type sealedPacket struct {
	tag  uint32
	data []byte
}

const (
	intakeBatch  = 16
	intakeBuffer = 1500 // bytes; what is longer is cut, and no packet of ours
	intakeOOB    = 128  // bytes
)

func (in *intake) init(c *net.UDPConn) {
	in.batch = ipv4.NewPacketConn(c)
	in.messages = make([]ipv4.Message, intakeBatch)
	for i := range in.messages {
		in.messages[i].Buffers = [][]byte{make([]byte, intakeBuffer)}
		in.messages[i].OOB = make([]byte, intakeOOB)
	}
	in.messages = in.messages[:0]
}

// read waits for packets and answers their wire bytes.
func (in *intake) read(flags int) (wire uint64, err error) {
	in.messages = in.messages[:intakeBatch]
	n, err := in.batch.ReadBatch(in.messages, flags)
	in.messages = in.messages[:max(n, 0)]
	for i := range in.messages {
		wire += uint64(in.messages[i].N + headers(in.messages[i].Addr))
	}
	return wire, err
}

// sort answers the sealed packets of what was read; the rest is kept.
func (in *intake) sort() []sealedPacket {
	clear(in.sealed)
	in.sealed, in.kept = in.sealed[:0], in.kept[:0]
	for i := range in.messages {
		m := &in.messages[i]
		data := m.Buffers[0][:m.N]
		if tag, ok := peekTag(data); ok {
			in.sealed = append(in.sealed, sealedPacket{tag, data})
		} else if m.N > 0 {
			in.kept = append(in.kept, i)
		}
	}
	return in.sealed
}

// give copies kept packets to quic-go's messages, as many as fit.
func (in *intake) give(to []ipv4.Message) int {
	n := min(len(to), len(in.kept))
	for i, k := range in.kept[:n] {
		m := &in.messages[k]
		to[i].N = copy(to[i].Buffers[0], m.Buffers[0][:m.N])
		to[i].NN = copy(to[i].OOB, m.OOB[:m.NN])
		to[i].Flags, to[i].Addr = m.Flags, m.Addr
	}
	in.kept = in.kept[n:]
	return n
}

// deliver opens sealed packets and hands the frames of one batch to the sink.
func (e *endpoint) deliver(list []sealedPacket) {
	frames := e.opened[:0]
	for _, p := range list {
		v, ok := e.socket.tags.Load(p.tag)
		if !ok {
			continue
		}
		l := v.(*link)
		frame := l.opener.open(p.data)
		if frame == nil || !l.announced.Load() && l.early.hold(frame) {
			continue
		}
		if l.turn.enter() {
			frames = append(frames, transport.Received{Link: l.id, Channel: transport.Chunk, Data: frame})
			e.entered = append(e.entered, l)
			l.sealedCount.Add(1)
		}
	}
	if len(frames) > 0 {
		e.sink.Received(frames)
	}
	for _, l := range e.entered {
		l.turn.leave()
	}
	clear(frames)
	clear(e.entered)
	e.opened, e.entered = frames[:0], e.entered[:0]
}
