//go:build unix

package host_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/transport"
)

func TestAPluginThatDoesNotReadPushesBackToTheUploadQueue(t *testing.T) {
	r := newRig(t, nil)
	x := start(t, r, nil)
	link := x.dial(t)
	pid := r.pids()[0]
	stopProcess(t, pid)
	const size, most = 30 << 10, 8 << 20 // far more than the queue and the kernel hold
	sent, full, writable := 0, 0, false
	note := func(e transport.Event) { // what the kernel has taken makes room now and then, so not every event is Full
		switch e := e.(type) {
		case transport.Full:
			if e.Link == link && e.Token == 7 {
				full, writable = full+1, false
			}
		case transport.Writable:
			writable = len(e.Links) == 1 && e.Links[0] == link
		}
	}
	for full < 100 {
		if (sent-full)*size > most {
			note(take(t, x.sink.events, "Full, when a plugin that stands still has been sent so much"))
			continue
		}
		began := time.Now()
		x.SendChunks([]transport.Frame{{Data: make([]byte, size), To: []transport.LinkID{link}, Token: 7}})
		if d := time.Since(began); d > time.Second {
			t.Fatalf("SendChunks has waited for %v", d)
		}
		sent++
		for len(x.sink.events) > 0 {
			note(<-x.sink.events)
		}
	}
	continueProcess(t, pid)
	for !writable {
		note(take(t, x.sink.events, "Writable"))
	}
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond) // the way back drops what does not fit, too
	defer tick.Stop()
	for came := 0; ; {
		select {
		case f := <-x.sink.frames:
			if string(f.Data) == "again" {
				if came == 0 || came > sent-full {
					t.Errorf("%d frames came back before, of %d that were not refused", came, sent-full)
				}
				return
			}
			came++
		case <-tick.C:
			x.SendChunks([]transport.Frame{{Data: []byte("again"), To: []transport.LinkID{link}, Token: 8}})
		case <-deadline.C:
			t.Fatal("nothing comes through again within 10 s")
		}
	}
}

func TestWithoutADataChannelTheCallCarriesAll(t *testing.T) {
	r := newRig(t, nil)
	first, err := r.Policy(t.Context(), parrotSpec(), nil) // keeps the process
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	sockets, err := filepath.Glob(filepath.Join(r.dir, "*", "data"))
	if err != nil || len(sockets) != 1 {
		t.Fatalf("data channels %v, %v", sockets, err)
	}
	if err := os.Remove(sockets[0]); err != nil {
		t.Fatal(err)
	}
	p, err := r.Policy(t.Context(), parrotSpec(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for i := range uint64(10) {
		if a := p.Step(&scheduler.Batch{Revision: i + 1}); len(a.Actions) != 1 {
			t.Fatalf("answer %+v, %v", a, p.Err())
		}
	}
}
