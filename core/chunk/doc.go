// Package chunk holds what peers exchange: the identity of a chunk, the header
// that every chunk carries, the group it is a slice of, the signed descriptor of
// a stream, the window that says which chunks somebody holds, the live store, and
// the contracts of the codecs that authenticate chunks.
//
// A source turns media into groups (one CMAF fragment each), and each group into
// chunks:
//
//	group 41   [==========================================]   Size bytes
//	chunks     [ 903 ][ 904 ][ 905 ][ 906 ]                   Data slices, numbered through the epoch
//	parity                                 [ 907 ][ 908 ]     Total-Data slices, where the stream has parity
//
// The chunk's number says its substream (Number mod S). Every chunk carries the
// whole of its group's header and a proof, so that it can be verified alone, in
// any order, before it is relayed or played.
//
// The package is pure: no clock, no goroutine, no I/O. Nothing in it is safe for
// use by two goroutines at once unless it says so. Slices handed in are kept only
// where the comment says so.
package chunk
