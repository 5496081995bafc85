package impair

// packet is one that is held. Packets are used again.
type packet struct {
	to      *destination
	data    []byte // in buffer, or beyond it where that is too short
	control control
	buffer  [packetRoom]byte
}

const (
	packetRoom  = 1280 // bytes that most packets need at most
	controlRoom = 64   // bytes: a source address and ECN bits of either IP version
)

// control is out-of-band data without the size of segments. It is comparable.
type control struct {
	bytes  [controlRoom]byte
	length int
}

func (c *control) oob() []byte { return c.bytes[:c.length] }

func (p *packet) fill(to *destination, b []byte, c control) {
	p.to, p.control = to, c
	p.data = append(p.buffer[:0], b...)
}

// clear forgets what the packet was, so that it may be used again.
func (p *packet) clear() { p.to, p.data = nil, nil }
