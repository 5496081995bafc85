// Package keys keeps a node's Ed25519 keys in its data folder, as PKCS #8 in PEM, readable by their owner alone.
//
//	publisher.key   signs streams: who has it can publish them. Back it up, move it with `shoal key export|import`
//	node.key        this machine's identity towards peers
package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The names of the key files.
const (
	Publisher = "publisher.key"
	Node      = "node.key"
)

// ErrKey means that a key cannot be read or written; the text names the file and the way out.
var ErrKey = errors.New("key")

const blockType = "PRIVATE KEY"

// Open reads the key called name in the folder dir, and makes both when they are missing. Errors: ErrKey.
func Open(dir, name string) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, name)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKey, err)
		}
		return key, write(dir, name, key)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if err := private(path); err != nil {
		return nil, err
	}
	key, err := Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%w (file %s: restore it with `shoal key import`, or remove it to begin with a new one)", err, path)
	}
	return key, nil
}

// Import puts the key that b holds in the place of the publisher's, which is kept beside it with the suffix
// .old when it is another one. Errors: ErrKey.
func Import(dir string, b []byte) (ed25519.PrivateKey, error) {
	key, err := Decode(b)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, Publisher)
	if old, err := os.ReadFile(path); err == nil {
		if have, err := Decode(old); err == nil && have.Equal(key) {
			return key, nil
		}
		if _, err := os.Stat(path + ".old"); err == nil {
			return nil, fmt.Errorf("%w: %s.old exists: move it away first, so that no key is lost", ErrKey, path)
		}
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKey, err)
		}
	}
	return key, write(dir, Publisher, key)
}

// Encode is the PEM form of key.
func Encode(key ed25519.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der}), nil
}

// Decode reads what Encode wrote. Errors: ErrKey.
func Decode(b []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(b)
	if block == nil || block.Type != blockType {
		return nil, fmt.Errorf("%w: no PEM block %q: this is not what `shoal key export` wrote", ErrKey, blockType)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	key, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: it is no Ed25519 key but %T", ErrKey, k)
	}
	return key, nil
}

// Public is the public half of key in hexadecimal, as rendezvous.publishers takes it.
func Public(key ed25519.PrivateKey) string {
	return hex.EncodeToString(key.Public().(ed25519.PublicKey))
}

// Fresh is a key for one run.
func Fresh() (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}

func write(dir, name string, key ed25519.PrivateKey) error {
	b, err := Encode(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	path := filepath.Join(dir, name)
	temporary, err := os.CreateTemp(dir, name+".*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	_, err = temporary.Write(b)
	if err := errors.Join(err, temporary.Close()); err != nil {
		return fmt.Errorf("%w: %w", ErrKey, errors.Join(err, os.Remove(temporary.Name())))
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	return nil
}
