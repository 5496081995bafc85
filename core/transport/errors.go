package transport

import "errors"

var (
	// ErrAddress means that an address cannot be used: not parsed, not of this transport, or not to be bound.
	ErrAddress = errors.New("unusable address")
	// ErrClosed means that the transport has ended.
	ErrClosed = errors.New("transport closed")
	// ErrNoLink means that the link does not exist, or not any more.
	ErrNoLink = errors.New("no such link")
	// ErrFull means that a bounded queue has no room.
	ErrFull = errors.New("queue full")
	// ErrTooLong means that a frame exceeds its channel's limit.
	ErrTooLong = errors.New("frame too long")
	// ErrPeerClosed means that the other end closed the link.
	ErrPeerClosed = errors.New("closed by the peer")
	// ErrTimeout means that nothing was heard from the other end for too long.
	ErrTimeout = errors.New("timed out")
	// ErrIdentity means that the other end is not the peer that was dialed, or could not prove who it is.
	ErrIdentity = errors.New("identity not proved")
)
