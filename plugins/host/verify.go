package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	goplugin "github.com/hashicorp/go-plugin"
)

// Verify looks at the file of a plugin as a start does, and starts nothing. Errors: ErrRefused, ErrSpec, with the remedy.
func (h *Host) Verify(spec Spec) error {
	_, err := h.command(&spec)
	return err
}

// command is what is run for a spec, after its file was found good. Errors: ErrRefused, ErrSpec, with the remedy.
func (h *Host) command(s *Spec) ([]string, error) {
	if err := s.Limits.check(s); err != nil {
		return nil, err
	}
	if s.Limits != (Limits{}) && !holdsLimits {
		h.limitless.Do(func() {
			h.cfg.Log.Warn("limits of plugins are not held on this platform; run them in a container or a service that has limits of its own")
		})
	}
	if s.Path == "" {
		if err := h.builtin(s); err != nil {
			return nil, err
		}
		if len(h.cfg.Self) == 0 {
			return nil, fmt.Errorf("%w: %s cannot run as a process here; use isolation: inline", ErrSpec, s)
		}
		if err := checksum(s, h.cfg.Self[0]); err != nil {
			return nil, err
		}
		return append(append([]string{}, h.cfg.Self...), s.Kind.String()+"/"+s.Name), nil
	}
	path, err := filepath.Abs(s.Path)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %s; check the path", ErrRefused, s, plain(err))
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %s: %s; check the path", ErrRefused, s, plain(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %s is no file; name the executable itself", ErrRefused, s)
	}
	if err := checkMode(path, info); err != nil {
		return nil, fmt.Errorf("%w: %s %w", ErrRefused, s, err)
	}
	if err := checksum(s, path); err != nil {
		return nil, err
	}
	return append([]string{path}, s.Args...), nil
}

// checksum compares the file with the pin. Errors: ErrRefused.
func checksum(s *Spec, path string) error {
	if s.SHA256 == "" {
		return nil
	}
	want, err := hex.DecodeString(strings.TrimPrefix(s.SHA256, "sha256:"))
	if err != nil || len(want) != sha256.Size {
		return fmt.Errorf("%w: %s: sha256 %q is not 64 hexadecimal digits", ErrSpec, s, s.SHA256)
	}
	h := sha256.New()
	ok, err := (&goplugin.SecureConfig{Checksum: want, Hash: h}).Check(path)
	if err != nil {
		return fmt.Errorf("%w: %s: %s", ErrRefused, s, plain(err))
	}
	if !ok {
		return fmt.Errorf("%w: %s: the file's sha256 is %x, not the pinned %x; pin the new one if you trust it", ErrRefused, s, h.Sum(nil), want)
	}
	return nil
}

// builtin checks that there is a built-in of that kind and name. Errors: ErrSpec, listing what there is.
func (h *Host) builtin(s *Spec) error {
	_, err := h.find(s)
	return err
}

// plain is err without the operation and path in front, which are told already.
func plain(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
