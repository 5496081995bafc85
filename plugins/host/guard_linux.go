package host

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

const (
	guardCPU    = 20 * time.Millisecond  // between two looks at the processor time of a process with a limit
	guardMemory = 200 * time.Millisecond // at memory
	guardFiles  = time.Second            // at descriptors
	burstCPU    = time.Second            // of the limit that may be saved up
	tellHeld    = time.Minute            // between two log lines about a process that is held up
	spareFiles  = 8                      // descriptors of the limit that count as used: what needs several at once fails before the last
)

// guard holds what the kernel does not: it kills a process that uses more memory than its limit or all its descriptors,
// and holds up one that uses more processor time, by stopping it as the kernel's own bandwidth control would.
func (p *process) guard(ctx context.Context) {
	g := guard{process: p, limits: p.spec.Limits}
	every := guardFiles
	if g.limits.Memory > 0 {
		every = guardMemory
	}
	if g.limits.CPU > 0 {
		every = guardCPU
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			pid := p.cmd.pid()
			if pid == 0 || p.over() {
				continue
			}
			if err := g.look(pid, now); err != nil {
				p.kill(err)
				return
			}
		}
	}
}

type guard struct {
	process *process
	limits  Limits

	group       []int // the process and what it has started, as last seen
	groupLooked time.Time
	filesLooked time.Time
	filesFull   int // looks in a row that found all descriptors used

	cpuLooked time.Time
	used      map[int]time.Duration // processor time by process
	allowance time.Duration         // of processor time: below zero it is stopped until it has earned that
	stopped   bool
	held      time.Duration // stopped since told
	told      time.Time
}

// look is one look. Errors: why the process must go.
func (g *guard) look(pid int, now time.Time) error {
	if (g.limits.Memory > 0 || g.limits.CPU > 0) && now.Sub(g.groupLooked) >= guardMemory {
		g.groupLooked = now
		g.group = groupOf(pid)
		var sum uint64
		for _, one := range g.group {
			sum += memoryOf(one)
		}
		if most := g.limits.Memory; most > 0 && sum > most {
			return fmt.Errorf("it uses %d MiB of memory, more than its limit of %d MiB; raise limits.memory if it needs that",
				sum>>20, most>>20)
		}
	}
	if now.Sub(g.filesLooked) >= guardFiles {
		g.filesLooked = now
		if n := filesOf(pid); n < g.limits.files()-spareFiles {
			g.filesFull = 0
		} else if g.filesFull++; g.filesFull >= 2 {
			return fmt.Errorf("it has used up its limit of %d open files: does it leak them? Else raise limits.files", g.limits.files())
		}
	}
	if g.limits.CPU > 0 {
		g.holdCPU(pid, now)
	}
	return nil
}

// holdCPU stops the process while it has used more than it has earned.
func (g *guard) holdCPU(pid int, now time.Time) {
	if g.used == nil {
		g.used, g.cpuLooked, g.told, g.allowance = map[int]time.Duration{}, now, now, g.earned(burstCPU)
	}
	since := now.Sub(g.cpuLooked)
	g.cpuLooked = now
	g.allowance += g.earned(since)
	seen := make(map[int]time.Duration, len(g.group))
	for _, one := range g.group {
		used, ok := cpuOf(one)
		if !ok {
			continue // it has ended
		}
		g.allowance -= used - min(g.used[one], used)
		seen[one] = used
	}
	g.used = seen
	g.allowance = min(g.allowance, g.earned(burstCPU))
	if g.stopped {
		g.held += since
	}
	if over := g.allowance < 0; over != g.stopped {
		g.stopped = over
		signal := syscall.SIGCONT
		if over {
			signal = syscall.SIGSTOP
		}
		_ = syscall.Kill(-pid, signal) // it may have ended
	}
	if g.held > 0 && now.Sub(g.told) >= tellHeld {
		g.process.log.Warn("plugin is held to its limit; raise limits.cpu if it needs more",
			"cores", g.limits.CPU, "held", g.held.Round(time.Millisecond), "of", now.Sub(g.told).Round(time.Second))
		g.told, g.held = now, 0
	}
}

// earned is the processor time that the limit gives in some time.
func (g *guard) earned(d time.Duration) time.Duration {
	return time.Duration(float64(d) * g.limits.CPU)
}
