package host

import "time"

// SkipBackoff lets the next start of every plugin be at once.
func SkipBackoff(h *Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, at := range h.order {
		at.mu.Lock()
		at.notUntil = time.Time{}
		at.mu.Unlock()
	}
}

// OnlyGRPC makes a host offer no data channel to processes that it starts from now on.
func OnlyGRPC(h *Host) { h.onlyGRPC = true }
