package serve

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"

	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
)

// Meeting is a rendezvous that runs: the server, its listeners and STUN.
type Meeting struct {
	Server *rendezvous.Server
	URL    string // that links begin with
	Local  string // URL for this machine's own nodes: plain HTTP on loopback

	public, local *httpServer
	stun          []net.PacketConn
}

// OpenMeeting binds a rendezvous. keys may publish there, beside those of the config. Errors name the config's key.
func OpenMeeting(cfg config.Rendezvous, keys []ed25519.PublicKey, log *slog.Logger) (*Meeting, error) {
	rc := rendezvous.Config{Publishers: keys, Log: log}
	for _, p := range cfg.Publishers {
		key, err := hex.DecodeString(p)
		if err != nil {
			return nil, fmt.Errorf("rendezvous.publishers: %w", err)
		}
		rc.Publishers = append(rc.Publishers, key)
	}
	for i, p := range cfg.TrustedProxies {
		prefix, err := parsePrefix(p)
		if err != nil {
			return nil, fmt.Errorf("rendezvous.trustedProxies[%d]: %w (write an address or a network: 10.0.0.0/8)", i, err)
		}
		rc.TrustedProxies = append(rc.TrustedProxies, prefix)
	}
	if cfg.List {
		rc.List = rendezvous.Listed
	}
	m := &Meeting{}
	if err := m.bind(cfg, rc); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// bind opens the sockets, and makes the server.
func (m *Meeting) bind(cfg config.Rendezvous, rc rendezvous.Config) error {
	var err error
	if m.stun, err = listenSTUN(cfg.STUN); err != nil {
		return err
	}
	for i, c := range m.stun {
		rc.STUN = append(rc.STUN, stunAddress(cfg.STUN[i], c.LocalAddr().(*net.UDPAddr)))
	}
	m.Server = rendezvous.NewServer(rc)
	log := rc.Log
	if m.public, err = listen("rendezvous.listen", cfg.Listen, m.Server, log); err != nil {
		return err
	}
	if m.local, err = listen("rendezvous.listen", "127.0.0.1:0", m.Server, log); err != nil {
		return err
	}
	scheme := "http"
	if cfg.CertFile != "" {
		scheme = "https"
		if err := m.public.secure(cfg.CertFile, cfg.KeyFile); err != nil {
			return err
		}
	}
	m.URL = cfg.PublicURL
	if m.URL == "" {
		m.URL = scheme + "://" + net.JoinHostPort(linkHost(cfg.Listen), strconv.Itoa(m.public.port()))
	}
	m.Local = "http://127.0.0.1:" + strconv.Itoa(m.local.port())
	return nil
}

// stunAddress is what members are told of a STUN server: the host that it was given where others can know that, and else
// none, which stands for that of the URL they came by.
func stunAddress(configured string, bound *net.UDPAddr) string {
	host, _, err := net.SplitHostPort(configured)
	if err != nil || bound.IP.IsUnspecified() || bound.IP.IsLoopback() {
		host = ""
	}
	return net.JoinHostPort(host, strconv.Itoa(bound.Port))
}

func (m *Meeting) close() {
	for _, s := range []*httpServer{m.public, m.local} {
		if s != nil {
			_ = s.listener.Close()
		}
	}
	for _, c := range m.stun {
		_ = c.Close()
	}
}

// Run serves until ctx ends, and returns when every connection has ended.
func (m *Meeting) Run(ctx context.Context) error {
	defer m.Server.Close()
	return wire.Together(ctx, m.public.run, m.local.run, func(ctx context.Context) error {
		if len(m.stun) == 0 {
			return nil
		}
		return rendezvous.ServeSTUN(ctx, m.stun...)
	})
}

func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}
