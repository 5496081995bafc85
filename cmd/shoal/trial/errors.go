package trial

import "errors"

// ErrScenario means that a trial cannot do what the scenario asks for.
var ErrScenario = errors.New("trial")
