package rendezvous_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/core/swarm"
)

// network is a listener within the process, whose connections hold nothing on the way: what one end does not read,
// the other cannot write. It suits virtual time.
type network struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newNetwork() *network { return &network{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error   { n.once.Do(func() { close(n.closed) }); return nil }
func (n *network) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }

// line is one end of a connection, with the address of the client.
type line struct {
	net.Conn
	from net.Addr
}

func (l line) RemoteAddr() net.Addr { return l.from }

// client dials from an IP address.
func (n *network) client(ip string) *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		near, far := net.Pipe()
		select {
		case n.conns <- line{far, &net.TCPAddr{IP: net.ParseIP(ip), Port: 4242}}:
			return near, nil
		case <-n.closed:
			return nil, fmt.Errorf("connection refused")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}}
}

// house is a network with a server on it, for one test in virtual time.
type house struct {
	*network
	server    *rendezvous.Server
	current   atomic.Pointer[http.Handler] // that answers
	publisher ed25519.PrivateKey
}

const houseURL = "http://rendezvous.test"

// newHouse runs a server in a bubble of testing/synctest.
func newHouse(t *testing.T, configure ...func(*rendezvous.Config)) *house {
	t.Helper()
	h := &house{network: newNetwork(), publisher: newKey(t)}
	cfg := rendezvous.Config{Publishers: []ed25519.PublicKey{public(h.publisher)}, List: rendezvous.Listed}
	for _, f := range configure {
		f(&cfg)
	}
	h.server = rendezvous.NewServer(cfg)
	h.answer(h.server)
	t.Cleanup(h.server.Close)
	h.serve(t)
	return h
}

// answer lets another handler answer from now on.
func (h *house) answer(handler http.Handler) { h.current.Store(&handler) }

// serve runs an HTTP server on the network until the test ends.
func (h *house) serve(t *testing.T) {
	t.Helper()
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*h.current.Load()).ServeHTTP(w, r) })}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = web.Serve(h.network)
	}()
	t.Cleanup(func() {
		_ = web.Close()
		<-ended
	})
}

func (h *house) config(t *testing.T, publisher ed25519.PrivateKey) rendezvous.ClientConfig {
	t.Helper()
	return rendezvous.ClientConfig{URL: houseURL, Identity: newKey(t), Publisher: publisher, HTTP: h.client("192.0.2.9")}
}

// raw is a member that speaks the protocol by hand.
type raw struct {
	t     *testing.T
	ws    *websocket.Conn
	nonce []byte
	key   ed25519.PrivateKey
}

// said is a message as a stranger to this package would read it.
type said map[string]any

// call opens a connection and takes the challenge.
func call(t *testing.T, url string, hc *http.Client, header http.Header) *raw {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, url+"/v1/join", &websocket.DialOptions{HTTPClient: hc, HTTPHeader: header, Subprotocols: []string{rendezvous.Subprotocol}})
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = ws.CloseNow() })
	r := &raw{t: t, ws: ws, key: newKey(t)}
	first := r.next()
	if first["type"] != "challenge" {
		t.Fatalf("the server begins with %v", first)
	}
	r.nonce = bytesOf(t, first["nonce"])
	return r
}

func bytesOf(t *testing.T, v any) []byte {
	t.Helper()
	var b []byte
	text, _ := json.Marshal(v)
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

func (r *raw) peer() swarm.PeerID { return swarm.PeerID(public(r.key)) }

// hello is a viewer's join, as it should be.
func (r *raw) hello() said {
	text := append(append([]byte("shoal join v1\x00"), r.nonce...), byte(swarm.Viewer))
	return said{
		"type": "join", "peer": r.peer().Text(), "role": "viewer", "name": name, "addresses": []string{"quic:198.51.100.7:4000"},
		"signature": ed25519.Sign(r.key, append(text, name...)),
	}
}

// sourceHello is a source's join, with the grant of publisher.
func (r *raw) sourceHello(publisher ed25519.PrivateKey) said {
	id := r.peer()
	text := append(append([]byte("shoal join v1\x00"), r.nonce...), byte(swarm.Source))
	grant := append(append(append([]byte("shoal grant v1\x00"), r.nonce...), id[:]...), name...)
	return said{
		"type": "join", "peer": id.Text(), "role": "source", "name": name, "addresses": []string{"quic:198.51.100.8:4000"},
		"signature": ed25519.Sign(r.key, append(text, name...)),
		"publisher": fmt.Sprintf("%x", public(publisher)), "grant": ed25519.Sign(publisher, grant),
	}
}

func (r *raw) send(m said) {
	r.t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.write(websocket.MessageText, b); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) write(kind websocket.MessageType, b []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	return r.ws.Write(ctx, kind, b)
}

// next is the next message.
func (r *raw) next() said {
	r.t.Helper()
	m, err := r.hear()
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

// hear is the next message, or the end of the connection.
func (r *raw) hear() (said, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	_, b, err := r.ws.Read(ctx)
	if err != nil {
		return nil, err
	}
	m := said{}
	return m, json.Unmarshal(b, &m)
}

// await is the next message of a type.
func (r *raw) await(kind string) said {
	r.t.Helper()
	for {
		if m := r.next(); m["type"] == kind {
			return m
		}
	}
}
