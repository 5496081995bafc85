package rendezvous_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

func TestForwardedForIsBelievedFromTrustedProxiesAlone(t *testing.T) {
	publisher := newKey(t)
	trusting := func(c *rendezvous.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	}
	for what, c := range map[string]struct {
		configure []func(*rendezvous.Config)
		forwarded []string
		want      string
	}{
		"nobody is trusted":                {nil, []string{"203.0.113.5"}, "127.0.0.1"},
		"the proxy's word":                 {[]func(*rendezvous.Config){trusting}, []string{"203.0.113.5"}, "203.0.113.5"},
		"no header":                        {[]func(*rendezvous.Config){trusting}, nil, "127.0.0.1"},
		"what the client claims before":    {[]func(*rendezvous.Config){trusting}, []string{"198.51.100.1, 203.0.113.5"}, "203.0.113.5"},
		"what the client claims in a line": {[]func(*rendezvous.Config){trusting}, []string{"198.51.100.1", "203.0.113.5"}, "203.0.113.5"},
		"two trusted hops":                 {[]func(*rendezvous.Config){trusting}, []string{"203.0.113.5, 10.1.2.3"}, "203.0.113.5"},
		"a port":                           {[]func(*rendezvous.Config){trusting}, []string{"203.0.113.5:4711"}, "203.0.113.5"},
		"IPv6":                             {[]func(*rendezvous.Config){trusting}, []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		"IPv4 in IPv6":                     {[]func(*rendezvous.Config){trusting}, []string{"::ffff:203.0.113.5"}, "203.0.113.5"},
		"garbage":                          {[]func(*rendezvous.Config){trusting}, []string{"unknown"}, "127.0.0.1"},
		"garbage behind a trusted hop":     {[]func(*rendezvous.Config){trusting}, []string{"<script>, 10.1.2.3"}, "10.1.2.3"},
	} {
		t.Run(what, func(t *testing.T) {
			_, h := serve(t, publisher, c.configure...)
			r := call(t, h.URL, nil, http.Header{"X-Forwarded-For": c.forwarded})
			r.send(r.sourceHello(publisher))
			if m := r.await("joined"); m["observed"] != c.want {
				t.Errorf("the server sees %v, want %s", m["observed"], c.want)
			}
		})
	}
}

func TestPeersMeetOverTLS(t *testing.T) {
	publisher := newKey(t)
	s := rendezvous.NewServer(rendezvous.Config{Publishers: []ed25519.PublicKey{public(publisher)}})
	h := httptest.NewTLSServer(s)
	t.Cleanup(func() {
		s.Close()
		h.Close()
	})
	source := joinAs(t, rendezvous.ClientConfig{URL: h.URL, Identity: newKey(t), Publisher: publisher, HTTP: h.Client()}, node.Self{Role: swarm.Source, Name: name}).in(t)
	source.Describe(describe(t, publisher, 1))
	viewer := joinAs(t, rendezvous.ClientConfig{URL: h.URL, Identity: newKey(t), HTTP: h.Client()}, node.Self{Role: swarm.Viewer, Name: name}).in(t)
	viewer.until(t, "the viewer hears of the source", func() bool { return len(viewer.candidates) > 0 && len(viewer.epochs) > 0 })
	info, err := rendezvous.Resolve(context.Background(), h.URL+"/"+name, h.Client())
	if err != nil || info.Base != h.URL {
		t.Fatalf("%+v (%v)", info, err)
	}
	if _, err := rendezvous.Resolve(context.Background(), h.URL+"/"+name, nil); err == nil || !strings.Contains(err.Error(), "certificate") || errors.Is(err, rendezvous.ErrNotShoal) {
		t.Errorf("a certificate of nobody gets %v", err)
	}
	plain := strings.Replace(h.URL, "https", "http", 1)
	if _, err := rendezvous.Resolve(context.Background(), plain+"/"+name, nil); !errors.Is(err, rendezvous.ErrNotShoal) || !strings.Contains(err.Error(), "https://") {
		t.Errorf("plain HTTP gets %v", err)
	}
	// A proxy that sends plain HTTP on to HTTPS costs the viewer nothing.
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, h.URL+r.URL.Path, http.StatusMovedPermanently)
	}))
	defer proxy.Close()
	if info, err := rendezvous.Resolve(context.Background(), proxy.URL+"/"+name, h.Client()); err != nil || info.Base != h.URL {
		t.Errorf("behind a redirect: base %s (%v)", info.Base, err)
	}
}

func TestNamesWithSlashesAndBeyondASCIIWorkEverywhere(t *testing.T) {
	publisher := newKey(t)
	s, h := serve(t, publisher)
	for _, name := range []string{"cam1", "studio/a/b", "Übung/камера 2", "100%/~x?y#z", "日本", "a+b&c=d", strings.Repeat("ü", 127)} {
		self := node.Self{Role: swarm.Source, Name: name, Stream: chunk.NewStreamID(public(publisher), name)}
		source := joinAs(t, rendezvous.ClientConfig{URL: h.URL, Identity: newKey(t), Publisher: publisher}, self).in(t)
		source.Describe(describeNamed(t, publisher, name, 1))
		self.Role = swarm.Viewer
		viewer := joinAs(t, rendezvous.ClientConfig{URL: h.URL, Identity: newKey(t)}, self).in(t)
		viewer.until(t, name+" is described", func() bool { return slices.Contains(viewer.epochs, 1) })
		link := h.URL + "/" + strings.NewReplacer("%", "%25", "?", "%3F", "#", "%23", " ", "%20").Replace(name)
		info, err := rendezvous.Resolve(context.Background(), link, nil)
		if err != nil || info.Name != name || info.ID != self.Stream || info.Signed == nil {
			t.Errorf("%s resolves to %q (%v)", link, info.Name, err)
		}
		if _, ok := s.Stream(name); !ok {
			t.Errorf("%q is not known", name)
		}
	}
	if list := s.Streams(); len(list) != 7 || !slices.IsSortedFunc(list, func(a, b rendezvous.Stream) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("%d streams are listed", len(list))
	}
}

