//go:build unix

package host_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/host"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

func TestAKilledTransportIsAnErrorAtOnceAndStartsAgain(t *testing.T) {
	r := newRig(t, nil)
	x := start(t, r, nil)
	links := []transport.LinkID{x.dial(t), x.dial(t)}
	x.SendChunks([]transport.Frame{{Data: []byte("hello"), To: links}})
	for range links {
		if f := take(t, x.sink.frames, "frame"); string(f.Data) != "hello" || f.Channel != transport.Chunk {
			t.Fatalf("frame %+v", f)
		}
	}
	first := wait[event.PluginStarted](t, r)
	began := time.Now()
	r.kill(t)
	err := take(t, x.ended, "end of Run")
	if d := time.Since(began); d > time.Second {
		t.Errorf("Run ended %v after the process", d)
	}
	oneLine(t, err, host.ErrPluginDied, "transport/echo", "killed")
	for range links {
		d, ok := take(t, x.sink.events, "event").(transport.Down)
		if !ok || !errors.Is(d.Cause, bridge.ErrPluginDied) {
			t.Errorf("event %+v; want Down with ErrPluginDied", d)
		}
	}
	if died := wait[event.PluginDied](t, r); died.PID != first.PID || died.Name != "echo" || died.Kind != "transport" {
		t.Errorf("event %+v", died)
	}
	if err := x.Dial(swarm.PeerID{1}, []swarm.Address{"echo:here"}); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("Dial afterwards: %v", err)
	}
	again := start(t, r, nil)
	if d := time.Since(began); d < 90*time.Millisecond {
		t.Errorf("it was started again after %v; the back-off begins at 100 ms", d)
	}
	again.dial(t)
	if e := wait[event.PluginRestarted](t, r); e.PID == first.PID || e.Restarts != 1 {
		t.Errorf("event %+v", e)
	}
}

func TestAPanicIsToldInTheCause(t *testing.T) {
	r := newRig(t, nil)
	x := start(t, r, nil)
	err := x.Dial(swarm.PeerID{1}, []swarm.Address{"echo:panic"})
	if err != nil && !errors.Is(err, transport.ErrClosed) {
		t.Errorf("Dial: %v", err)
	}
	oneLine(t, take(t, x.ended, "end of Run"), host.ErrPluginDied, "transport/echo", "panic: boom")
	if err == nil { // it was not known yet when Dial returned
		if f, ok := take(t, x.sink.events, "event").(transport.DialFailed); !ok || f.Peer != (swarm.PeerID{1}) {
			t.Errorf("event %+v; want the outcome of the dial", f)
		}
	}
}

func TestAHungTransportHoldsUpNobody(t *testing.T) {
	r := newRig(t, nil)
	x := start(t, r, map[string]string{"run": "hang"})
	link := x.dial(t)
	hung := []swarm.Address{"echo:hang"}
	began := time.Now()
	for range 50 {
		if err := x.Dial(swarm.PeerID{2}, hung); err != nil {
			t.Fatalf("Dial: %v", err)
		}
		x.SendChunks([]transport.Frame{{Data: make([]byte, 30<<10), To: []transport.LinkID{link}}})
	}
	if d := time.Since(began); d > time.Second {
		t.Errorf("50 calls took %v", d)
	}
	pid := r.pids()[0]
	x.stop()
	if err := take(t, x.ended, "end of Run"); err != nil {
		t.Errorf("Run after its context's end: %v", err)
	}
	gone(t, pid, 2*time.Second)
}

func TestAKilledPolicyIsDoneAtOnce(t *testing.T) {
	for _, how := range []string{"panic", "exit"} {
		t.Run(how, func(t *testing.T) {
			r := newRig(t, nil)
			p, err := r.Policy(t.Context(), parrotSpec(), map[string]string{"step": how})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			began := time.Now()
			if a := p.Step(&scheduler.Batch{Revision: 1, Snapshot: true}); len(a.Actions) != 0 {
				t.Errorf("a dead policy answered %+v", a)
			}
			take(t, p.Done(), "Done")
			if d := time.Since(began); d > time.Second {
				t.Errorf("the death was told after %v", d)
			}
			oneLine(t, p.Err(), host.ErrPluginDied, "policy/parrot", map[string]string{"panic": "panic: boom", "exit": "exit status 7"}[how])
			p.Step(&scheduler.Batch{Revision: 2})
		})
	}
}

