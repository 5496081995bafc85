package trial

import (
	"errors"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"

	"github.com/shoal-live/shoal/api/control"
)

// Held tells what this process holds.
func (c *Calls) Held(_ Nothing, answer *Held) error {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	answer.Goroutines, answer.Live = runtime.NumGoroutine(), live[0].Value.Uint64()
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if list, err := os.ReadDir(dir); err == nil {
			answer.Descriptors = len(list) - 1 // one reads the folder
			break
		}
	}
	return nil
}

// KillPlugin kills a plugin's process, the one that Pick chooses of those that run.
func (c *Calls) KillPlugin(call KillPluginCall, answer *KillPluginAnswer) error {
	var all []control.Plugin
	for _, v := range c.w.all() { // order-free: they are sorted below
		c.w.mu.Lock()
		over := v.over
		c.w.mu.Unlock()
		if !over {
			all = append(all, v.viewer.Plugins()...)
		}
	}
	c.w.mu.Lock()
	server := c.w.server
	c.w.mu.Unlock()
	if server != nil {
		all = append(all, server.Plugins()...)
	}
	all = slices.DeleteFunc(all, func(p control.Plugin) bool { return p.PID == 0 || p.State != "running" })
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b control.Plugin) int { return a.PID - b.PID })
	p := all[call.Pick%uint64(len(all))]
	answer.Kind = p.Kind
	process, err := os.FindProcess(p.PID)
	if err != nil {
		return err
	}
	if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return process.Release()
}
