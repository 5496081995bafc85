package pipe

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// checkPeer asks the kernel who is at the other end. Errors: ErrToken.
func checkPeer(c net.Conn, pid int) error {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return fmt.Errorf("%w: no Unix socket", ErrToken)
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return err
	}
	var cred *syscall.Ucred
	var cerr error
	if err := raw.Control(func(fd uintptr) {
		cred, cerr = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil {
		return err
	}
	switch {
	case cerr != nil:
		return cerr
	case int(cred.Uid) != os.Getuid():
		return fmt.Errorf("%w: user %d", ErrToken, cred.Uid)
	case pid != 0 && int(cred.Pid) != pid:
		return fmt.Errorf("%w: process %d, not %d", ErrToken, cred.Pid, pid)
	}
	return nil
}
