package srt

import (
	"errors"
	"testing"

	gosrt "github.com/datarhei/gosrt"

	"github.com/shoal-live/shoal/core/ingest"
)

// clear is a connection that was agreed to be encrypted, over which data come that are not.
type clear struct{ gosrt.Conn }

func (clear) Read(b []byte) (int, error) { return len(b), nil }
func (clear) Close() error               { return nil }
func (clear) Stats(s *gosrt.Statistics)  { s.Accumulated.PktRecvUndecrypt = 1 }

func TestDataInTheClearAreRefusedWhereAPassphraseIsSet(t *testing.T) {
	for passphrase, want := range map[string]error{"a secret of ours": ingest.ErrDenied, "": nil} { // order-free: each is read alone
		cfg, err := parse(ingest.Config{Source: "srt://h:1", Params: map[string]string{}})
		if err != nil {
			t.Fatal(err)
		}
		cfg.passphrase = passphrase
		s := newSession(&cfg, clear{}, func() {})
		if _, err := s.Read(make([]byte, 188)); !errors.Is(err, want) {
			t.Errorf("with passphrase %q: Read returned %v", passphrase, err)
		}
		s.close()
	}
}
