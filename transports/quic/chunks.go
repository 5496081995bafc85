package quic

import (
	"bufio"
	"context"
	"encoding/binary"

	"github.com/shoal-live/shoal/core/transport"
)

// batch is how many chunk frames are handed to the sink at once, at most.
const batch = 32

// streamBuffer is what the chunk stream is read by, in bytes.
const streamBuffer = 8 << 10

// sendChunk hands one frame on, or reports Full.
func (l *link) sendChunk(f *transport.Frame) {
	if l.gate.take(len(f.Data)) == taken {
		if l.carry(f.Data) {
			return
		}
		l.gate.refuse()
	}
	l.event(transport.Full{Link: l.id, Token: f.Token})
	if l.gate.reported() {
		l.writable()
	}
}

// carry puts a frame that the gate has taken on its way. It answers false where flow control leaves no room.
func (l *link) carry(frame []byte) bool {
	switch l.gate.packing {
	case asPackets:
		l.e.sender.put(l, frame)
	case asStream:
		return l.writeChunk(frame)
	case asDatagrams:
		// The gate keeps quic-go's queue short of where it would block. An error means that the connection has ended.
		_ = l.conn.SendDatagram(frame)
	}
	return true
}

// writeChunk puts a frame into the chunk stream. It answers false where flow control leaves no room.
func (l *link) writeChunk(frame []byte) bool {
	l.streamMu.Lock()
	defer l.streamMu.Unlock()
	l.scratch = binary.AppendUvarint(l.scratch[:0], uint64(len(frame)))
	l.scratch = append(l.scratch, frame...)
	return l.stream.TryWriteAll(l.scratch) == nil
}

// packetLeft is called by the socket.
func (l *link) packetLeft(bytes int) {
	if l.gate.left(bytes) {
		l.writable()
	}
}

func (l *link) writable() { l.event(transport.Writable{Links: []transport.LinkID{l.id}}) }

// receiveChunks reads chunk frames, by the mode that the other end sends them in, until the connection ends.
func (l *link) receiveChunks() error {
	switch l.hello.chunks {
	case asStream:
		return l.receiveStream()
	case asDatagrams:
		return l.receiveDatagrams()
	case asPackets: // the socket delivers them
	}
	<-l.conn.Context().Done()
	return nil
}

// receiveDatagrams takes whatever has arrived at once: a wake-up costs more than a frame.
func (l *link) receiveDatagrams() error {
	ended, end := context.WithCancel(context.Background())
	end() // a context that has ended asks for what is there already
	frames := make([]transport.Received, 0, batch)
	for {
		data, err := l.conn.ReceiveDatagram(context.Background())
		for err == nil {
			if len(data) <= maxChunk {
				frames = append(frames, transport.Received{Link: l.id, Channel: transport.Chunk, Data: data})
			}
			if len(frames) == batch {
				break
			}
			data, err = l.conn.ReceiveDatagram(ended)
		}
		if len(frames) > 0 {
			l.e.sink.Received(frames)
			clear(frames)
			frames = frames[:0]
		}
		if l.conn.Context().Err() != nil {
			return err
		}
	}
}

// receiveStream takes frames from the other end's chunk stream.
func (l *link) receiveStream() error {
	s, err := l.conn.AcceptUniStream(context.Background())
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(s, streamBuffer)
	frames := make([]transport.Received, 0, batch)
	for {
		data, err := readFrame(r, maxChunk)
		if err == nil {
			frames = append(frames, transport.Received{Link: l.id, Channel: transport.Chunk, Data: data})
		}
		if len(frames) > 0 && (err != nil || len(frames) == batch || r.Buffered() < maxChunk+2) {
			l.e.sink.Received(frames)
			clear(frames)
			frames = frames[:0]
		}
		if err != nil {
			return err
		}
	}
}
