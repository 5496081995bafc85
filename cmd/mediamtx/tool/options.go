package tool

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Listener says whether one of MediaMTX's optional servers runs.
type Listener int

// The zero value is Off: a test gets RTSP and the control API and no more.
const (
	Off Listener = iota
	On
)

// Options describe one MediaMTX process. Dir is needed; everything else has a
// default.
type Options struct {
	// Dir holds the generated mediamtx.yml and mediamtx.log, nothing else. It
	// must exist, belong to this server alone, and outlive it. A second Start in
	// the same folder overwrites the config and appends to the log.
	Dir string

	// Bin is the binary to run; default: the answer of [Path].
	Bin string

	// Progress receives the build's progress when Bin is empty; default: none.
	Progress io.Writer

	// HLS and WebRTC switch these servers on; default: off. RTMP, SRT, MoQ and
	// MediaMTX's own playback server are always off.
	HLS, WebRTC Listener

	// Paths is YAML that stands under `paths:`, unindented; default
	// "all_others:", by which any path can be published.
	Paths string

	// Auth is YAML that stands under `authInternalUsers:`, unindented; default:
	// everyone may publish and read every path. [ReadableOnly] makes one that
	// hides paths. The control API is open to loopback in any case.
	Auth string

	// Extra is YAML for the top level, such as `readTimeout: 2s`. A key that the
	// generated config sets already is an error of MediaMTX's.
	Extra string

	// StartTimeout bounds the wait for the control API; default 10 s.
	StartTimeout time.Duration
}

func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" {
		return o, errors.New("mediamtx: Options.Dir is empty (name an existing folder for its config and log)")
	}
	if o.Paths == "" {
		o.Paths = "all_others:"
	}
	if o.Auth == "" {
		o.Auth = user("any", "", "publish", "read", "playback")
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = 10 * time.Second
	}
	return o, nil
}

// ReadableOnly returns a value for Options.Auth under which anonymous readers
// may read the given paths and no other, everybody may publish everywhere, and
// user "reader" with password "secret" may read everything. A path that begins
// with a tilde is a regular expression.
func ReadableOnly(paths ...string) string {
	anonymous := user("any", "", "publish")
	for _, p := range paths {
		anonymous += fmt.Sprintf("  - {action: read, path: %q}\n", p)
	}
	return anonymous + user("reader", "secret", "read")
}

// user is one entry of authInternalUsers, for all paths.
func user(name, pass string, actions ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- user: %s\n  pass: %q\n  ips: []\n  permissions:\n", name, pass)
	for _, a := range actions {
		fmt.Fprintf(&b, "  - {action: %s, path: \"\"}\n", a)
	}
	return b.String()
}
