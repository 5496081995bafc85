package rendezvous

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// Software is the value of the Server header, by which a client tells that a URL is a rendezvous.
const Software = "shoal-rendezvous"

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/join", s.serveJoin)
	mux.HandleFunc("GET /v1/time", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]int64{"now": time.Now().UnixMicro()})
	})
	mux.HandleFunc("GET /v1/streams", s.serveStreams)
	mux.HandleFunc("GET /v1/streams/{name...}", s.serveStream)
	mux.HandleFunc("GET /v1/members/{name...}", s.serveMembers)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	routePages(mux)
	return mux
}

// streamJSON is a stream in the HTTP API.
type streamJSON struct {
	Name       string `json:"name"`
	ID         string `json:"id"`
	Publisher  string `json:"publisher"`
	Epoch      uint32 `json:"epoch"`
	Live       bool   `json:"live"`
	Viewers    int    `json:"viewers"`
	Descriptor []byte `json:"descriptor,omitempty"` // as codecs/zstd packs it
}

func toJSON(st Stream) streamJSON {
	return streamJSON{
		Name: st.Name, ID: st.ID.String(), Publisher: swarm.PeerID(st.Publisher).Text(), Epoch: st.Epoch,
		Live: st.Live, Viewers: st.Viewers,
	}
}

func (s *Server) serveStreams(w http.ResponseWriter, _ *http.Request) {
	if s.cfg.List != Listed {
		fault(w, http.StatusForbidden, "streams are not listed here: ask whoever publishes for the link")
		return
	}
	list := []streamJSON{}
	for _, st := range s.Streams() {
		list = append(list, toJSON(st))
	}
	answer(w, http.StatusOK, map[string]any{"streams": list})
}

func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	st, ok := s.Stream(r.PathValue("name"))
	if !ok {
		fault(w, http.StatusNotFound, "nobody publishes this stream here")
		return
	}
	j := toJSON(st)
	j.Descriptor = pack(st.Signed)
	answer(w, http.StatusOK, j)
}

// memberJSON is a peer in the HTTP API; it is a public page, so it says neither address nor whole id.
type memberJSON struct {
	Peer       string   `json:"peer"`
	Role       string   `json:"role"`
	Feeds      []string `json:"feeds"`
	JoinedAgoS float64  `json:"joined_ago_s"`
	Statistics any      `json:"statistics"`
}

// maxMembersShown bounds one answer of /v1/members.
const maxMembersShown = 500

func (s *Server) serveMembers(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	st, ok := s.Stream(name)
	if !ok {
		fault(w, http.StatusNotFound, "nobody publishes this stream here")
		return
	}
	list := []memberJSON{}
	for _, m := range s.Members(name, maxMembersShown) {
		feeds := []string{}
		for _, f := range m.Feeds {
			feeds = append(feeds, f.String())
		}
		list = append(list, memberJSON{
			Peer: m.Peer.String(), Role: m.Role.String(), Feeds: feeds,
			JoinedAgoS: time.Since(m.Joined).Seconds(), Statistics: m.Report,
		})
	}
	answer(w, http.StatusOK, map[string]any{"stream": toJSON(st), "members": list})
}

func answer(w http.ResponseWriter, code int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Server", Software)
	h.Set("Access-Control-Allow-Origin", "*") // public facts, no cookies
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}

func fault(w http.ResponseWriter, code int, text string) {
	answer(w, code, map[string]string{"status": "error", "error": text})
}

// clientAddress is where a request comes from, behind trusted proxies too; IPv6 by its /64.
func (s *Server) clientAddress(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	if s.trusted(addr) {
		hops := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		for i := len(hops) - 1; i >= 0; i-- {
			hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
			if err != nil {
				break
			}
			addr = hop
			if !s.trusted(hop) {
				break
			}
		}
	}
	addr = addr.Unmap()
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}

func (s *Server) trusted(a netip.Addr) bool {
	for _, p := range s.cfg.TrustedProxies {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// public reports whether one of the addresses lies beyond this machine.
func public(list []swarm.Address) bool {
	for _, a := range list {
		_, rest, _ := strings.Cut(string(a), ":")
		host, _, err := net.SplitHostPort(rest)
		if err != nil {
			continue
		}
		if ip, err := netip.ParseAddr(host); err == nil && !ip.IsLoopback() {
			return true
		}
	}
	return false
}
