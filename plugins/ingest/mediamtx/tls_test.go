package mediamtx_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp/rtsptest"
)

func TestAnEncryptedServerIsReadByItsFingerprint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fingerprint := certificate(t, dir)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	_ = l.Close() // only its number was wanted
	s := rtsptest.Server(t, tool.Options{Extra: fmt.Sprintf(
		"rtspEncryption: optional\nrtspsAddress: %s\nrtspServerCert: %s\nrtspServerKey: %s",
		at, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))})
	rtsptest.Publish(t, s, "cam", "h264-opus")
	wrong := strings.Repeat("00", 32)
	for name, print := range map[string]string{"its own": fingerprint, "none, on loopback": "", "another": wrong} { // order-free: each is read alone
		t.Run(name, func(t *testing.T) {
			cfg := ingest.Config{Source: "rtsps://" + at + "/cam", Params: map[string]string{}}
			if print != "" {
				cfg.Params["fingerprint"] = print
			}
			r := newRecorder()
			_, end, done := run(t, rtsp.New, cfg, r)
			if print == wrong {
				if err := ended(t, done); !errors.Is(err, ingest.ErrSource) || !strings.Contains(err.Error(), "fingerprint") {
					t.Errorf("Run returned %v", err)
				}
				return
			}
			r.wait(t, "a group", lasts(1, 0))
			if err := end(); err != nil {
				t.Error(err)
			}
		})
	}
}

// certificate writes a self-signed one into dir, as an operator's script does, and answers its fingerprint.
func certificate(t *testing.T, dir string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{ // order-free: two files
		"cert.pem": {Type: "CERTIFICATE", Bytes: der},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}