func TestLimitsOfAnAddressAreKeptAndSaid(t *testing.T) {
	publisher := newKey(t)
	_, h := serve(t, publisher, func(c *rendezvous.Config) {
		c.Limits = rendezvous.Limits{PerAddress: 10, Joins: 8}
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	try := func(from string) (*websocket.Conn, int) {
		ws, resp, err := websocket.Dial(context.Background(), h.URL+"/v1/join", &websocket.DialOptions{
			Subprotocols: []string{rendezvous.Subprotocol}, HTTPHeader: http.Header{"X-Forwarded-For": {from}},
		})
		if err != nil && resp == nil {
			t.Fatal(err)
		}
		return ws, resp.StatusCode
	}
	var open []*websocket.Conn
	for i := range 10 {
		ws, code := try(fmt.Sprintf("2001:db8::%x", i+1)) // one /64 is one address
		if code != http.StatusSwitchingProtocols {
			t.Fatalf("connection %d gets %d", i, code)
		}
		open = append(open, ws)
	}
	if _, code := try("2001:db8::99"); code != http.StatusTooManyRequests {
		t.Errorf("one connection more gets %d", code)
	}
	ws, code := try("2001:db8:0:1::1")
	if code != http.StatusSwitchingProtocols {
		t.Errorf("another address gets %d", code)
	}
	_ = ws.CloseNow()
	for _, ws := range open {
		_ = ws.CloseNow()
	}
	poll(t, "closed connections count no longer", func() bool {
		ws, code := try("2001:db8::1")
		if ws != nil {
			_ = ws.CloseNow()
		}
		return code == http.StatusSwitchingProtocols
	})
	refused := 0
	for range 60 {
		ws, code := try("203.0.113.9")
		if code == http.StatusTooManyRequests {
			refused++
			continue
		}
		_ = ws.CloseNow()
	}
	if refused < 5 {
		t.Errorf("%d of 60 joins at once are refused, of 8 a second", refused)
	}
}

func TestLimitsOfTheServerAreKeptAndSaid(t *testing.T) {
	publisher := newKey(t)
	_, h := serve(t, publisher, func(c *rendezvous.Config) { c.Limits = rendezvous.Limits{Streams: 1, Members: 3} })
	join(t, h.URL, swarm.Source, publisher).in(t)
	other := joinAs(t, rendezvous.ClientConfig{URL: h.URL, Identity: newKey(t), Publisher: publisher}, node.Self{Role: swarm.Source, Name: "cam/2"})
	other.until(t, "a second stream is refused for now", func() bool { return errors.Is(other.away, chunk.ErrLimit) })
	other.stop()
	for range 2 {
		join(t, h.URL, swarm.Viewer, nil).in(t)
	}
	late := join(t, h.URL, swarm.Viewer, nil)
	late.until(t, "one member more is told", func() bool { return late.away != nil && strings.Contains(late.away.Error(), "429") })
}

func TestPlainRequestsAreLimited(t *testing.T) {
	s, _ := serve(t, newKey(t))
	refused := 0
	for range 12 * rendezvous.RequestsPerSec {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/time", nil))
		if w.Code == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

func TestListIsForThoseWhoMay(t *testing.T) {
	publisher := newKey(t)
	for list, want := range map[rendezvous.Listing]int{rendezvous.Listed: 200, rendezvous.Unlisted: 403} {
		_, h := serve(t, publisher, func(c *rendezvous.Config) { c.List = list })
		join(t, h.URL, swarm.Source, publisher).in(t)
		resp, err := http.Get(h.URL + "/v1/streams")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != want || strings.Contains(string(body), name) != (list == rendezvous.Listed) {
			t.Errorf("list %d answers %d: %s", list, resp.StatusCode, body)
		}
		_, err = rendezvous.Resolve(context.Background(), h.URL+"/nothing", nil)
		if !errors.Is(err, node.ErrUnknownStream) || strings.Contains(err.Error(), name) != (list == rendezvous.Listed) {
			t.Errorf("an unknown stream gets %v", err)
		}
	}
}

func TestWhatPagesShowHidesAddressesAndIsSmall(t *testing.T) {
	publisher := newKey(t)
	_, h := serve(t, publisher)
	source := join(t, h.URL, swarm.Source, publisher).in(t)
	for range 70 {
		join(t, h.URL, swarm.Viewer, nil).in(t)
	}
	resp, err := http.Get(h.URL + "/v1/members/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	var sw struct {
		Stream struct {
			Viewers int  `json:"viewers"`
			Live    bool `json:"live"`
		} `json:"stream"`
		Members []struct {
			Peer, Role string
		} `json:"members"`
		More int `json:"more"`
	}
	if err := json.Unmarshal(body, &sw); err != nil {
		t.Fatal(err)
	}
	if sw.Stream.Viewers != 70 || !sw.Stream.Live || len(sw.Members) != 64 || sw.More != 7 || sw.Members[0].Role != "source" || sw.Members[0].Peer != source.self.String() {
		t.Errorf("the page would show %d viewers, %d members and %d more, first %v", sw.Stream.Viewers, len(sw.Members), sw.More, sw.Members[0])
	}
	if strings.Contains(string(body), "quic:") || strings.Contains(string(body), source.self.Text()) {
		t.Error("the page tells addresses or whole ids")
	}
}
