//go:build !linux

package pipe

import "net"

// checkPeer leaves it to the folder's permissions and the token.
func checkPeer(net.Conn, int) error { return nil }
