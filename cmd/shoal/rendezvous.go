package main

import (
	"fmt"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/serve"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
)

type rendezvousCommand struct {
	Config  string   `arg:"" optional:"" help:"Config file; its rendezvous keys count."`
	Listen  string   `help:"Address of HTTP and WebSocket, as rendezvous.listen." placeholder:":9870"`
	Publish []string `help:"Key that may publish here (shoal key show prints it); give it again for more." placeholder:"KEY" sep:"none"`
	Cert    string   `help:"TLS certificate file."`
	Key     string   `help:"TLS key file."`
	URL     string   `help:"What links begin with, when a proxy stands in front." placeholder:"https://..."`
}

// Run serves until Ctrl-C.
func (c rendezvousCommand) Run(env *environment) error {
	cfg, err := config.Load(c.Config, env.environ, wire.Known())
	if err != nil {
		return err
	}
	r := &cfg.Rendezvous
	r.Publishers = append(r.Publishers, c.Publish...)
	for to, from := range map[*string]string{&r.Listen: c.Listen, &r.CertFile: c.Cert, &r.KeyFile: c.Key, &r.PublicURL: c.URL} {
		if from != "" {
			*to = from
		}
	}
	if err := cfg.Validate(wire.Known()); err != nil {
		return err
	}
	if len(r.Publishers) == 0 {
		return fmt.Errorf("rendezvous: nobody may publish here: give --publish KEY, with what `shoal key show` prints at the publisher's")
	}
	m, err := serve.OpenMeeting(*r, nil, newLog(env.stderr, cfg.LogLevel, cfg.LogFormat))
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "rendezvous at %s: publish with `shoal serve --rendezvous %s`\n", m.URL, m.URL)
	return m.Run(env.ctx)
}
