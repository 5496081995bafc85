package rendezvous_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/core/swarm"
)

func TestWhatIsNoJoinIsToldWhyAndHungUp(t *testing.T) {
	publisher, stranger := newKey(t), newKey(t)
	s, h := serve(t, publisher)
	join(t, h.URL, swarm.Source, publisher).in(t)

	captured := call(t, h.URL, nil, nil)
	replay := captured.hello() // signed over another connection's nonce

	many := make([]string, 9)
	for i := range many {
		many[i] = "quic:192.0.2.1:1"
	}
	with := func(key string, value any) func(*raw) said {
		return func(r *raw) said {
			m := r.hello()
			m[key] = value
			return m
		}
	}
	for what, c := range map[string]struct {
		message func(*raw) said
		code    string
	}{
		"something before the join":    {func(*raw) said { return said{"type": "introduce", "count": 3} }, "malformed"},
		"no type":                      {func(*raw) said { return said{"peer": "x"} }, "malformed"},
		"no name":                      {with("name", ""), "limit"},
		"a name that is too long":      {with("name", strings.Repeat("x", 256)), "limit"},
		"a name with a line break":     {with("name", "cam\n1"), "malformed"},
		"a role that is none":          {with("role", "king"), "malformed"},
		"a peer that is none":          {with("peer", "abc"), "malformed"},
		"too many addresses":           {with("addresses", many), "limit"},
		"an address that is too long":  {with("addresses", []string{strings.Repeat("x", 256)}), "limit"},
		"an address that is empty":     {with("addresses", []string{""}), "limit"},
		"no signature":                 {with("signature", nil), "refused"},
		"a random signature":           {with("signature", bytes.Repeat([]byte{7}, ed25519.SignatureSize)), "refused"},
		"a replayed join":              {func(*raw) said { return replay }, "refused"},
		"another peer's join":          {with("peer", swarm.PeerID(public(stranger)).Text()), "refused"},
		"a helper signed as a viewer":  {with("role", "helper"), "refused"},
		"another stream than signed":   {with("name", "cam/2"), "refused"},
		"another stream id":            {with("stream", strings.Repeat("ab", 16)), "unknown-stream"},
		"a source without a publisher": {with("role", "source"), "malformed"},
		"a stranger as the publisher":  {func(r *raw) said { return r.sourceHello(stranger) }, "refused"},
		"a grant for another peer": {func(r *raw) said {
			m, other := r.sourceHello(publisher), *r
			other.key = newKey(t)
			m["grant"] = other.sourceHello(publisher)["grant"]
			return m
		}, "refused"},
		"no grant": {func(r *raw) said {
			m := r.sourceHello(publisher)
			delete(m, "grant")
			return m
		}, "refused"},
	} {
		t.Run(what, func(t *testing.T) {
			r := call(t, h.URL, nil, nil)
			r.send(c.message(r))
			m := r.next()
			if m["type"] != "error" || m["code"] != c.code || m["text"] == "" {
				t.Fatalf("the server answers %v, want an error of code %s", m, c.code)
			}
			_ = r.ws.CloseNow()
		})
	}
	for what, c := range map[string]struct {
		kind websocket.MessageType
		data []byte
		code string // "" for no word
	}{
		"a binary frame":       {websocket.MessageBinary, []byte("{}"), "malformed"},
		"what is no JSON":      {websocket.MessageText, []byte("GET / HTTP/1.1"), "malformed"},
		"half a message":       {websocket.MessageText, []byte(`{"type":"join","peer":"ab`), "malformed"},
		"a list":               {websocket.MessageText, []byte(`[]`), "malformed"},
		"deep nesting":         {websocket.MessageText, []byte(strings.Repeat(`{"type":`, 4000)), "malformed"},
		"an oversized message": {websocket.MessageText, []byte(`{"type":"join","name":"` + strings.Repeat("x", rendezvous.MaxSmall) + `"}`), ""},
	} {
		t.Run(what, func(t *testing.T) {
			r := call(t, h.URL, nil, nil)
			if err := r.write(c.kind, c.data); err != nil {
				t.Fatal(err)
			}
			m, err := r.hear()
			if c.code == "" && err == nil || c.code != "" && (err != nil || m["code"] != c.code) {
				t.Fatalf("the server answers %v (%v)", m, err)
			}
		})
	}
	captured.send(replay) // where it belongs, it is a join
	if m := captured.next(); m["type"] != "joined" {
		t.Fatalf("the server answers %v to what is right", m)
	}
	poll(t, "nobody else is in", func() bool { st, _ := s.Stream(name); return st.Members == 2 })
}

