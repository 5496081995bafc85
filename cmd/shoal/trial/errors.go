package trial

import "errors"

var (
	// ErrScenario means that a trial cannot do what the scenario asks for, or that this machine is too slow for it.
	ErrScenario = errors.New("trial")

	// ErrMedia means that a viewer played out what MediaMTX was not given, or that nothing could be compared.
	ErrMedia = errors.New("trial: what was played out is not what was put in")
)
