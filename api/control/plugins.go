package control

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/shoal-live/shoal/core/report"
)

// Resetter is a State that can close the breaker of a plugin which failed too often.
type Resetter interface {
	// ResetPlugin forgets the failures of a plugin, so that it is started as soon as one is needed. Errors: there is none of that
	// kind and name.
	ResetPlugin(kind, name string) error
}

// resets adds the endpoint that closes a breaker.
func (a api) resets(mux *http.ServeMux) {
	s, ok := a.state.(Resetter)
	if !ok {
		return
	}
	mux.HandleFunc("POST /v3/plugins/reset/{kind}/{name...}", func(w http.ResponseWriter, r *http.Request) {
		if text := strange(r); text != "" {
			fault(w, http.StatusForbidden, text)
			return
		}
		if err := s.ResetPlugin(r.PathValue("kind"), r.PathValue("name")); err != nil {
			fault(w, http.StatusNotFound, err.Error())
			return
		}
		send(w, http.StatusOK, map[string]string{"status": "ok"})
	})
}

// Those of plugins.
var (
	pluginRestarts = desc("plugin_restarts_total", "Times that a plugin was started again.", "kind", "name")
	pluginsRunning = desc("plugins_running", "Plugins that run, inline or as a process.", "kind", "name")
	pluginBroken   = desc("plugin_breaker_open", "1 while a plugin is not started since it failed too often.", "kind", "name")
	pluginMisses   = desc("plugin_health_misses_total", "Health checks of plugin processes that were not answered.", "kind", "name")
	pluginCalls    = desc("plugin_call_seconds", "Calls of plugin processes that were answered or given up: an instance opened, a policy's step, a dial, a health check.", "kind", "name")
)

// callBounds are upper bounds in seconds, from a call within one machine to one that is given up.
var callBounds = [...]float64{0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5}

// plugins sends one row for each kind and name, however many processes there are.
func (e emitter) plugins(list []Plugin) {
	type key struct{ kind, name string }
	sums := make(map[key]*Plugin)
	running := make(map[key]int)
	for i := range list {
		p := &list[i]
		k := key{p.Kind, p.Name}
		if p.State == "running" || p.State == "inline" {
			running[k]++
		}
		s := sums[k]
		if s == nil {
			s = &Plugin{}
			sums[k] = s
		}
		s.Restarts += p.Restarts
		s.HealthMisses += p.HealthMisses
		s.BreakerSeconds = max(s.BreakerSeconds, p.BreakerSeconds)
		s.Latency.Merge(&p.Latency)
	}
	for k, s := range sums { // order-free: a scrape is sorted
		e.value(pluginRestarts, counter, float64(s.Restarts), k.kind, k.name)
		e.value(pluginsRunning, gauge, float64(running[k]), k.kind, k.name)
		e.value(pluginBroken, gauge, truth(s.BreakerSeconds > 0), k.kind, k.name)
		e.value(pluginMisses, counter, float64(s.HealthMisses), k.kind, k.name)
		if s.Latency.Count() > 0 { // else it is inline, where nobody counts
			e.calls(&s.Latency, k.kind, k.name)
		}
	}
}

func (e emitter) calls(h *report.Histogram, kind, name string) {
	buckets := make(map[float64]uint64, len(callBounds))
	for _, b := range callBounds {
		buckets[b] = h.AtMost(int64(b * 1e6))
	}
	valid := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
	if m, err := prometheus.NewConstHistogram(pluginCalls, h.Count(), h.Sum()/1e6, buckets, valid(kind), valid(name)); err == nil {
		e <- m
	}
}
