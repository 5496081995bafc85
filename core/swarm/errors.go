package swarm

import "errors"

// ErrUnknownType means that a frame carries a message that this version does not know: ignore it and count it,
// its sender has done no wrong.
var ErrUnknownType = errors.New("unknown message type")
