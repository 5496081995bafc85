package host

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/plugins/bridge"
)

// Config describes a host. Zero means default.
type Config struct {
	// Self is the command that serves a built-in plugin; KIND/NAME is appended. {"/proc/self/exe", "plugin",
	// "serve"} keeps to the running binary even when the file is replaced. Without it built-ins are inline.
	Self    []string
	Builtin []bridge.Plugin // linked in
	Dir     string          // for the private folders of processes, unless its path is too long; default the system's temporary folder
	Environ []string        // KEY=value: what Spec.Env may choose from; default nothing
	Version string          // of this program, told to plugins
	Events  event.Sink      // nil discards
	Log     *slog.Logger    // nil discards
	Start   time.Duration   // from exec to ready at most; default 10 s
}

// Isolation says where an implementation runs.
type Isolation uint8

// The choices.
const (
	Process Isolation = 0 // in a process of its own
	Inline  Isolation = 1 // linked in; only built-ins can be
)

// String is the word in the config.
func (i Isolation) String() string {
	if i == Inline {
		return "inline"
	}
	return "process"
}

// Spec names a plugin and how it is run.
type Spec struct {
	Kind      bridge.Kind
	Name      string // of the built-in; for a file what the config calls it
	Path      string // of the executable; "" for a built-in
	Isolation Isolation
	SHA256    string            // of the file, 64 hexadecimal digits; "" for any
	Args      []string          // of the command
	Env       []string          // names of variables that the process is given
	Params    map[string]string // for instances whose config has none
	Limits    Limits            // of each process
	Standby   Standby           // of a transport
}

// String is kind/name, and the path where there is one; the path alone where only that is known.
func (s *Spec) String() string {
	if s.Kind == 0 && s.Path != "" {
		return s.Path
	}
	if s.Path == "" {
		return s.Kind.String() + "/" + s.Name
	}
	return fmt.Sprintf("%s/%s (%s)", s.Kind, s.Name, s.Path)
}

// key tells specs apart that cannot share a process.
func (s *Spec) key() string {
	return strings.Join([]string{s.Kind.String(), s.Name, s.Path, s.SHA256, strings.Join(s.Args, "\x00"), strings.Join(s.Env, "\x00"), fmt.Sprint(s.Limits), s.Standby.String()}, "\x01")
}

func (c *Config) fill() error {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Events == nil {
		c.Events = func(event.Event) {}
	}
	if c.Start == 0 {
		c.Start = 10 * time.Second
	}
	if c.Start < 0 {
		return fmt.Errorf("%w: Start is %v", ErrSpec, c.Start)
	}
	if c.Dir == "" {
		c.Dir = socketFolder(os.TempDir())
	}
	return nil
}

// longestFolder is how long the path of a folder may be, in bytes, so that the path of a socket in a folder of its own
// below it keeps within the 104 bytes that every system allows.
const longestFolder = 48

// socketFolder is temporary, or a shorter folder where sockets below it would have too long a path.
func socketFolder(temporary string) string {
	if len(temporary) <= longestFolder {
		return temporary
	}
	if info, err := os.Stat("/tmp"); err == nil && info.IsDir() {
		return "/tmp"
	}
	return temporary
}
