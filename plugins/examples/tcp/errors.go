package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"unicode"

	"github.com/shoal-live/shoal/core/transport"
)

var (
	// ErrConfig means that the transport's configuration is wrong; the text names the key and the choices.
	ErrConfig = errors.New("bad tcp configuration")
	// ErrProtocol means that the other end broke the rules of the link: a message over its limit, no hello.
	ErrProtocol = errors.New("protocol broken by the peer")
)

// maxCause is how many bytes of a cause travel.
const maxCause = 200

// causeOf says in the words of the contract why a connection did not become a link.
func causeOf(err error) error {
	var network net.Error
	switch {
	case errors.Is(err, transport.ErrIdentity), errors.Is(err, ErrProtocol):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, net.ErrClosed):
		return fmt.Errorf("%w: %w", transport.ErrClosed, err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return fmt.Errorf("%w: %w", transport.ErrTimeout, err)
	}
	return err
}

// and is one error on one line that wraps both.
func and(a, b error) error {
	if a == nil {
		return b
	}
	return fmt.Errorf("%w; %w", a, b)
}

// clean makes what a stranger wrote fit for a log, and a cause fit for a bye.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > maxCause {
		s = strings.ToValidUTF8(s[:maxCause], "")
	}
	return s
}
