// Package usage measures what processes take of the machine.
package usage

import "time"

// Used is what a process and all that it has started take. Where the system does not say, it is zero.
type Used struct {
	CPU      time.Duration // user and system, of those that have ended and were waited for too
	Resident uint64        // bytes that those that run hold now, together
	Largest  uint64        // bytes that the largest of them has ever held
}

// Add adds what others take.
func (u *Used) Add(o Used) {
	u.CPU += o.CPU
	u.Resident += o.Resident
	u.Largest = max(u.Largest, o.Largest)
}
