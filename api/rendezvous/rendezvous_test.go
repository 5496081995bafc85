package rendezvous_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

func TestViewerMeetsSourceAndGetsItsDescriptor(t *testing.T) {
	publisher := newKey(t)
	s, h := serve(t, publisher)
	source := join(t, h.URL, swarm.Source, publisher)
	source.until(t, "the source joins", func() bool { return source.connected })
	source.Describe(describe(t, publisher, 1))
	viewer := join(t, h.URL, swarm.Viewer, nil)
	viewer.until(t, "the viewer hears of the source and epoch 1", func() bool {
		return slices.Contains(viewer.epochs, 1) && slices.ContainsFunc(viewer.candidates, func(c swarm.Candidate) bool {
			return c.Peer == source.self && c.Role == swarm.Source && len(c.Addresses) == 1
		})
	})
	source.Describe(describe(t, publisher, 2))
	viewer.until(t, "the viewer hears of epoch 2", func() bool { return slices.Contains(viewer.epochs, 2) })

	viewer.Client.Signal(source.self, []byte("offer"))
	source.until(t, "the signal arrives", func() bool { return slices.Contains(source.signals, "offer") })

	viewer.Report(node.Statistics{Neighbours: 3, Feeds: []swarm.PeerID{source.self}})
	poll(t, "the report shows", func() bool {
		sw, _ := s.Swarm("cam/1", 10)
		return len(sw.Members) == 2 && sw.Members[1].Report.Neighbours == 3 && len(sw.Members[1].Report.Feeds) == 1
	})
}

func TestEverybodyJoinsAgainAfterARestart(t *testing.T) {
	publisher := newKey(t)
	var current http.Handler
	var mu sync.Mutex
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		c := current
		mu.Unlock()
		c.ServeHTTP(w, r)
	}))
	defer h.Close()
	start := func() *rendezvous.Server {
		s := rendezvous.NewServer(rendezvous.Config{Publishers: []ed25519.PublicKey{public(publisher)}})
		mu.Lock()
		current = s
		mu.Unlock()
		return s
	}
	first := start()
	source := join(t, h.URL, swarm.Source, publisher)
	source.until(t, "the source joins", func() bool { return source.connected })
	source.Describe(describe(t, publisher, 7))
	viewer := join(t, h.URL, swarm.Viewer, nil)
	viewer.until(t, "the viewer joins", func() bool { return viewer.connected })
	second := start()
	defer second.Close()
	first.Close()
	poll(t, "everybody is back", func() bool {
		st, ok := second.Stream("cam/1")
		return ok && st.Live && st.Viewers == 1 && st.Epoch == 7
	})
}

func TestStrangerMayNotPublish(t *testing.T) {
	_, h := serve(t, newKey(t))
	p := join(t, h.URL, swarm.Source, newKey(t))
	select {
	case err := <-p.ended:
		if !errors.Is(err, node.ErrRefused) || !strings.Contains(err.Error(), "rendezvous.publishers") {
			t.Fatalf("error is %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a stranger publishes")
	}
}

func TestResolveErrorsNameThingCauseAndWayOut(t *testing.T) {
	publisher := newKey(t)
	_, h := serve(t, publisher)
	source := join(t, h.URL, swarm.Source, publisher)
	source.until(t, "the source joins", func() bool { return source.connected })
	source.Describe(describe(t, publisher, 1))
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	ctx := context.Background()
	for name, c := range map[string]struct {
		url  string
		kind error
		want string
	}{
		"not a URL":        {"cam1", rendezvous.ErrNotShoal, "https://host:9870/cam1"},
		"another server":   {other.URL + "/cam1", rendezvous.ErrNotShoal, "no Shoal rendezvous"},
		"no stream":        {h.URL, node.ErrUnknownStream, "cam/1"},
		"an unknown one":   {h.URL + "/cam2", node.ErrUnknownStream, "have: cam/1"},
		"nobody listening": {"http://127.0.0.1:1/cam1", nil, "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rendezvous.Resolve(ctx, c.url, nil)
			if err == nil || c.kind != nil && !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v", err)
			}
		})
	}
	poll(t, "the stream resolves with its descriptor", func() bool {
		info, err := rendezvous.Resolve(ctx, h.URL+"/cam/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		return info.Signed != nil && info.Live && info.ID == chunk.NewStreamID(public(publisher), "cam/1")
	})
}

func TestViewersAndHelpersAreAdvisedByTheSourceWheneverTheyJoin(t *testing.T) {
	publisher := newKey(t)
	_, h := serve(t, publisher)
	source := join(t, h.URL, swarm.Source, publisher).in(t)
	early := join(t, h.URL, swarm.Viewer, nil).in(t)
	source.Advise(rendezvous.Advice{Policy: rendezvous.Policy{Name: "substream", Params: map[string]string{"copies": "4"}}})
	late := join(t, h.URL, swarm.Viewer, nil).in(t)
	helper := join(t, h.URL, swarm.Helper, nil).in(t)
	for _, v := range []*peer{early, late, helper} {
		v.until(t, "it is advised", func() bool { return len(v.policies) > 0 && v.policies[len(v.policies)-1] == "substream{copies=4}" })
	}
	source.Advise(rendezvous.Advice{Policy: rendezvous.Policy{Name: "substream"}, Test: &rendezvous.Policy{Name: "rarest"}, Share: 1})
	for _, v := range []*peer{early, late} {
		v.until(t, "it is tested", func() bool { return v.policies[len(v.policies)-1] == "rarest" })
	}
	helper.until(t, "it is not tested", func() bool { return helper.policies[len(helper.policies)-1] == "substream" })
	if len(source.policies) > 0 {
		t.Errorf("the source was advised itself: %v", source.policies)
	}
	late.Advise(rendezvous.Advice{Policy: rendezvous.Policy{Name: "mine"}})
	select {
	case err := <-late.ended:
		if !errors.Is(err, node.ErrRefused) {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("a viewer may advise others")
	}
	if got := early.policies[len(early.policies)-1]; got != "rarest" {
		t.Errorf("a viewer's advice was followed: %s", got)
	}
}