func TestAMembersNonsenseEndsItAloneOrIsPassedOver(t *testing.T) {
	publisher := newKey(t)
	s, h := serve(t, publisher)
	source := join(t, h.URL, swarm.Source, publisher).in(t)
	for what, c := range map[string]struct {
		message said
		code    string // "" for being passed over
	}{
		"an unknown type":               {said{"type": "hug"}, ""},
		"a report without statistics":   {said{"type": "report"}, ""},
		"a lying report":                {said{"type": "report", "report": said{"delay_ms": -1e300, "up_bps": 1e300, "neighbours": -5}, "feeds": []string{"zz", ""}}, ""},
		"a signal to nobody":            {said{"type": "signal", "peer": strings.Repeat("ab", 32), "data": []byte("x")}, ""},
		"a want of a million":           {said{"type": "introduce", "count": 1_000_000}, ""},
		"a want of less than none":      {said{"type": "introduce", "count": -3}, ""},
		"a signal to what is no peer":   {said{"type": "signal", "peer": "x"}, "malformed"},
		"a signal that is too long":     {said{"type": "signal", "peer": source.self.Text(), "data": make([]byte, rendezvous.MaxSignal+1)}, "limit"},
		"a viewer's descriptor":         {said{"type": "describe", "descriptor": append([]byte{0}, describe(t, publisher, 9)...)}, "refused"},
		"a descriptor that is none":     {said{"type": "describe", "descriptor": []byte{0, 1, 2}}, "malformed"},
		"a descriptor packed too large": {said{"type": "describe", "descriptor": []byte{1, 0xff, 0xff, 0xff, 0x7f}}, "limit"},
		"an empty descriptor":           {said{"type": "describe"}, "malformed"},
		"addresses that are too many":   {said{"type": "addresses", "addresses": make([]string, 99)}, "limit"},
		"a second join":                 {said{"type": "join"}, "malformed"},
		"fields of the wrong type":      {said{"type": "signal", "peer": 7}, "malformed"},
	} {
		t.Run(what, func(t *testing.T) {
			r := call(t, h.URL, nil, nil)
			r.send(r.hello())
			r.await("joined")
			r.send(c.message)
			if c.code != "" {
				if m := r.await("error"); m["code"] != c.code {
					t.Fatalf("the server answers %v", m)
				}
				return
			}
			r.send(said{"type": "time", "sent": 42})
			if m := r.await("time"); m["sent"] != 42.0 || m["now"].(float64) < 1e15 {
				t.Fatalf("the server answers %v", m)
			}
		})
	}
	for _, m := range must(s.Swarm(name, 100)).Members {
		if st := m.Report; st.DelayMS < 0 || st.UpBps > 1e12 || st.Neighbours < 0 {
			t.Errorf("the page would show %+v", st)
		}
	}
	source.Client.Signal(source.self, []byte("still here"))
	source.until(t, "the source is served on", func() bool { return len(source.signals) > 0 })
}

func must[T any](v T, ok bool) T {
	if !ok {
		panic("not known")
	}
	return v
}

func TestRandomBytesOnTheListenersHurtNobody(t *testing.T) {
	publisher := newKey(t)
	_, h := serve(t, publisher)
	source := join(t, h.URL, swarm.Source, publisher).in(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	addr := strings.TrimPrefix(h.URL, "http://")
	for range 30 { // at the TCP listener
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write(noise(1 + random.IntN(2000)))
		_ = c.Close()
	}
	for range 30 { // where WebSocket frames are expected
		r := call(t, h.URL, nil, nil)
		if random.IntN(2) == 0 {
			r.send(r.hello())
			r.await("joined")
		}
		_ = r.write(websocket.MessageType(1+random.IntN(2)), noise(random.IntN(3000)))
		_ = r.ws.CloseNow()
	}
	c, err := net.Dial("tcp", addr) // frames that no library would write
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "GET /v1/join HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: %s\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", rendezvous.Subprotocol)
	_, _ = c.Write(noise(5000))
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Errorf("the server holds on to noise: %v", err)
	}
	_ = c.Close()
	source.Client.Signal(source.self, []byte("still here"))
	source.until(t, "the source is served on", func() bool { return len(source.signals) > 0 })
}

func TestStrangePathsAndMethodsGetShortAnswers(t *testing.T) {
	_, h := serve(t, newKey(t))
	for _, c := range []struct {
		method, path string
		code         int
	}{
		{"GET", "/v1/streams/" + strings.Repeat("x", 4000), 404},
		{"GET", "/v1/streams/%00%ff%2e%2e%2f", 404},
		{"GET", "/v1/members/../../etc/passwd", 200}, // cleaned to a path that is a stream's page
		{"GET", "/v1/members/", 404},
		{"GET", "/v1/nothing", 404},
		{"GET", "/_shoal/../pages.go", 200},
		{"GET", "/_shoal/server.go", 404},
		{"GET", "/v1/join", 426},
		{"POST", "/v1/join", 405},
		{"DELETE", "/v1/streams/x", 405},
		{"PUT", "/", 405},
	} {
		req, err := http.NewRequest(c.method, h.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatalf("%s %.40s: %v", c.method, c.path, err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != c.code || len(body) > 20_000 {
			t.Errorf("%s %.40s answers %d with %d bytes, want %d", c.method, c.path, resp.StatusCode, len(body), c.code)
		}
	}
}
