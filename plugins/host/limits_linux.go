package host

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// holdsLimits: this platform holds them.
const holdsLimits = true

// slackMemory is what a process may map beyond twice its limit, in bytes: the kernel's own bound counts what was asked for,
// used or not, and is there for what grows faster than the guard looks.
const slackMemory = 512 << 20

// oomScore makes the kernel take a plugin before the host when the machine is out of memory: one is started again.
const oomScore = "300"

// bound sets what the kernel itself holds of a process's limits. What it refuses is left to the guard.
func bound(pid int, l Limits, log *slog.Logger) {
	files := uint64(l.files())
	set := func(name string, resource int, most uint64) {
		var now unix.Rlimit
		err := unix.Prlimit(pid, resource, nil, &now)
		if err == nil {
			most = min(most, now.Max)
			err = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil)
		}
		if err != nil {
			log.Debug("limit not set", "limit", name, "error", err)
		}
	}
	set("files", unix.RLIMIT_NOFILE, files)
	set("core", unix.RLIMIT_CORE, 0) // a core holds the node's key
	if l.Memory > 0 {
		set("memory", unix.RLIMIT_DATA, 2*l.Memory+slackMemory)
	}
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte(oomScore), 0) // better, and no more
}

// limitEnvironment tells a Go plugin what it has: it collects garbage, and starts threads, accordingly.
func limitEnvironment(l Limits) []string {
	var env []string
	if l.Memory > 0 {
		env = append(env, "GOMEMLIMIT="+strconv.FormatUint(l.Memory/10*9, 10))
	}
	if l.CPU > 0 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(max(1, int(l.CPU+0.99))))
	}
	return env
}

// The capabilities that a plugin may have, where the host has them.
const (
	capDACOverride    = 1  // to read an operator's files
	capNetBindService = 10 // to listen on a low port
	capNetAdmin       = 12 // to make a UDP socket's buffers as large as QUIC needs them
)

// confine takes from the calling thread, and from all that it starts, what no plugin needs: privileges that a file could
// give, and most of what root may. Without privileges there are none to take.
func confine() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	for c := range uintptr(unix.CAP_LAST_CAP + 1) {
		if c == capDACOverride || c == capNetBindService || c == capNetAdmin {
			continue
		}
		if unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) != nil {
			return nil // not ours to drop, which is as well
		}
	}
	return nil
}