func TestAHungPolicyIsGivenUp(t *testing.T) {
	r := newRig(t, nil)
	p, err := r.Policy(t.Context(), parrotSpec(), map[string]string{"step": "hang"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	pid := r.pids()[0]
	began := time.Now()
	p.Step(&scheduler.Batch{Revision: 1, Snapshot: true})
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("Step waited for %v", d)
	}
	take(t, p.Done(), "Done")
	oneLine(t, p.Err(), host.ErrPluginDied, "policy/parrot", "not answered")
	gone(t, pid, 3*time.Second)
}

func TestPoliciesShareAProcessThatEndsAfterTheLast(t *testing.T) {
	r := newRig(t, nil)
	var all []host.PolicyClient
	for range 3 {
		p, err := r.Policy(t.Context(), parrotSpec(), nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if pids := r.pids(); len(pids) != 1 {
		t.Fatalf("processes %v; want one", pids)
	}
	pid := r.pids()[0]
	for i, p := range all {
		if a := p.Step(&scheduler.Batch{Revision: 1, Snapshot: true}); len(a.Actions) != 1 {
			t.Fatalf("policy %d answered %+v", i, a)
		}
		p.Close()
	}
	gone(t, pid, 5*time.Second)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if _, died := e.(event.PluginDied); died {
			t.Errorf("event %+v of a process that was told to end", e)
		}
	}
}

func TestTheBreakerOpensAndResetClosesIt(t *testing.T) {
	r := newRig(t, nil)
	spec := host.Spec{Kind: bridge.KindPolicy, Name: "mine", Path: script(t, "#!/bin/sh\nexit 3\n")}
	ctx, stop := context.WithTimeout(t.Context(), 60*time.Second)
	defer stop()
	var err error
	for n := 1; !errors.Is(err, host.ErrBroken); n++ {
		if n > 12 {
			t.Fatalf("after %d failures the breaker is still closed: %v", n, err)
		}
		_, err = r.Policy(ctx, spec, nil)
		if n < 4 { // the rest need not wait
			continue
		}
		if s := r.Plugins()[0]; s.State != host.Broken {
			host.SkipBackoff(r.Host)
		}
	}
	oneLine(t, err, host.ErrBroken, "policy/mine", "8 times", "exit status 3", "reset")
	if err := r.Reset(bridge.KindPolicy, "mine"); err != nil {
		t.Fatal(err)
	}
	if _, err = r.Policy(ctx, spec, nil); !errors.Is(err, host.ErrStart) {
		t.Fatalf("after the reset: %v", err)
	}
	oneLine(t, r.Reset(bridge.KindPolicy, "other"), host.ErrSpec, "other")
}

func TestNothingIsLeftOfAHostThatHasEnded(t *testing.T) {
	dir := plugintest.Folder(t)
	var pid int
	t.Run("host", func(t *testing.T) {
		r := newRig(t, func(c *host.Config) { c.Dir = dir })
		start(t, r, nil).dial(t)
		pid = r.pids()[0]
	})
	gone(t, pid, time.Millisecond)
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("in the folder: %v, %v", left, err)
	}
}

// beHost is what the test binary does when it is a host: it starts a plugin, says its process id, and stays.
func beHost(what string) {
	h, err := host.New(host.Config{Self: []string{os.Args[0], "serve-plugin"}, Builtin: fixtures()})
	if err != nil {
		panic(err)
	}
	go func() { panic(h.Run(context.Background())) }()
	spec := echoSpec()
	if what != "echo" {
		spec = host.Spec{Kind: bridge.KindTransport, Name: "mine", Path: what}
		_, err := h.Transport(context.Background(), spec, transport.Config{})
		panic(err)
	}
	t, err := h.Transport(context.Background(), spec, transport.Config{Identity: make([]byte, 64), Params: map[string]string{"run": "hang"}})
	if err != nil {
		panic(err)
	}
	go func() { panic(t.Run(context.Background(), newSink())) }()
	for _, s := range h.Plugins() {
		for _, pid := range s.PIDs {
			fmt.Println(pid)
		}
	}
	select {}
}

func TestNoPluginOutlivesAHostThatIsKilled(t *testing.T) {
	for name, what := range map[string]string{
		"one of the SDK that hangs":           "echo",
		"one that does not look at its input": script(t, "#!/bin/sh\necho $$ >&3\nexec 3>&-\nwhile :; do sleep 1; done\n"),
	} {
		t.Run(name, func(t *testing.T) {
			if what != "echo" && !killedWithHost {
				t.Skip("SKIPPED: this kernel does not kill a child with its parent; Linux does")
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], hostArgument, what)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Wait() }() // it was killed
			var pid int
			if what == "echo" {
				line, err := bufio.NewReader(out).ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				if pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
					t.Fatal(err)
				}
			} else {
				pid = childOf(t, cmd.Process.Pid)
			}
			if !alive(pid) {
				t.Fatalf("process %d does not run", pid)
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			gone(t, pid, 2*time.Second)
		})
	}
}
