package fec

import "encoding/binary"

// tables multiplies slices by a byte in plain Go, with a row of 256 products for each byte.
type tables struct{ rows *[256][256]byte }

func (t *tables) init(f *octets) {
	t.rows = new([256][256]byte)
	for a := range 256 {
		for b := range 256 {
			t.rows[a][b] = f.product(byte(a), byte(b))
		}
	}
}

func (t *tables) addTo(out []byte, c byte, in []byte) {
	row := &t.rows[c]
	out = out[:len(in)]
	for len(in) >= 8 {
		x := binary.LittleEndian.Uint64(in)
		sum := uint64(row[byte(x)]) | uint64(row[byte(x>>8)])<<8 | uint64(row[byte(x>>16)])<<16 | uint64(row[byte(x>>24)])<<24 |
			uint64(row[byte(x>>32)])<<32 | uint64(row[byte(x>>40)])<<40 | uint64(row[byte(x>>48)])<<48 | uint64(row[x>>56])<<56
		binary.LittleEndian.PutUint64(out, binary.LittleEndian.Uint64(out)^sum)
		in, out = in[8:], out[8:]
	}
	for i, x := range in {
		out[i] ^= row[x]
	}
}
