package rendezvous

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"

	"github.com/shoal-live/shoal/core/swarm"
)

// Config describes a server.
type Config struct {
	Publishers     []ed25519.PublicKey // keys that may publish; none lets nobody publish
	List           Listing             // whether streams can be listed by anybody
	TrustedProxies []netip.Prefix      // whose X-Forwarded-For is believed
	STUN           []string            // STUN servers that members are told of, "host:port"; ":port" is at the URL's host
	Limits         Limits              // zero fields mean the defaults
	Log            *slog.Logger        // nil discards
}

// Listing says who may list the streams.
type Listing uint8

// The choices.
const (
	Unlisted Listing = 0 // who knows a stream's name can join it
	Listed   Listing = 1 // everybody can list the names
)

// Server is the public endpoint. It is an http.Handler; its methods may be called by several goroutines at once.
type Server struct {
	cfg        Config
	publishers map[swarm.PeerID]struct{}
	mux        *http.ServeMux
	shown      shown
	ctx        context.Context // of every connection
	stop       context.CancelFunc
	group      sync.WaitGroup // of connections

	mu       sync.Mutex
	rooms    map[string]*room
	members  int
	visitors map[netip.Addr]*visitor
	open     int // connections
	closed   bool
}

// NewServer makes a server. It begins to serve when it is given requests; Close ends it.
func NewServer(cfg Config) *Server {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Limits = cfg.Limits.withDefaults()
	s := &Server{
		cfg:        cfg,
		publishers: make(map[swarm.PeerID]struct{}),
		rooms:      make(map[string]*room),
		visitors:   make(map[netip.Addr]*visitor),
	}
	for _, k := range cfg.Publishers {
		if len(k) == ed25519.PublicKeySize {
			s.publishers[swarm.PeerID(k)] = struct{}{}
		}
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.mux = s.routes()
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close ends every connection, and returns when their goroutines have ended. Later requests to join are refused.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.group.Wait()
}
