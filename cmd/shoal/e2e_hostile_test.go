//go:build unix

package main_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
)

// TestGarbageOnEveryListenerDisturbsNobody throws random, truncated and oversized messages at every port that a source and
// a viewer listen on. The seed is printed.
func TestGarbageOnEveryListenerDisturbsNobody(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	c := loopback(t, media.APIURL())
	stun := "127.0.0.1:" + freePort(t)
	c.Rendezvous.STUN = []string{stun}
	s := startSource(t, c)
	link := s.live(t, "cam1")
	hls, rtsp := "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	v := startViewer(t, watch.Options{URL: link, HLS: hls, RTSP: rtsp, Isolation: config.Inline})
	viewers := append(audience(t, link, 1), v)
	play(t, viewers, 20)
	began, _ := v.stats()

	host := func(text string) string {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return u.Host
	}
	quic := func(address string) string { return strings.TrimPrefix(address, "quic:") }
	g := &garbage{t: t, r: rand.New(rand.NewPCG(seed, 1))}
	for name, address := range map[string]string{
		"rendezvous": host(s.Base()), "control": host(s.ControlURL()), "bus": host(s.Bus().URL()), "hls": hls, "rtsp": rtsp,
	} {
		t.Run(name, func(t *testing.T) { g.tcp(address) })
	}
	for name, address := range map[string]string{
		"stun": stun, "quic of the source": quic(string(s.Node().Addresses()[0])), "quic of the viewer": quic(string(v.Node().Addresses()[0])),
	} {
		t.Run(name, func(t *testing.T) { g.udp(address) })
	}
	play(t, viewers, 40)
	now, _ := v.stats()
	t.Logf("missed %d groups of %d", now.Groups.Missed-began.Groups.Missed, now.Groups.Due-began.Groups.Due)
	if missed := now.Groups.Missed - began.Groups.Missed; missed > 20 {
		t.Errorf("a viewer missed %d groups meanwhile", missed)
	}
	audience(t, link, 1) // who comes now is served as well
}

// garbage makes messages that nobody can want.
type garbage struct {
	t *testing.T
	r *rand.Rand
}

func (g *garbage) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.r.Uint32())
	}
	return b
}

// messages are what is sent, each on a connection of its own.
func (g *garbage) messages() [][]byte {
	long := strings.Repeat("a", 1<<20)
	upgrade := "GET /v1/join HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: shoal.rendezvous.v1\r\n\r\n"
	list := [][]byte{
		nil,
		[]byte("GET / HT"),
		[]byte("GET /" + long + " HTTP/1.1\r\n\r\n"),
		[]byte("POST /v1/join HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n{"),
		[]byte("DESCRIBE rtsp://x/" + long + " RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
		[]byte("DESCRIBE rtsp://x/cam1 RTSP/1.0\r\nCSeq: -1\r\nContent-Length: 999999999\r\n\r\n"),
		[]byte("CONNECT {" + long),
		[]byte("PUB shoal.v1.x 99999999\r\n" + long),
		append([]byte(upgrade), 0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), // a frame of 2^63 bytes
		append([]byte(upgrade), g.bytes(4096)...),
	}
	for range 8 {
		list = append(list, g.bytes(1+g.r.IntN(100_000)))
	}
	return list
}

func (g *garbage) tcp(address string) {
	for i, m := range g.messages() {
		if err := throw(address, m); err != nil {
			g.t.Errorf("message %d: %s takes no connection any more: %v", i, address, err)
			return
		}
	}
}

// throw sends a message and hangs up. That the other end hangs up first is its right.
func throw(address string, m []byte) error {
	conn, err := net.DialTimeout("tcp", address, 2*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		return fmt.Errorf("deadline: %w", err)
	}
	_, _ = conn.Write(m)
	_, _ = conn.Read(make([]byte, 512))
	return nil
}

func (g *garbage) udp(address string) {
	conn, err := net.Dial("udp", address)
	if err != nil {
		g.t.Error(err)
		return
	}
	defer conn.Close()
	for range 2000 {
		m := g.bytes(g.r.IntN(1500))
		if len(m) > 24 {
			switch g.r.IntN(4) {
			case 0: // as an Initial of QUIC
				copy(m, []byte{0xc3, 0, 0, 0, 1, 8})
			case 1: // as a request of STUN
				copy(m, []byte{0, 1, byte(len(m) >> 8), byte(len(m)), 0x21, 0x12, 0xa4, 0x42})
			}
		}
		_, _ = conn.Write(m) // a full buffer is no failure
	}
	_, _ = conn.Write(g.bytes(60_000))
}
