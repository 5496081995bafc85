//go:build amd64 || arm64

package fec

import "github.com/klauspost/reedsolomon"

// multiplier is the assembly of klauspost/reedsolomon, which uses what vectors the processor has.
type multiplier struct{ low reedsolomon.LowLevel }

func (*multiplier) init(*octets) {}

func (m *multiplier) addTo(out []byte, c byte, in []byte) { m.low.GalMulSliceXor(c, in, out) }
