package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// httpServer is one HTTP listener.
type httpServer struct {
	listener net.Listener
	server   *http.Server
}

// listen binds address for the config's key. Errors name the key, the address and the way out.
func listen(key, address string, h http.Handler, log *slog.Logger) (*httpServer, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %s cannot be listened on: %w (set %s to another address)", key, address, err, key)
	}
	return &httpServer{l, &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}, nil
}

// secure makes the listener TLS.
func (s *httpServer) secure(certFile, keyFile string) error {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return fmt.Errorf("rendezvous.certFile and keyFile: %w", err)
	}
	// WebSockets need HTTP/1.1.
	s.listener = tls.NewListener(s.listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	return nil
}

func (s *httpServer) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// run serves until ctx ends.
func (s *httpServer) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = s.server.Close() })
	defer stop()
	if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// listenSTUN binds the UDP sockets of STUN.
func listenSTUN(addresses []string) ([]net.PacketConn, error) {
	var conns []net.PacketConn
	for _, a := range addresses {
		c, err := net.ListenPacket("udp", a)
		if err != nil {
			for _, c := range conns {
				_ = c.Close()
			}
			return nil, fmt.Errorf("rendezvous.stun: %s cannot be listened on: %w (set rendezvous.stun to other addresses, or to [] for none)", a, err)
		}
		conns = append(conns, c)
	}
	return conns, nil
}

// linkHost is the host by which viewers of a wildcard listener reach this machine: its first public or private address.
func linkHost(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err == nil && host != "" && host != "0.0.0.0" && host != "::" {
		return host
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "127.0.0.1"
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	return "127.0.0.1"
}
