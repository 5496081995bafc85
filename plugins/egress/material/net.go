package material

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreeAddress is a loopback address that nobody listens on at the moment. Its port is none of those that the system gives to
// connections, such as those of tests beside this one.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(20_000+rand.IntN(10_000)))
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			tb.Fatal(err)
		}
		return address
	}
	tb.Fatal("no port is free")
	return ""
}
