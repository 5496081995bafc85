package quic

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"

	"github.com/quic-go/quic-go"

	"github.com/shoal-live/shoal/core/transport"
)

var (
	// ErrConfig means that the transport's configuration is wrong; the text names the key and the choices.
	ErrConfig = errors.New("bad quic configuration")
	// ErrProtocol means that the other end broke the rules of the link: a frame over its limit, no hello.
	ErrProtocol = errors.New("protocol broken by the peer")
	// ErrReset means that the other end knows nothing of the link any more, as after the death of its process. It has closed
	// nothing, and may carry the link on over another connection.
	ErrReset = errors.New("reset by the peer")
	// ErrUnimpaired means that the transport was started without an impaired network, so that none can be changed.
	ErrUnimpaired = errors.New("the network is not impaired: start with param impair, as in \"uplink=100G\" for a good one")
)

// Codes that a connection is closed with.
const (
	codeClosed   quic.ApplicationErrorCode = 0 // by Close, or the end of the transport
	codeProtocol quic.ApplicationErrorCode = 1
	codeUnneeded quic.ApplicationErrorCode = 2 // another address won
)

// TLS alerts that concern identity or protocol (RFC 8446, section 6).
const (
	alertBadCertificate      = 42
	alertUnsupported         = 43
	alertCertificateUnknown  = 46
	alertDecryptError        = 51
	alertCertificateRequired = 116
	alertNoProtocol          = 120
)

// maxCause is how many bytes of a cause travel.
const maxCause = 200

// causeOf says in the words of the contract why a connection ended or did not come up.
func causeOf(err error) error {
	var (
		application *quic.ApplicationError
		connection  *quic.TransportError
		idle        *quic.IdleTimeoutError
		handshake   *quic.HandshakeTimeoutError
		reset       *quic.StatelessResetError
	)
	switch {
	case errors.As(err, &application) && application.Remote:
		return fmt.Errorf("%w: %s", transport.ErrPeerClosed, clean(application.ErrorMessage))
	case errors.As(err, &application):
		return fmt.Errorf("%w: %s", transport.ErrClosed, clean(application.ErrorMessage))
	case errors.As(err, &idle), errors.As(err, &handshake), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: nothing heard from the other end", transport.ErrTimeout)
	case errors.As(err, &reset):
		return fmt.Errorf("%w: it was restarted", ErrReset)
	case errors.As(err, &connection):
		return connectionCause(connection)
	case errors.Is(err, context.Canceled), errors.Is(err, quic.ErrTransportClosed):
		return transport.ErrClosed
	}
	return err
}

func connectionCause(err *quic.TransportError) error {
	if err.ErrorCode == quic.ConnectionRefused && err.Remote {
		return fmt.Errorf("%w: it takes no more links", transport.ErrPeerClosed)
	}
	if !err.ErrorCode.IsCryptoError() {
		return err
	}
	switch err.ErrorCode - 0x100 {
	case alertBadCertificate, alertUnsupported, alertCertificateUnknown, alertDecryptError, alertCertificateRequired:
		return fmt.Errorf("%w: %s", transport.ErrIdentity, clean(err.Error()))
	case alertNoProtocol:
		return fmt.Errorf("%w: it does not speak %s", ErrProtocol, protocol)
	}
	return err
}

// clean makes what a stranger wrote fit for a log, and a cause fit for a packet.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxCause {
		s = strings.ToValidUTF8(s[:maxCause], "")
	}
	return s
}
