package rendezvous

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// visitor is what is remembered of one address.
type visitor struct {
	joins    bucket
	requests bucket
	open     int // connections
}

// visit is the visitor of an address. The lock is held.
func (s *Server) visit(addr netip.Addr, now time.Time) *visitor {
	key := family(addr)
	v := s.visitors[key]
	if v == nil {
		s.forget(now)
		v = &visitor{}
		s.visitors[key] = v
	}
	return v
}

// forget drops addresses that have been quiet for a while, once there are many.
func (s *Server) forget(now time.Time) {
	const many = 4096
	if len(s.visitors) < many || len(s.visitors)%(many/4) != 0 { // now and then, so that a visit costs little
		return
	}
	for a, v := range s.visitors {
		if v.open == 0 && now.Sub(v.joins.at) > time.Minute && now.Sub(v.requests.at) > time.Minute {
			delete(s.visitors, a)
		}
	}
}

// admit counts a connection from addr. Errors: chunk.ErrLimit, naming the limit.
func (s *Server) admit(addr netip.Addr) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	limits := &s.cfg.Limits
	v := s.visit(addr, time.Now())
	switch {
	case s.closed:
		return fmt.Errorf("%w: the server is going down", chunk.ErrLimit)
	case !v.joins.take(time.Now(), float64(limits.Joins), 5*float64(limits.Joins)):
		return fmt.Errorf("%w: more than %d joins a second from one address", chunk.ErrLimit, limits.Joins)
	case v.open >= limits.PerAddress:
		return fmt.Errorf("%w: more than %d connections from one address", chunk.ErrLimit, limits.PerAddress)
	case s.open >= limits.Members:
		return fmt.Errorf("%w: more than %d connections", chunk.ErrLimit, limits.Members)
	}
	v.open++
	s.open++
	s.group.Add(1)
	return nil
}

func (s *Server) dismiss(addr netip.Addr) {
	s.mu.Lock()
	s.open--
	s.visit(addr, time.Now()).open--
	s.mu.Unlock()
	s.group.Done()
}

// ask counts a plain request; ok is false when its address has had its share.
func (s *Server) ask(r *http.Request) (ok bool) {
	addr := s.clientAddress(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	return s.visit(addr, now).requests.take(now, RequestsPerSec, 10*RequestsPerSec)
}

// clientAddress is where a request comes from; behind trusted proxies, the last hop that is none.
func (s *Server) clientAddress(r *http.Request) netip.Addr {
	addr := parseHost(r.RemoteAddr)
	if !s.trusted(addr) {
		return addr
	}
	// A proxy appends to the list, or adds a further header of the name: the end is what trusted hops have written.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := parseHost(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			break
		}
		addr = hop
		if !s.trusted(hop) {
			break
		}
	}
	return addr
}

// parseHost reads an address with or without a port; it is not valid when s is neither.
func parseHost(s string) netip.Addr {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// family is the part of an address that limits count by.
func family(a netip.Addr) netip.Addr {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

func (s *Server) trusted(a netip.Addr) bool {
	for _, p := range s.cfg.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
