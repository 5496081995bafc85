package rendezvous_test

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// crowdVariable makes this test binary a process full of viewers: "URL count".
const crowdVariable = "SHOAL_TEST_CROWD"

func TestMain(m *testing.M) {
	if args := os.Getenv(crowdVariable); args != "" {
		if err := runCrowd(args); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// crowdReport is what a process of viewers tells of itself.
type crowdReport struct {
	JoinMS   []float64 // dial -> joined
	AnswerMS []float64 // introduce -> candidates
}

// runCrowd joins viewers as fast as the server lets them, then asks for candidates, and stays until standard input ends.
func runCrowd(args string) error {
	url, countText, _ := strings.Cut(args, " ")
	count, err := strconv.Atoi(countText)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var group sync.WaitGroup
	clients := make([]*rendezvous.Client, count)
	visitors := make([]*visitor, count)
	turn := make(chan struct{}, 32) // dials at once
	for i := range clients {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			return err
		}
		if clients[i], err = rendezvous.NewClient(rendezvous.ClientConfig{URL: url, Identity: key}); err != nil {
			return err
		}
		clients[i].Reachable([]swarm.Address{"quic:198.51.100.7:4000", "quic:192.168.1.17:4000"})
		v := &visitor{joined: make(chan struct{}), answered: make(chan struct{}, 1)}
		visitors[i] = v
		turn <- struct{}{}
		v.asked = time.Now()
		self := node.Self{Peer: swarm.PeerID(public(key)), Role: swarm.Viewer, Name: name}
		group.Go(func() { _ = clients[i].Run(ctx, self, v) })
		go func() {
			<-v.joined
			<-turn
		}()
	}
	var report crowdReport
	for _, v := range visitors {
		<-v.joined
		report.JoinMS = append(report.JoinMS, v.took)
	}
	fmt.Println("joined")
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	for i, v := range visitors { // as viewers do: a report every 2 s, now and then a wish for neighbours
		clients[i].Report(node.Statistics{Role: swarm.Viewer, Neighbours: 8, DelayMS: 87.5, Playing: true, Feeds: make([]swarm.PeerID, 5)})
		if i%10 == 0 {
			v.ask(clients[i])
			select {
			case <-v.answered:
				report.AnswerMS = append(report.AnswerMS, v.took)
			case <-time.After(20 * time.Second):
				return fmt.Errorf("no candidates within 20 s")
			}
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, in)
	cancel()
	group.Wait()
	return nil
}

// visitor is the sink of one viewer of a crowd.
type visitor struct {
	mu       sync.Mutex
	asked    time.Time
	took     float64 // milliseconds
	waits    bool
	once     sync.Once
	joined   chan struct{}
	answered chan struct{}
}

func (v *visitor) ask(c *rendezvous.Client) {
	v.mu.Lock()
	v.asked, v.waits = time.Now(), true
	v.mu.Unlock()
	c.Introduce(8)
}

func (v *visitor) Connection(err error) {
	if err == nil {
		v.once.Do(func() {
			v.took = time.Since(v.asked).Seconds() * 1000
			close(v.joined)
		})
	}
}

func (v *visitor) Candidates([]swarm.Candidate) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.waits {
		v.took, v.waits = time.Since(v.asked).Seconds()*1000, false
		v.answered <- struct{}{}
	}
}
func (*visitor) Descriptor([]byte)                    {}
func (*visitor) Signal(swarm.PeerID, []byte)          {}
func (*visitor) Suspect(swarm.PeerID)                 {}
func (*visitor) Punch([]swarm.Address, time.Duration) {}

// BenchmarkCrowd joins viewers of other processes over real sockets: joins per second and their p99, memory of the server for a
// member, and p99 of answers with candidates. The processes of viewers take their share of the same cores.
func BenchmarkCrowd(b *testing.B) {
	for _, viewers := range []int{1000, 19_000} { // a process may often open 20,000 files
		b.Run(fmt.Sprintf("viewers=%d", viewers), func(b *testing.B) {
			for b.Loop() {
				crowdOnce(b, viewers)
			}
		})
	}
}

func crowdOnce(b *testing.B, viewers int) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		b.Fatal(err)
	}
	s := rendezvous.NewServer(rendezvous.Config{
		Publishers: []ed25519.PublicKey{public(key)},
		Limits:     rendezvous.Limits{PerAddress: viewers + 10, Joins: viewers + 10},
	})
	h := httptest.NewServer(s)
	defer h.Close()
	defer s.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, id, _ := ed25519.GenerateKey(nil)
	source, err := rendezvous.NewClient(rendezvous.ClientConfig{URL: h.URL, Identity: id, Publisher: key})
	if err != nil {
		b.Fatal(err)
	}
	source.Reachable([]swarm.Address{"quic:198.51.100.8:4000"})
	seat := newHeard()
	go func() {
		_ = source.Run(ctx, node.Self{Peer: swarm.PeerID(public(id)), Role: swarm.Source, Name: name}, seat)
	}()
	for deadline := time.Now().Add(10 * time.Second); ; {
		if st, ok := s.Stream(name); ok && st.Live {
			break
		}
		if time.Now().After(deadline) {
			b.Fatal("the source does not join")
		}
		runtime.Gosched()
	}
	before := memory()
	processes := (viewers + 4999) / 5000
	var crowds []*crowdProcess
	began := time.Now()
	for range processes {
		crowds = append(crowds, startCrowd(b, h.URL, viewers/processes))
	}
	for _, c := range crowds {
		c.line(b) // joined
	}
	took := time.Since(began).Seconds()
	each := float64(memory()-before) / float64(viewers)
	var all crowdReport
	for _, c := range crowds {
		fmt.Fprintln(c.in)
	}
	for _, c := range crowds {
		var r crowdReport
		if err := json.Unmarshal([]byte(c.line(b)), &r); err != nil {
			b.Fatal(err)
		}
		all.JoinMS, all.AnswerMS = append(all.JoinMS, r.JoinMS...), append(all.AnswerMS, r.AnswerMS...)
	}
	b.ReportMetric(float64(viewers)/took, "joins/s")
	b.ReportMetric(p99(all.JoinMS), "join-p99-ms")
	b.ReportMetric(p99(all.AnswerMS), "answer-p99-ms")
	b.ReportMetric(each, "B/member")
	b.ReportMetric(0, "ns/op")
	if st, _ := s.Stream(name); st.Viewers != viewers {
		b.Errorf("%d viewers are in, of %d", st.Viewers, viewers)
	}
	for _, c := range crowds {
		_ = c.in.Close()
		_ = c.cmd.Wait()
	}
}

func p99(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)*99/100]
}

// memory is what this process uses, in bytes, after a collection.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

type crowdProcess struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startCrowd(b *testing.B, url string, count int) *crowdProcess {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crowdVariable+"="+url+" "+strconv.Itoa(count))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return &crowdProcess{cmd, in, bufio.NewReaderSize(out, 1<<20)}
}

func (c *crowdProcess) line(b *testing.B) string {
	b.Helper()
	s, err := c.out.ReadString('\n')
	if err != nil {
		b.Fatalf("the process of viewers ended: %v", err)
	}
	return s
}
