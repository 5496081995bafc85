package usage

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// clockTick is the unit of processor time in /proc: 10 ms, whatever the kernel was built with.
const clockTick = 10 * time.Millisecond

// Self is what this process takes.
func Self() Used { return Of(os.Getpid()) }

// Of is what the process pid takes; zero when it does not run.
func Of(pid int) Used {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return Used{}
	}
	all := make(map[int]Used)
	children := make(map[int][]int)
	for _, path := range paths {
		line, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		if s, ok := parseStat(line); ok {
			all[s.pid] = Used{CPU: s.cpu, Resident: s.pages * uint64(os.Getpagesize())}
			children[s.parent] = append(children[s.parent], s.pid)
		}
	}
	var sum Used
	for left := []int{pid}; len(left) > 0; {
		one := left[0]
		left = append(left[1:], children[one]...)
		used, ok := all[one]
		if !ok {
			continue
		}
		used.Largest = max(peak(one), used.Resident)
		sum.Add(used)
	}
	return sum
}

// peak is the most memory that a process has ever held, in bytes; 0 when it has ended.
func peak(pid int) uint64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseUint(string(fields[0]), 10, 53) // 0 when it is none
	return 1024 * kilobytes
}

// stat is what a line of /proc/PID/stat says.
type stat struct {
	pid, parent int
	cpu         time.Duration // of children that were waited for too
	pages       uint64        // in memory
}

// parseStat reads a line of /proc/PID/stat. The name of the program, in parentheses, may hold anything.
func parseStat(line []byte) (s stat, ok bool) {
	const parentField, cpuFields, cpuEnd, pagesField = 1, 11, 15, 21 // of those behind the name, from 0
	head, _, _ := bytes.Cut(line, []byte(" "))
	fields := bytes.Fields(line[bytes.LastIndexByte(line, ')')+1:])
	if len(fields) <= pagesField {
		return stat{}, false
	}
	ok = true
	number := func(text []byte) uint64 {
		n, err := strconv.ParseUint(string(text), 10, 53)
		ok = ok && err == nil
		return n
	}
	s.pid, s.parent, s.pages = int(number(head)), int(number(fields[parentField])), number(fields[pagesField])
	for _, f := range fields[cpuFields:cpuEnd] {
		s.cpu += time.Duration(number(f)) * clockTick
	}
	return s, ok
}
