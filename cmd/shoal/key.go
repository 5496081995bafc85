package main

import (
	"fmt"
	"io"
	"os"

	"github.com/shoal-live/shoal/cmd/shoal/keys"
)

type keyCommand struct {
	Show   keyShow   `cmd:"" help:"Print the public half, as rendezvous.publishers takes it."`
	Export keyExport `cmd:"" help:"Print the whole key. Who has it can publish your streams."`
	Import keyImport `cmd:"" help:"Take over a key that was exported elsewhere."`
}

type keyShow struct {
	Data string `default:"shoal-data" help:"Folder with the keys."`
}

// Run prints the public key.
func (c keyShow) Run(env *environment) error {
	key, err := keys.Open(c.Data, keys.Publisher)
	if err != nil {
		return err
	}
	fmt.Fprintln(env.stdout, keys.Public(key))
	return nil
}

type keyExport struct {
	Data string `default:"shoal-data" help:"Folder with the keys."`
}

// Run prints the private key.
func (c keyExport) Run(env *environment) error {
	key, err := keys.Open(c.Data, keys.Publisher)
	if err != nil {
		return err
	}
	b, err := keys.Encode(key)
	if err != nil {
		return err
	}
	_, err = env.stdout.Write(b)
	return err
}

type keyImport struct {
	File string `arg:"" default:"-" help:"What shoal key export printed; - for standard input."`
	Data string `default:"shoal-data" help:"Folder with the keys."`
}

// maxKeyFile is more than any key needs, in bytes.
const maxKeyFile = 64 << 10

// Run imports a key.
func (c keyImport) Run(env *environment) error {
	from := env.stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it was only read
		from = f
	}
	b, err := io.ReadAll(io.LimitReader(from, maxKeyFile))
	if err != nil {
		return err
	}
	key, err := keys.Import(c.Data, b)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "This machine publishes as %s from now on.\n", keys.Public(key))
	return nil
}
