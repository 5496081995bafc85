package host

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/shoal-live/shoal/plugins/bridge"
)

// notStarted says in one line why there was no handshake, and what to do. Errors: ErrStart; ErrClosed.
func (p *process) notStarted(err error) error {
	if errors.Is(err, ErrClosed) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %s: %s", ErrStart, &p.spec, p.noHandshake(err.Error()))
}

// noHandshake puts go-plugin's words into ones for an operator.
func (p *process) noHandshake(text string) string {
	const doubt = "; is it a Shoal plugin?"
	build := fmt.Sprintf(", this program version %d; build it with the SDK of this release, or upgrade Shoal", bridge.Protocol)
	first, _, _ := strings.Cut(text, "\n")
	switch {
	case strings.Contains(text, "ncompatible core API version"):
		return "it says another handshake than go-plugin's first; build it with the Shoal SDK"
	case strings.Contains(text, "ncompatible API version"):
		its := "another version"
		if m := regexp.MustCompile(`Plugin version: (\d+)`).FindStringSubmatch(text); m != nil {
			its = "version " + m[1]
		}
		return "it speaks " + its + " of the plugin protocol" + build
	case strings.HasPrefix(text, "Error parsing protocol version"):
		return "it says no version of the plugin protocol" + build
	case strings.HasPrefix(text, "timeout"):
		return fmt.Sprintf("it did not say the handshake within %v%s", p.host.cfg.Start, doubt)
	case strings.Contains(text, "Failed to read any lines"), strings.Contains(text, "exited before"):
		switch how := p.ended(causePatience / 2); {
		case how == nil:
			return "it closed its output before the handshake" + doubt
		case p.cmd.logs.cause() == "": // it has not told why itself
			return "it ended before the handshake: " + how.Error() + doubt
		default:
			return "it ended before the handshake: " + how.Error()
		}
	case strings.HasPrefix(text, "Unrecognized remote plugin message: "):
		said := strings.TrimPrefix(first, "Unrecognized remote plugin message: ")
		if strings.HasPrefix(said, "1|") {
			if how := p.ended(causePatience / 2); how != nil {
				return "it ended during the handshake: " + how.Error()
			}
		}
		return fmt.Sprintf("it said %q instead of the handshake%s", said[:min(len(said), 100)], doubt)
	case strings.HasPrefix(text, "unsupported plugin protocol"), strings.HasPrefix(text, "Unsupported plugin protocol"):
		return "it does not speak gRPC; build it with the Shoal SDK"
	case strings.Contains(text, "exec format error"):
		return "it is no program of this machine; build it for this one, or begin a script with #!"
	}
	return first
}

// ended is how the process ended, nil when it has not within patience.
func (p *process) ended(patience time.Duration) error {
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-p.cmd.exited:
	case <-t.C:
		return nil
	}
	if err := p.exit(); err != nil {
		return err
	}
	return p.cmd.status()
}
