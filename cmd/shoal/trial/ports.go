package trial

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
)

// freePorts are ports of the loopback that nobody uses now, over TCP and UDP. They are none of those that systems give to whoever asks for
// any: while the source is dead, nobody gets them.
func freePorts(count int) ([]int, error) {
	const least, most, tries = 10_000, 30_000, 1000
	var held []io.Closer // all at once, so that no two are the same
	defer func() {
		for _, h := range held {
			_ = h.Close() // only its number was wanted
		}
	}()
	var ports []int
	var last error
	for range tries {
		if len(ports) == count {
			return ports, nil
		}
		port := least + rand.N(most-least)
		address := fmt.Sprintf("127.0.0.1:%d", port)
		stream, err := net.Listen("tcp", address)
		if err != nil {
			last = err
			continue
		}
		held = append(held, stream)
		packet, err := net.ListenPacket("udp", address)
		if err != nil {
			last = err
			continue
		}
		held, ports = append(held, packet), append(ports, port)
	}
	return nil, fmt.Errorf("trial: find a free port on 127.0.0.1: %w", last)
}
