package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/serve"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
)

type serveCommand struct {
	Config     string `arg:"" optional:"" help:"Config file; shoal.yml of this folder when it is there. shoal.example.yml comments every key."`
	Rendezvous string `help:"URL of a shoal rendezvous elsewhere: this machine then needs outbound connections only." placeholder:"https://..."`
	Uplink     string `help:"Cap of all that leaves, in bits per second: 5M." placeholder:"RATE"`
	Data       string `help:"Folder for keys and the bus." placeholder:"DIR"`
}

// Run serves until Ctrl-C.
func (c serveCommand) Run(env *environment) error {
	cfg, err := c.load(env)
	if err != nil {
		return err
	}
	command, err := ownPlugins()
	if err != nil {
		return err
	}
	log := newLog(env.stderr, cfg.LogLevel, cfg.LogFormat)
	s, err := serve.Open(env.ctx, serve.Options{
		Config: cfg, Version: version(), Command: command, Log: log,
		Announce: func(name, url string) { fmt.Fprintf(env.stdout, "%s is live: %s\n", name, url) },
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "shoal %s: paths of %s, viewers join at %s, control API and metrics at %s\n",
		version(), cfg.MediaMTX.API, s.Base(), s.ControlURL())
	return s.Run(env.ctx)
}

// load reads the config and puts the flags over it.
func (c serveCommand) load(env *environment) (config.Config, error) {
	path := c.Config
	if path == "" {
		if _, err := os.Stat("shoal.yml"); err == nil {
			path = "shoal.yml"
		} else if !errors.Is(err, fs.ErrNotExist) {
			return config.Config{}, err
		}
	}
	environ := env.environ
	if c.Rendezvous != "" {
		environ = append(environ, "SHOAL_RENDEZVOUS_REMOTE="+c.Rendezvous)
	}
	if c.Uplink != "" {
		environ = append(environ, "SHOAL_UPLINK="+c.Uplink)
	}
	if c.Data != "" {
		environ = append(environ, "SHOAL_DATADIR="+c.Data)
	}
	return config.Load(path, environ, wire.Known())
}
