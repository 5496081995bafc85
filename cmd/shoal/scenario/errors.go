package scenario

import "errors"

// ErrScenario means that a scenario is wrong; the text names file, line, key and remedy.
var ErrScenario = errors.New("scenario")
