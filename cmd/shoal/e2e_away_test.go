//go:build unix

package main_test

import (
	"context"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"github.com/shoal-live/shoal/api/bus"
	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/keys"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// freePort is a port of the loopback that nobody uses now, and none of those that the system gives to who asks for any.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + rand.IntN(10_000))
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no port is free")
	return ""
}

func portNumber(t *testing.T, port string) int {
	t.Helper()
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// onTheBus counts what is told on a bus, on subjects of a kind.
func onTheBus(t *testing.T, b *bus.Bus) (told func(of func(subject string) bool) int) {
	t.Helper()
	var mu sync.Mutex
	counts := make(map[string]int)
	cancel, err := b.Subscribe(bus.All, func(e bus.Envelope) {
		mu.Lock()
		defer mu.Unlock()
		counts[e.Subject]++
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	return func(of func(string) bool) int {
		mu.Lock()
		defer mu.Unlock()
		sum := 0
		for subject, n := range counts {
			if of(subject) {
				sum += n
			}
		}
		return sum
	}
}

// rendezvousOf says what a viewer or source knows of its rendezvous: nil while that answers.
func rendezvousOf(n *node.Node) error {
	st, err := n.Stats()
	if err != nil {
		return err
	}
	if len(st.Streams) == 0 {
		return context.Canceled
	}
	return st.Streams[0].Rendezvous
}

func TestRendezvousThatIsKilledAndComesBackDisturbsNobody(t *testing.T) {
	t.Parallel()
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	c := loopback(t, media.APIURL())
	key, err := keys.Open(c.DataDir, keys.Publisher)
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	meet := func() *process {
		config := filepath.Join(t.TempDir(), "shoal.yml")
		writeFile(t, config, "rendezvous: {stun: []}\n")
		p := start(t, "rendezvous", config, "--listen", "127.0.0.1:"+port, "--publish", keys.Public(key))
		p.says(t, "rendezvous at ")
		return p
	}
	p := meet()
	c.Rendezvous.Remote = "http://127.0.0.1:" + port
	s := startSource(t, c)
	url := s.live(t, "cam1")
	viewers := audience(t, url, 2)
	before := linked(viewers, s.Node())

	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, v := range viewers {
		eventually(t, 5*time.Second, "a viewer knows that the rendezvous is away", func() bool { return rendezvousOf(v.Node()) != nil })
	}
	play(t, viewers, 60)
	for v, l := range before {
		if now := v.linkTo(s.Node()); now != l {
			t.Errorf("while the rendezvous was away, a link to the source was %d and is %d", l, now)
		}
	}

	meet()
	for _, n := range []*node.Node{s.Node(), viewers[0].Node(), viewers[1].Node()} {
		eventually(t, 15*time.Second, "everybody has joined again", func() bool { return rendezvousOf(n) == nil })
	}
	late := audience(t, url, 1)
	play(t, append(late, viewers...), 20)
}

func TestServerThatIsKilledAndComesBackFindsItsViewersLinkedAndPlayingOn(t *testing.T) {
	t.Parallel()
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	dir := t.TempDir()
	address := func() string { return "'127.0.0.1:" + freePort(t) + "'" }
	config := filepath.Join(dir, "shoal.yml")
	writeFile(t, config, strings.Join([]string{ // the same ports and the same data folder, as after a crash
		"dataDir: '" + filepath.Join(dir, "data") + "'",
		"mediamtx: {api: '" + media.APIURL() + "', poll: 200ms}",
		"rendezvous: {listen: " + address() + ", stun: []}",
		"bus: {listen: " + address() + "}",
		"control: {listen: " + address() + "}",
		"transport: {listen: " + address() + "}",
	}, "\n"))
	p := start(t, "serve", config)
	viewers := audience(t, p.says(t, "cam1 is live: "), 3)
	before := among(viewers)
	if len(before) == 0 {
		t.Fatal("no viewer is linked to another")
	}
	first, _ := viewers[0].stats()

	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, v := range viewers {
		eventually(t, 5*time.Second, "a viewer knows that the server is away", func() bool {
			s, ok := v.stats()
			return ok && s.Buffer == 0 && rendezvousOf(v.Node()) != nil
		})
	}
	start(t, "serve", config).says(t, "cam1 is live: ")
	back := time.Now()
	for _, v := range viewers {
		eventually(t, 3*time.Second-time.Since(back), "a viewer plays a higher epoch", func() bool {
			now, ok := v.stats()
			return ok && now.Epoch > first.Epoch && now.Playing && now.Buffer > 0
		})
	}
	t.Logf("all play %v after the server is back", time.Since(back))
	play(t, viewers, 20)
	now := among(viewers)
	for ends, l := range before {
		if now[ends] != l {
			t.Errorf("a link between two viewers was %d and is %d", l, now[ends])
		}
	}
}

// among are the links of viewers to one another, by both ends.
func among(viewers []*viewer) map[[2]*viewer]swarm.LinkID {
	list := make(map[[2]*viewer]swarm.LinkID)
	for _, a := range viewers {
		for _, b := range viewers {
			if l := a.linkTo(b.Node()); l != 0 {
				list[[2]*viewer{a, b}] = l
			}
		}
	}
	return list
}

func TestViewerThatIsKilledIsMissedByNobodyAndComesBack(t *testing.T) {
	t.Parallel()
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	s := startSource(t, loopback(t, media.APIURL()))
	url := s.live(t, "cam1")
	rtsp := "127.0.0.1:" + freePort(t)
	args := []string{"watch", "--hls=", "--rtsp=" + rtsp, "--listen=127.0.0.1:0", "--isolation=inline", url}
	p := start(t, args...)
	p.says(t, "rtsp: ")
	v := startViewer(t, watch.Options{URL: url, Pipe: filepath.Join(t.TempDir(), "played.mp4")})
	viewers := append(audience(t, url, 1), v)
	play(t, viewers, 40)
	gone := lost(t, v, func() {
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("another viewer lost %v", gone)
	if gone > time.Second {
		t.Errorf("another viewer lost %v of media", gone)
	}
	start(t, args...).says(t, "rtsp: ")
	eventually(t, 10*time.Second, "three viewers are counted", func() bool {
		list := s.Streams()
		return len(list) == 1 && list[0].Viewers == 3
	})
}

// startNATS runs a NATS server with JetStream until the test is over.
func startNATS(t *testing.T, port, store string) *natsserver.Server {
	t.Helper()
	n, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: portNumber(t, port), JetStream: true, StoreDir: store, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	n.Start()
	if !n.ReadyForConnections(10 * time.Second) {
		t.Fatal("NATS does not start")
	}
	t.Cleanup(func() {
		n.Shutdown()
		n.WaitForShutdown()
	})
	return n
}

func TestBusThatIsKilledAndComesBackDisturbsNobody(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	store := t.TempDir()
	nats := func() *natsserver.Server { return startNATS(t, port, store) }
	n := nats()
	media := mediaServer(t, tool.Options{})
	stop := publish(t, media, "cam1", "h264-opus")
	c := loopback(t, media.APIURL())
	c.Bus.URL = "nats://127.0.0.1:" + port
	s := startSource(t, c)
	viewers := audience(t, s.live(t, "cam1"), 2)
	n.Shutdown()
	n.WaitForShutdown()
	eventually(t, 5*time.Second, "the source knows that the bus is away", func() bool { return !s.Bus().Connected() })
	play(t, viewers, 60)
	resumes(t, s, viewers, func() { // a new epoch needs a lease, bus or no bus
		stop()
		publish(t, media, "cam1", "h264-opus")
	})
	nats()
	eventually(t, 10*time.Second, "the bus is back", s.Bus().Connected)
	told := onTheBus(t, s.Bus())
	eventually(t, 10*time.Second, "events are told again", func() bool {
		return told(func(subject string) bool { return strings.HasSuffix(subject, ".health-reported") }) > 0
	})
	play(t, viewers, 20)
}
