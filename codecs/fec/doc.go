// Package fec makes the parity chunks of groups, and restores groups from any of their chunks that are as many as the data
// chunks: a Reed-Solomon code, systematic and maximum distance separable, by Cauchy matrices.
//
// # Layout
//
// A group has Data data chunks and Parity parity chunks, n is the length of its first slice, and the last data chunk counts
// as padded to n with zeros. Byte k of parity chunk r, which has index Data+r, is the sum over all data chunks c of
//
//	1/((Data+r) xor c) * byte k of chunk c
//
// in the field of 256 elements with the polynomial x^8+x^4+x^3+x^2+1. It has 256 points, so a group of more chunks is coded over
// the field of 65536 elements: n is even there, and symbol k of a chunk is (byte k) + (byte n/2+k)*X, where X^2 = X+32.
// The code follows from the header alone; another one would need a name in the descriptor.
//
// # Why so
//
// The larger field is built upon the smaller, so that both use the same multiplication of slices by a byte, which
// klauspost/reedsolomon has in assembly. Its own 16-bit code wants chunks of a multiple of 64 bytes and keeps tables of 72 MB;
// blocks of 256 chunks would not be restored by any Data chunks of a group. Restoring k chunks inverts the k x k matrix of what
// is lost, which Cauchy matrices do by a formula: nothing is kept between groups, so there is no cache to fill.
//
// # Limits
//
// Those of [chunk.GroupHeader.Restorable]: 127 parity chunks, not more than data chunks, and a bounded product of both with
// their length. So Restore takes at most as much memory as the group has, twice, and some tens of milliseconds (half a
// second in a browser) whatever the publisher says. A Code is not safe for concurrent use.
package fec
