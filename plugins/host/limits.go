package host

import "fmt"

// Limits bound what each process of a plugin may use, together with what it has started. The zero value bounds open files
// alone. They are held on Linux; elsewhere the log says once that they are not.
type Limits struct {
	Memory uint64  // bytes that are resident; 0 for no limit, else at least 32 MiB. Who exceeds it is killed
	CPU    float64 // cores, on average; 0 for no limit, else at least 0.05. Who exceeds it is held up
	Files  int     // open descriptors; default 4096, else 64..1048576. Who uses all of them is killed
}

const (
	leastMemory  = 32 << 20
	leastCPU     = 0.05
	mostCPU      = 1024
	leastFiles   = 64
	mostFiles    = 1 << 20
	defaultFiles = 4096
)

// check says what is wrong with limits. Errors: ErrSpec, naming the key.
func (l Limits) check(s *Spec) error {
	switch {
	case l.Memory != 0 && l.Memory < leastMemory:
		return fmt.Errorf("%w: %s: limits.memory is %d bytes; give it at least 32 MiB, or 0 for no limit", ErrSpec, s, l.Memory)
	case l.CPU != 0 && !(l.CPU >= leastCPU && l.CPU <= mostCPU): // not a number is neither
		return fmt.Errorf("%w: %s: limits.cpu is %v cores; give it %v..%d, or 0 for no limit", ErrSpec, s, l.CPU, leastCPU, mostCPU)
	case l.Files != 0 && (l.Files < leastFiles || l.Files > mostFiles):
		return fmt.Errorf("%w: %s: limits.files is %d; give it %d..%d, or 0 for %d", ErrSpec, s, l.Files, leastFiles, mostFiles, defaultFiles)
	}
	return nil
}

// files is the limit of descriptors in force.
func (l Limits) files() int {
	if l.Files == 0 {
		return defaultFiles
	}
	return l.Files
}
