package plugincheck

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/plugins/host"
)

// discoverTime is how long an ingest may take to name a source of its own.
const discoverTime = 5 * time.Second

// unsupported is what the name of the case begins with that names a codec.
const unsupported = "unsupported-"

// caseHelp is what a further source must be like. ok is false when there is no such case.
func caseHelp(name string) (help string, ok bool) {
	switch {
	case name == "absent":
		return "one that is not there", true
	case name == "denied":
		return "one that this reader may not read", true
	case name == "ending":
		return "one that ends by itself within 15 s", true
	case name == "changing":
		return "one whose picture changes its size by itself, 3 to 15 s after its start", true
	case name == "stamped":
		return "one that tells when its media was captured, by this machine's clock", true
	case len(name) > len(unsupported) && strings.HasPrefix(name, unsupported):
		return "one with a codec that cannot be carried", true
	}
	return "", false
}

// sources is the harness of an ingest.
func (j *Job) sources(t *testing.T) ingesttest.Harness {
	h := j.rig(t)
	live, why := j.Source, "SKIPPED: give --source URL: a source with video that plays for ever, a key frame at least every 2 s"
	if live == "" && j.Discover {
		var err error
		if live, err = j.discover(t, h); err != nil {
			why = "SKIPPED: it names no source of its own (" + err.Error() + "); give --source URL"
		}
	}
	given := func(name string) func(*testing.T) ingest.Config {
		return func(t *testing.T) ingest.Config {
			source, ok := j.Cases[name]
			if !ok {
				help, _ := caseHelp(name)
				t.Skip("SKIPPED: give --case " + name + "=URL: " + help)
			}
			return ingest.Config{Source: source, Params: j.Params}
		}
	}
	some := live
	if some == "" {
		some = "any"
	}
	return ingesttest.Harness{
		New: func(cfg ingest.Config) (ingest.Ingest, error) { return h.Ingest(context.Background(), j.spec(), cfg) },
		Live: func(t *testing.T) ingest.Config {
			if live == "" {
				t.Skip(why)
			}
			return ingest.Config{Source: live, Params: j.Params}
		},
		Absent:  given("absent"),
		Denied:  given("denied"),
		Stamped: given("stamped"),
		Ending:  func(t *testing.T) (ingest.Config, func()) { return given("ending")(t), func() {} },
		Changing: func(t *testing.T) (ingest.Config, func()) {
			return given("changing")(t), func() {}
		},
		Unsupported: j.otherCodec,
		Bad: map[string]ingest.Config{
			"an unknown parameter": {Source: some, Params: j.merged(map[string]string{unknown: "1"})},
			"a span of an hour":    {Source: some, Params: j.Params, Span: time.Hour},
		},
	}
}

// unknown is a parameter that nobody has.
const unknown = "noSuchParameter"

func (j *Job) otherCodec(t *testing.T) (ingest.Config, string) {
	for name, source := range j.Cases { // order-free: one is as good as another
		if codec, ok := strings.CutPrefix(name, unsupported); ok {
			return ingest.Config{Source: source, Params: j.Params}, codec
		}
	}
	t.Skip("SKIPPED: give --case " + unsupported + "CODEC=URL: one with a codec that cannot be carried, which the error must name")
	return ingest.Config{}, ""
}

// discover asks the plugin for a source that may be read.
func (j *Job) discover(t *testing.T, h *host.Host) (string, error) {
	ctx, stop := context.WithTimeout(t.Context(), discoverTime)
	defer stop()
	d, err := h.Discoverer(ctx, j.spec(), ingest.Config{Params: j.Params})
	if err != nil {
		return "", err
	}
	url, last := "", errors.New("it found none in "+discoverTime.String())
	err = d.Discover(ctx, func(f ingest.Found) {
		for _, s := range f.Sources {
			if url == "" && s.Access == ingest.Public {
				url = s.URL
				stop()
			}
		}
		if f.Err != nil {
			last = f.Err
		}
	})
	switch {
	case url != "":
		return url, nil
	case err != nil:
		return "", err
	}
	return "", last
}
