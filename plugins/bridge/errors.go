package bridge

import (
	"context"
	"errors"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/transport"
)

var (
	// ErrPluginDied means that the process is gone, or does not answer any more: start another.
	ErrPluginDied = errors.New("plugin died")
	// ErrProtocol means that a plugin said what the protocol does not allow: it is broken; its author can mend it.
	ErrProtocol = errors.New("plugin broke the protocol")
	// ErrStuck means that an instance did not end within 2 s of being asked to: it holds what it has for as long as its process lives.
	ErrStuck = errors.New("it did not end an instance within 2s of being asked to")
	// ErrNotOffered means that a plugin does not serve the kind and name that it was asked for: the config is wrong.
	ErrNotOffered = errors.New("not offered by the plugin")
)

// sentinels is the table by which errors keep their identity across the boundary.
func sentinels() []sentinel {
	return []sentinel{
		{pb.Code_CODE_CANCELED, context.Canceled},
		{pb.Code_CODE_DEADLINE, context.DeadlineExceeded},
		{pb.Code_CODE_ADDRESS, transport.ErrAddress},
		{pb.Code_CODE_CLOSED, transport.ErrClosed},
		{pb.Code_CODE_NO_LINK, transport.ErrNoLink},
		{pb.Code_CODE_FULL, transport.ErrFull},
		{pb.Code_CODE_TOO_LONG, transport.ErrTooLong},
		{pb.Code_CODE_PEER_CLOSED, transport.ErrPeerClosed},
		{pb.Code_CODE_TIMEOUT, transport.ErrTimeout},
		{pb.Code_CODE_IDENTITY, transport.ErrIdentity},
		{pb.Code_CODE_PARAMETER, scheduler.ErrParameter},
		{pb.Code_CODE_INGEST_CONFIG, ingest.ErrConfig},
		{pb.Code_CODE_SOURCE, ingest.ErrSource},
		{pb.Code_CODE_CODEC, ingest.ErrCodec},
		{pb.Code_CODE_DENIED, ingest.ErrDenied},
		{pb.Code_CODE_EGRESS_CONFIG, egress.ErrConfig},
		{pb.Code_CODE_OUTPUT, egress.ErrOutput},
		{pb.Code_CODE_FORMAT, chunk.ErrFormat},
		{pb.Code_CODE_LIMIT, chunk.ErrLimit},
		{pb.Code_CODE_SIGNATURE, chunk.ErrSignature},
	}
}

type sentinel struct {
	code pb.Code
	err  error
}

// maxErrorText is the most bytes of an error's text that are carried.
const maxErrorText = 4 << 10

// failureOf is err as it travels; nil for nil.
func failureOf(err error) *pb.Failure {
	if err == nil {
		return nil
	}
	f := &pb.Failure{Text: cut(err.Error(), maxErrorText)}
	for _, s := range sentinels() {
		if errors.Is(err, s.err) {
			f.Codes = append(f.Codes, s.code)
		}
	}
	return f
}

// errorOf is what failureOf was given, as far as it is agreed on; nil for nil.
func errorOf(f *pb.Failure) error {
	if f == nil {
		return nil
	}
	e := &remoteError{text: cut(f.GetText(), maxErrorText)}
	for _, s := range sentinels() {
		for _, c := range f.GetCodes() {
			if c == s.code {
				e.is = append(e.is, s.err)
				break
			}
		}
	}
	if e.text == "" {
		e.text = "failed without a reason"
	}
	return e
}

// remoteError is an error from the other side.
type remoteError struct {
	text string
	is   []error
}

func (e *remoteError) Error() string   { return e.text }
func (e *remoteError) Unwrap() []error { return e.is }

// cut is s as valid UTF-8 of at most n bytes.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return toValid(s)
}
