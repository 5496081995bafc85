package trial

import (
	"context"
	"net"
	"net/rpc"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/core/swarm"
)

// working is a client of a worker in this process, and what tells that it has ended.
func working(t *testing.T) (*rpc.Client, <-chan struct{}) {
	t.Helper()
	near, far := net.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := Work(context.Background(), far, nil, silent()); err != nil {
			t.Errorf("the worker: %v", err)
		}
	}()
	t.Cleanup(func() { _ = near.Close(); <-ended })
	return rpc.NewClient(near), ended
}

func TestAWorkerEndsInTheMiddleOfACall(t *testing.T) {
	reached, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reached.Close() })
	client, ended := working(t)
	call := client.Go(service+".Baseline", BaselineCall{URL: "rtsp://" + reached.Addr().String() + "/x", Readers: 1, For: time.Hour}, new(BaselineAnswer), nil)
	reader, err := reached.Accept() // it reads: the call is under way
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	_ = client.Close()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the worker still works, and nobody is there")
	}
	<-call.Done
}

func TestAWorkerSaysWhatItCannotDo(t *testing.T) {
	client, _ := working(t)
	for method, c := range map[string]struct { // order-free: each call stands alone
		question any
		want     string
	}{
		"Source":   {Nothing(0), "no source here"},
		"Join":     {JoinCall{Viewer: 3, Role: swarm.Viewer, URL: "http://127.0.0.1:1/none"}, "viewer 3:"},
		"Impair":   {ImpairCall{Viewers: []int{1, 2}, Impair: []string{""}}, "for each viewer"},
		"Baseline": {BaselineCall{URL: "rtsp://127.0.0.1:1/none"}, "Options.Readers"},
	} {
		var answer Nothing
		if err := client.Call(service+"."+method, c.question, &answer); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", method, err, c.want)
		}
	}
	var answer Nothing
	if err := client.Call(service+".Vice", ViceCall{[]int{9}, sim.Poisons}, &answer); err != nil {
		t.Errorf("a viewer that never came: %v", err) // its fault struck before it joined
	}
}
