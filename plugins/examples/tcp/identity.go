package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// protocol is what both ends must name (ALPN).
const protocol = "shoal-tcp/1"

// identity is a node's key in the form that TLS wants.
type identity struct{ certificate tls.Certificate }

func newIdentity(key ed25519.PrivateKey) (*identity, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // RFC 5280: no date of expiry
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("%w: identity: %w", ErrConfig, err)
	}
	return &identity{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}}, nil
}

// base is what both ends have in common. No chain is verified: nobody vouches for a peer but its own key.
func (i *identity) base() *tls.Config {
	return &tls.Config{
		MinVersion:                  tls.VersionTLS13,
		Certificates:                []tls.Certificate{i.certificate},
		NextProtos:                  []string{protocol},
		CurvePreferences:            []tls.CurveID{tls.X25519},
		SessionTicketsDisabled:      true,
		DynamicRecordSizingDisabled: true, // what is written at once is one record
		InsecureSkipVerify:          true, // provedBy takes the key instead
	}
}

// listening wants any peer's certificate.
func (i *identity) listening() *tls.Config {
	c := i.base()
	c.ClientAuth = tls.RequireAnyClientCert
	c.VerifyConnection = func(s tls.ConnectionState) error {
		_, err := provedBy(&s)
		return err
	}
	return c
}

// dialing wants that of peer.
func (i *identity) dialing(peer swarm.PeerID) *tls.Config {
	c := i.base()
	c.VerifyConnection = func(s tls.ConnectionState) error {
		got, err := provedBy(&s)
		if err == nil && got != peer {
			err = fmt.Errorf("%w: the other end is %s, not %s", transport.ErrIdentity, got, peer)
		}
		return err
	}
	return c
}

// provedBy is the peer whose key a handshake proves. Errors: ErrIdentity, ErrProtocol.
func provedBy(s *tls.ConnectionState) (p swarm.PeerID, err error) {
	if s.NegotiatedProtocol != protocol {
		return p, fmt.Errorf("%w: it does not speak %s", ErrProtocol, protocol)
	}
	if len(s.PeerCertificates) != 1 {
		return p, fmt.Errorf("%w: %d certificates, want one", transport.ErrIdentity, len(s.PeerCertificates))
	}
	key, ok := s.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok || len(key) != len(p) {
		return p, fmt.Errorf("%w: the certificate holds no Ed25519 key", transport.ErrIdentity)
	}
	copy(p[:], key)
	return p, nil
}
