package sim

import "errors"

// ErrConfig means that a configuration cannot be simulated; the text names the field.
var ErrConfig = errors.New("bad simulation")
