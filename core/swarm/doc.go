// Package swarm holds who takes part in a stream and what peers say to one
// another: PeerID and Role, the records by which peers are introduced, the
// messages of the protocol, and their wire form.
//
// # Wire form
//
// A frame is one message, or on the control channel a bundle of them, see TypeBundle. Frames on a link's control channel
// arrive reliably and in order, frames on its chunk channel in any order or not at all. Numbers are unsigned varints
// (LEB128, as encoding/binary writes them) unless a width is given; "bytes" is a varint length and that many bytes.
//
//	frame   = index type body [extension]
//	index     varint      the sender's number for the stream; Hello binds it to a StreamID, per link and direction
//	type      1 byte      see the Type constants
//	body                  by type, as the table in wire.go says
//	extension             whatever follows the body is ignored: a later version may add fields
//
// The package is pure. Parsed messages alias the frame that they were parsed from.
package swarm
