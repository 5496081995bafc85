package quic

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// protocol is the application protocol that both ends must name (ALPN).
const protocol = "shoal/1"

// identity is a node's key as TLS wants it.
type identity struct {
	id          swarm.PeerID
	certificate tls.Certificate
	reset       quic.StatelessResetKey // the same in every life of the node
}

func newIdentity(key ed25519.PrivateKey) (*identity, error) {
	public := key.Public().(ed25519.PublicKey)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // RFC 5280: no end of its own
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		return nil, fmt.Errorf("%w: identity: make a certificate: %w", ErrConfig, err)
	}
	i := &identity{certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}}
	copy(i.id[:], public)
	i.reset = sha256.Sum256(append([]byte("shoal quic stateless reset\x00"), key.Seed()...))
	return i, nil
}

// tlsConfig is what both sides have in common.
func (i *identity) tlsConfig() *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{i.certificate},
		NextProtos:             []string{protocol},
		CurvePreferences:       []tls.CurveID{tls.X25519},
		SessionTicketsDisabled: true,
		InsecureSkipVerify:     true, // chains prove nothing here; VerifyConnection takes the key
	}
}

// listenTLS asks every dialing end for its key.
func (i *identity) listenTLS() *tls.Config {
	c := i.tlsConfig()
	c.ClientAuth = tls.RequireAnyClientCert
	c.VerifyConnection = func(s tls.ConnectionState) error {
		_, err := provedBy(&s)
		return err
	}
	return c
}

// dialTLS takes no other key than that of peer.
func (i *identity) dialTLS(peer swarm.PeerID) *tls.Config {
	c := i.tlsConfig()
	c.VerifyConnection = func(s tls.ConnectionState) error {
		got, err := provedBy(&s)
		if err != nil {
			return err
		}
		if got != peer {
			return fmt.Errorf("%w: the other end is %s, not %s", transport.ErrIdentity, got, peer)
		}
		return nil
	}
	return c
}

// provedBy is the peer whose key a handshake has proved.
func provedBy(s *tls.ConnectionState) (swarm.PeerID, error) {
	var p swarm.PeerID
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
