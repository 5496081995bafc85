package simulate

import "errors"

// ErrPolicy means that the process of a policy failed in the middle of a run, which then proves nothing; the text says how.
var ErrPolicy = errors.New("the policy's process failed")
