package budget

import "errors"

// ErrConfig means that a figure of the configuration cannot be used: trying again will not help.
var ErrConfig = errors.New("bad budget configuration")
