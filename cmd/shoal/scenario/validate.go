package scenario

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/yaml"
	"github.com/shoal-live/shoal/core/chunk"
)

// What one run may have.
const (
	mostViewers = 1_000_000
	mostStreams = 16
)

// wrong is what is wrong with a key; nil when nothing is.
type wrong struct{ key, what string }

// validate checks what a type cannot say.
func (s *Scenario) validate(keys *yaml.Keys, policies []string) error {
	checks := []*wrong{
		within("duration", s.Duration, time.Second, 24*time.Hour),
		within("stream.bitrate", s.Stream.Bitrate, 8_000, 1_000_000_000),
		within("stream.chunkSize", s.Stream.ChunkSize, 100, chunk.MaxPayload),
		within("stream.group", s.Stream.Group, time.Millisecond, 10*time.Second),
		within("stream.gop", s.Stream.GOP, s.Stream.Group, time.Minute),
		within("stream.keyFrame", s.Stream.KeyFrame, 0.01, 1000),
		within("source.copies", s.Source.Copies, 1, 16),
		within("helpers.count", s.Helpers.Count, 0, 10_000),
		within("viewers.count", s.Viewers.Count, 1, mostViewers),
		within("viewers.resourceIndex", s.Viewers.ResourceIndex, 0, 100),
		within("network.latency.median", s.Network.Latency.Median, time.Millisecond, 10*time.Second),
		within("network.latency.sigma", s.Network.Latency.Sigma, 0, 3),
		within("network.latency.min", s.Network.Latency.Min, 0, 10*time.Second),
		within("network.jitter", s.Network.Jitter, 0, 10*time.Second),
		within("network.loss", s.Network.Loss, 0, 0.5),
	}
	if s.Helpers.Uplink == (Rate{}) {
		checks = append(checks, bad("helpers.uplink", "is 0: a helper only relays; give it a rate, 50M or 10x"))
	}
	if len(s.Streams) > mostStreams {
		checks = append(checks, bad("streams", "are %d, at most %d can be had", len(s.Streams), mostStreams))
	}
	for i, p := range s.Streams {
		key := fmt.Sprintf("streams[%d].", i)
		checks = append(checks, within(key+"weight", p.Weight, 0, 1000))
		if p.Bitrate != 0 {
			checks = append(checks, within(key+"bitrate", p.Bitrate, 8_000, 1_000_000_000))
		}
	}
	checks = append(checks, s.checkUplinks(), s.checkJoins())
	for i := range s.Faults {
		checks = append(checks, s.Faults[i].check(fmt.Sprintf("faults[%d]", i), s.Duration), s.checkOutage(i), s.checkRepeat(i))
	}
	if len(s.Policy) == 0 {
		checks = append(checks, bad("policy", "names none (have: %s)", strings.Join(policies, ", ")))
	}
	for i := range s.Policy {
		checks = append(checks, s.Policy[i].check(s.policyKey(i), policies))
	}
	for _, w := range checks {
		if w != nil {
			return keys.Errorf(w.key, "%s", w.what)
		}
	}
	for _, check := range []func() *wrong{s.checkGroups, s.checkRates} { // for which all else must be right
		if w := check(); w != nil {
			return keys.Errorf(w.key, "%s", w.what)
		}
	}
	return nil
}

func bad(key, format string, args ...any) *wrong { return &wrong{key, fmt.Sprintf(format, args...)} }

func within[T cmp.Ordered](key string, v, least, most T) *wrong {
	if v < least || v > most {
		return bad(key, "%v is not in %v..%v", v, least, most)
	}
	return nil
}

func (s *Scenario) policyKey(i int) string {
	if len(s.Policy) == 1 {
		return "policy"
	}
	return fmt.Sprintf("policy[%d]", i)
}

func (p *Policy) check(key string, policies []string) *wrong {
	switch {
	case p.Path != "" || slices.Contains(policies, p.Name):
		return nil
	case p.Name == "":
		return bad(key, "has neither a name (have: %s) nor the path of an executable", strings.Join(policies, ", "))
	}
	return bad(key, "no policy %q (have: %s; an executable is written {path: ./mine})", p.Name, strings.Join(policies, ", "))
}

func (s *Scenario) checkUplinks() *wrong {
	all := 0.0
	for i, u := range s.Viewers.Uplinks {
		all += float64(u.Share)
		if w := within(fmt.Sprintf("viewers.uplinks[%d].rate", i), u.Rate.Times, 0, 1000); w != nil {
			return w
		}
	}
	if math.Abs(all-1) > 0.001 {
		return bad("viewers.uplinks", "the shares are %.4g%% together, not 100%%", 100*all)
	}
	return nil
}

func (s *Scenario) checkJoins() *wrong {
	if len(s.Join) == 0 {
		return bad("join", "is empty: nobody would join (write {over: 5s})")
	}
	counted, rest := 0, 0
	for i, j := range s.Join {
		key := "join"
		if len(s.Join) > 1 {
			key = fmt.Sprintf("join[%d]", i)
		}
		if w := within(key+".count", j.Count, 0, s.Viewers.Count); w != nil {
			return w
		}
		if j.At >= s.Duration || j.Over >= s.Duration-j.At {
			return bad(key, "at %v over %v reaches beyond the run: make it end before duration, which is %v", j.At, j.Over, s.Duration)
		}
		counted += j.Count
		if j.Count == 0 {
			rest++
		}
	}
	switch {
	case rest > 1:
		return bad("join", "%d entries say no count; one may, for all viewers that are left", rest)
	case counted > s.Viewers.Count || rest == 0 && counted < s.Viewers.Count:
		return bad("join", "%d viewers join, and viewers.count is %d: change either, or leave one entry's count out for all that are left", counted, s.Viewers.Count)
	}
	return nil
}

func (f *Fault) check(key string, duration time.Duration) *wrong {
	switch {
	case f.At >= duration:
		return bad(key+".at", "%v is not before the end of the run: duration is %v", f.At, duration)
	case f.Kill == 0 && f.Leave == 0 && f.FreeRiders == 0 && f.Poison == 0 && f.Slow.Share == 0 && f.SourceDown == 0 && f.Churn == 0 && f.Plugins == 0:
		return bad(key, "says nothing: give a share with kill, leave, churn, freeRiders, poison or slow, a time with sourceDown, or a number with plugins, {at: 15s, kill: 20%%}")
	case f.Slow.Share > 0 && f.Slow.Rate <= 0:
		return bad(key+".slow.rate", "is 0: say how much of the uplink stays, {share: 5%%, rate: 0.2x}")
	}
	return within(key+".slow.rate", f.Slow.Rate, 0, 1000)
}
