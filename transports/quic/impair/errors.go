package impair

import "errors"

// ErrConfig means that a value is out of its limits or not understood; the text names the key, the value and what is right.
var ErrConfig = errors.New("bad network impairment")
