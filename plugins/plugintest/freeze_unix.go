//go:build unix

package plugintest

import "syscall"

// Freeze stops every process of the rig where it is, as one that has vanished: it says nothing more, and nobody closes
// its connections. It tells how many there were.
func (r *Rig) Freeze() int {
	n := 0
	for _, s := range r.host.Plugins() {
		for _, pid := range s.PIDs {
			if syscall.Kill(pid, syscall.SIGSTOP) == nil {
				n++
			}
		}
	}
	return n
}
