package demo

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// clockTick is the unit of processor time in /proc: 10 ms, whatever the kernel was built with.
const clockTick = 10 * time.Millisecond

// childrenUsage is the processor time of the processes that this one started and that still run, and the largest
// memory any of them has, in bytes.
func childrenUsage() (cpu time.Duration, rss uint64) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, 0
	}
	for _, path := range stats {
		line, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		if parent, used, pages, ok := parseStat(line); ok && parent == os.Getpid() {
			cpu += used
			rss = max(rss, pages*uint64(os.Getpagesize()))
		}
	}
	return cpu, rss
}

// parseStat reads a line of /proc/PID/stat. The name of the program, in parentheses, may hold anything.
func parseStat(line []byte) (parent int, cpu time.Duration, pages uint64, ok bool) {
	const parentField, userField, systemField, pagesField = 1, 11, 12, 21 // of those behind the name, from 0
	fields := bytes.Fields(line[bytes.LastIndexByte(line, ')')+1:])
	if len(fields) <= pagesField {
		return 0, 0, 0, false
	}
	number := func(i int) uint64 {
		n, err := strconv.ParseUint(string(fields[i]), 10, 63)
		ok = ok && err == nil
		return n
	}
	ok = true
	cpu = time.Duration(number(userField)+number(systemField)) * clockTick
	return int(number(parentField)), cpu, number(pagesField), ok
}
