//go:build unix

package host

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// checkMode refuses a file that this user cannot run, or that others can change.
func checkMode(path string, info fs.FileInfo) error {
	mode := info.Mode().Perm()
	switch {
	case mode&0o111 == 0:
		return fmt.Errorf("is not executable (mode %04o); run chmod u+x %s", mode, path)
	case mode&0o022 != 0:
		return fmt.Errorf("can be changed by its group or others (mode %04o); run chmod go-w %s", mode, path)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Getuid() {
		return fmt.Errorf("belongs to user %d, who could change it; run chown on %s", st.Uid, path)
	}
	dir := filepath.Dir(path)
	d, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("is in a folder that cannot be read: %s", plain(err))
	}
	if d.Mode().Perm()&0o022 != 0 && d.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("is in a folder that others can change (mode %04o); run chmod go-w %s", d.Mode().Perm(), dir)
	}
	return nil
}
