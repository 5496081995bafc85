package chunk

import "errors"

var (
	// ErrFormat means that bytes or text do not have the layout they should: the sender is broken or hostile.
	ErrFormat = errors.New("malformed")
	// ErrLimit means that a value is over a stated limit: refuse it and count it, the rest may be fine.
	ErrLimit = errors.New("over the limit")
	// ErrSignature means that a signature or proof does not match: drop the peer that sent it.
	ErrSignature = errors.New("signature does not match")
)
