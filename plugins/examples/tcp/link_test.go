package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

func TestTwoEndsThatDialOneAnotherAgreeOnWhoDialedWhich(t *testing.T) {
	t.Parallel()
	a, b := start(t), start(t)
	if err := errors.Join(a.Dial(b.id, b.seen().listening), b.Dial(a.id, a.seen().listening)); err != nil {
		t.Fatal(err)
	}
	for _, n := range []*node{a, b} {
		n.await(t, "both links", func(r *record) bool { return len(r.up) == 2 })
		if up := n.seen().up; up[0].Dialed == up[1].Dialed {
			t.Errorf("%+v: want one that this end dialed and one that it did not", up)
		}
	}
	for _, mine := range a.seen().up { // and they are the same two connections
		found := false
		for _, theirs := range b.seen().up {
			found = found || mine.Dialed != theirs.Dialed && mine.Observed == theirs.Address && mine.Address == theirs.Observed
		}
		if !found {
			t.Errorf("%+v is none of %+v at the other end", mine, b.seen().up)
		}
	}
}

func TestOneOfSeveralAddressesBecomesTheOnlyLink(t *testing.T) {
	t.Parallel()
	a, b, c := start(t), start(t), start(t)
	nobody := start(t)
	list := []swarm.Address{nobody.seen().listening[0], "tcp:127.0.0.1:1", c.seen().listening[0], b.seen().listening[0], addressOf("localhost" + strings.TrimPrefix(b.address(), "127.0.0.1"))}
	if err := a.Dial(b.id, list); err != nil {
		t.Fatal(err)
	}
	a.await(t, "Up", func(r *record) bool { return len(r.up) == 1 })
	b.await(t, "Up", func(r *record) bool { return len(r.up) == 1 })
	a.awaitLink(t, c) // by then a second link would have been seen
	if at, elsewhere := len(b.seen().up), len(nobody.seen().up); at != 1 || elsewhere != 0 {
		t.Errorf("%d links came up at the peer and %d at another", at, elsewhere)
	}
}

// What one end counts as sent is what the other counts as received, but for what is under way, and for what TCP sends
// twice on a busy machine, which the sender alone counts in full.
func TestUsageIsTheSameAtBothEnds(t *testing.T) {
	t.Parallel()
	a, b := start(t), start(t)
	_, there := a.awaitLink(t, b)
	for range 20 {
		if err := b.SendControl(there, random(10000)); err != nil {
			t.Fatal(err)
		}
	}
	a.await(t, "the frames", func(r *record) bool { return len(r.control) == 20 })
	ended := time.Now().Add(5 * time.Second)
	a.await(t, "equal counts", func(a *record) bool {
		b := b.seen()
		near := func(x, y uint64) bool { return max(x, y)-min(x, y) <= 10*ipv4Headers }
		if time.Now().After(ended) {
			t.Errorf("one end counts %+v, the other %+v", a.usage, b.usage)
			return true
		}
		there := near(a.usage.Received, b.usage.Sent) || b.usage.Sent-a.usage.Received < 20*10000/2
		return a.usage.Received > 20*10000 && there && near(a.usage.Sent, b.usage.Received)
	})
}

func TestAWrongConfigNamesTheKey(t *testing.T) {
	for name, c := range map[string]struct { // order-free: each stands alone
		cfg  transport.Config
		want string
	}{
		"no identity":       {transport.Config{}, "identity"},
		"an unknown key":    {transport.Config{Params: map[string]string{"maxIncomming": "1"}}, `"maxIncomming" (have: maxIncoming)`},
		"a number too high": {transport.Config{Params: map[string]string{"maxIncoming": "5000"}}, "params.maxIncoming"},
		"no number":         {transport.Config{Params: map[string]string{"maxIncoming": "many"}}, "1 to 4096"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := New(c.cfg); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want ErrConfig and %q", err, c.want)
			}
		})
	}
}
