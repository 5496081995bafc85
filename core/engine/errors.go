package engine

import (
	"errors"

	"github.com/shoal-live/shoal/core/swarm"
)

var (
	// ErrConfig means that the Config is wrong: the text names the field.
	ErrConfig = errors.New("bad engine configuration")
	// ErrStream means that a descriptor is of another stream.
	ErrStream = errors.New("descriptor of another stream")
	// ErrStale means that a descriptor is not newer than the one held: nothing is to be done.
	ErrStale = errors.New("descriptor is not newer")
	// ErrRole means that only a source can do this.
	ErrRole = errors.New("not a source")
	// ErrNoDescriptor means that no descriptor is known yet: Describe comes first.
	ErrNoDescriptor = errors.New("no descriptor")
	// ErrOrder means that a group does not follow the one before it: a new epoch is needed.
	ErrOrder = errors.New("group out of order")
	// ErrAuthentication means that a descriptor names a method that this peer does not understand.
	ErrAuthentication = errors.New("unknown authentication method")
)

func isStale(err error) bool       { return errors.Is(err, ErrStale) }
func isUnknownType(err error) bool { return errors.Is(err, swarm.ErrUnknownType) }
