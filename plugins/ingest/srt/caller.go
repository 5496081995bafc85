package srt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	gosrt "github.com/datarhei/gosrt"
	"github.com/datarhei/gosrt/packet"

	"github.com/shoal-live/shoal/core/ingest"
)

const (
	answer = 3 * time.Second        // for the handshake, once somebody has greeted
	again  = 250 * time.Millisecond // between greetings
)

// call connects to a listener.
func call(ctx context.Context, cfg *config) (*session, error) {
	greeting, cancel := context.WithTimeout(ctx, cfg.stream.Timeout)
	defer cancel()
	if err := greet(greeting, cfg.address); err != nil {
		return nil, fmt.Errorf("%s: %w: nobody answers in %v, as a listener of SRT would: %w", cfg.stream.Name, ingest.ErrSource, cfg.stream.Timeout, err)
	}
	c := cfg.protocol()
	c.StreamId, c.Passphrase = cfg.streamID, cfg.passphrase
	conn, err := gosrt.Dial("srt", cfg.address, c)
	if err != nil {
		return nil, refusal(cfg, err)
	}
	return newSession(cfg, conn, func() { _ = conn.Close() }), nil // it never fails
}

// greet sends the first packet of a handshake, which costs a listener nothing, until it is answered or ctx ends. gosrt sends it
// once, and cannot be told to stop waiting.
func greet(ctx context.Context, address string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing is left to say
	hello := induction(conn)
	b := make([]byte, gosrt.MAX_MSS_SIZE)
	for ctx.Err() == nil {
		var n int
		if n, err = ask(conn, hello, b); err == nil && isHandshake(conn, b[:n]) {
			return nil
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		select { // refused at once, or answered by something else
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// ask sends hello and reads what comes within a while.
func ask(conn net.Conn, hello, b []byte) (int, error) {
	if _, err := conn.Write(hello); err != nil { // the other machine says that nobody is there
		return 0, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(again)); err != nil {
		return 0, err
	}
	return conn.Read(b)
}

// induction is the packet that asks for a listener's cookie.
func induction(conn net.Conn) []byte {
	p := packet.NewPacket(conn.RemoteAddr())
	defer p.Decommission()
	h := p.Header()
	h.IsControlPacket, h.ControlType = true, packet.CTRLTYPE_HANDSHAKE
	cif := &packet.CIFHandshake{
		IsRequest: true, Version: 4, ExtensionField: 2, MaxTransmissionUnitSize: gosrt.MAX_MSS_SIZE, MaxFlowWindowSize: 25600,
		HandshakeType: packet.HSTYPE_INDUCTION, SRTSocketId: 1,
	}
	cif.PeerIP.FromNetAddr(conn.LocalAddr())
	var b bytes.Buffer
	if p.MarshalCIF(cif) != nil || p.Marshal(&b) != nil {
		panic("srt: a handshake that cannot be written")
	}
	return b.Bytes()
}

func isHandshake(conn net.Conn, b []byte) bool {
	p, err := packet.NewPacketFromData(conn.RemoteAddr(), b)
	if err != nil {
		return false
	}
	defer p.Decommission()
	return p.Header().IsControlPacket && p.Header().ControlType == packet.CTRLTYPE_HANDSHAKE
}

// refusal says what an error of Dial means to the caller.
func refusal(cfg *config, err error) error {
	_, number, ok := strings.Cut(err.Error(), "REJECT (")
	code, bad := strconv.ParseUint(strings.TrimSuffix(number, ")"), 32, 32) // gosrt writes it so
	if !ok || bad != nil {
		hint := ""
		if cfg.passphrase != "" {
			hint = " (servers built on libsrt are silent where they have no passphrase, or another pbkeylen than the caller's)"
		}
		return fmt.Errorf("%s: %w: %w%s", cfg.stream.Name, ingest.ErrSource, err, hint)
	}
	for _, m := range meanings() {
		if slices.Contains(m.reasons, gosrt.RejectionReason(code)) {
			return fmt.Errorf("%s: %w: %s (reason %d)", cfg.stream.Name, m.kind, m.says, code)
		}
	}
	return fmt.Errorf("%s: %w: the server refuses the connection (reason %d)", cfg.stream.Name, ingest.ErrDenied, code)
}

// meaning is what some reasons of a server come to.
type meaning struct {
	reasons []gosrt.RejectionReason
	kind    error
	says    string
}

func meanings() []meaning {
	return []meaning{
		{[]gosrt.RejectionReason{gosrt.REJ_PEER}, ingest.ErrDenied, "the server refuses the connection, and does not say why: " +
			"is anything published under this streamid, and are streamid, its credentials and the passphrase right?"},
		{[]gosrt.RejectionReason{gosrt.REJ_BADSECRET}, ingest.ErrDenied, "the passphrase is wrong"},
		{[]gosrt.RejectionReason{gosrt.REJ_UNSECURE}, ingest.ErrDenied, "the server wants a passphrase, or wants none (set or remove passphrase)"},
		{
			[]gosrt.RejectionReason{gosrt.REJX_UNAUTHORIZED, gosrt.REJX_FORBIDDEN}, ingest.ErrDenied,
			"the server refuses these credentials (they are in streamid)",
		},
		{[]gosrt.RejectionReason{gosrt.REJX_NOTFOUND}, ingest.ErrSource, "nothing is published under this streamid"},
		{
			[]gosrt.RejectionReason{gosrt.REJ_RESOURCE, gosrt.REJ_BACKLOG, gosrt.REJ_CLOSE, gosrt.REJX_OVERLOAD, gosrt.REJX_GW, gosrt.REJX_DOWN},
			ingest.ErrSource, "the server cannot take the connection now",
		},
	}
}
