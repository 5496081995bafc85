package fec

// field is the arithmetic of a code's symbols. Addition is xor in all of them.
type field interface {
	mul(a, b uint16) uint16
	// inv is 1/a; a is not 0.
	inv(a uint16) uint16
	// addTo adds c times in to out, which is a whole slice; in may be shorter and counts as padded with zeros.
	addTo(out []byte, c uint16, in []byte)
}

const (
	polynomial = 0x11d // x^8 + x^4 + x^3 + x^2 + 1
	square     = 0x20  // X^2 + X + square has no root among the bytes
)

// octets is the field of 256 elements: a symbol is a byte.
type octets struct {
	log      [256]byte
	exp      [2 * 255]byte // of sums of two logarithms
	multiply multiplier
}

func newOctets() *octets {
	f := new(octets)
	x := 1
	for i := range 255 {
		f.exp[i], f.exp[i+255], f.log[x] = byte(x), byte(x), byte(i)
		if x <<= 1; x > 255 {
			x ^= polynomial
		}
	}
	f.multiply.init(f)
	return f
}

func (f *octets) product(a, b byte) byte {
	if a == 0 || b == 0 {
		return 0
	}
	return f.exp[int(f.log[a])+int(f.log[b])]
}

func (f *octets) inverse(a byte) byte { return f.exp[255-int(f.log[a])] }

func (f *octets) mul(a, b uint16) uint16 { return uint16(f.product(byte(a), byte(b))) }

func (f *octets) inv(a uint16) uint16 { return uint16(f.inverse(byte(a))) }

func (f *octets) addTo(out []byte, c uint16, in []byte) { f.multiply.addTo(out, byte(c), in) }

// pairs is the field of 65536 elements over that of 256: a symbol is lo + hi*X.
type pairs struct {
	*octets
	inverses []uint16 // of 0..MaxChunks-1, from which no xor of two indices escapes
}

func newPairs(f *octets, points int) *pairs {
	p := &pairs{octets: f, inverses: make([]uint16, points)}
	for a := 1; a < points; a++ {
		p.inverses[a] = p.invert(uint16(a))
	}
	return p
}

func (f *pairs) mul(a, b uint16) uint16 {
	a0, a1, b0, b1 := byte(a), byte(a>>8), byte(b), byte(b>>8)
	high := f.product(a1, b1)
	low := f.product(a0, b0)
	return uint16(low^f.product(high, square)) | uint16(f.product(a0^a1, b0^b1)^low)<<8
}

// invert divides the conjugate, in which X+1 stands for X, by the norm, which is a byte.
func (f *pairs) invert(a uint16) uint16 {
	a0, a1 := byte(a), byte(a>>8)
	norm := f.inverse(f.product(a0, a0^a1) ^ f.product(square, f.product(a1, a1)))
	return uint16(f.product(a0^a1, norm)) | uint16(f.product(a1, norm))<<8
}

func (f *pairs) inv(a uint16) uint16 {
	if int(a) < len(f.inverses) {
		return f.inverses[a]
	}
	return f.invert(a)
}

func (f *pairs) addTo(out []byte, c uint16, in []byte) {
	half := len(out) / 2
	c0, c1 := byte(c), byte(c>>8)
	lo := in[:min(half, len(in))]
	hi := in[len(lo):]
	f.multiply.addTo(out[:half], c0, lo)
	f.multiply.addTo(out[half:], c1, lo)
	if len(hi) > 0 {
		f.multiply.addTo(out[:half], f.product(c1, square), hi)
		f.multiply.addTo(out[half:], c0^c1, hi)
	}
}
