//go:build race

package host

// instrumented is for plugins of a host with the race detector in it, which are tests that run themselves. As such a process
// ends it sleeps for a second, for races that show late; nobody reads what it would say then, and every Close waits for it.
const instrumented = "GORACE=atexit_sleep_ms=0"
