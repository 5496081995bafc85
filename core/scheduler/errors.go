package scheduler

import "errors"

// ErrParameter means that a policy's parameter has no such name or value: the config is wrong.
var ErrParameter = errors.New("bad policy parameter")
