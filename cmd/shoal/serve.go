package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"

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
	path, err := c.path()
	if err != nil {
		return err
	}
	environ := c.environ(env)
	cfg, err := config.Load(path, environ, wire.Known())
	if err != nil {
		return err
	}
	command, err := ownPlugins()
	if err != nil {
		return err
	}
	level := new(slog.LevelVar)
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		return err
	}
	s, err := serve.Open(env.ctx, serve.Options{
		Config: cfg, Version: version(), Command: command, Environ: env.environ, Log: newLogAt(env.stderr, level, cfg.LogFormat),
		Live:     serve.Live{File: path, Level: level, Read: func() (config.Config, error) { return config.Read(path, environ) }},
		Announce: func(name, url string) { fmt.Fprintf(env.stdout, "%s is live: %s\n", name, url) },
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "shoal %s: paths of %s, viewers join at %s, control API and metrics at %s\n",
		version(), cfg.MediaMTX.API, s.Base(), s.ControlURL())
	return s.Run(env.ctx)
}

// path is that of the config file; "" for none.
func (c serveCommand) path() (string, error) {
	if c.Config != "" {
		return c.Config, nil
	}
	_, err := os.Stat("shoal.yml")
	switch {
	case err == nil:
		return "shoal.yml", nil
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	}
	return "", err
}

// environ is the environment with the flags over it.
func (c serveCommand) environ(env *environment) []string {
	environ := slices.Clone(env.environ)
	for key, value := range map[string]string{"RENDEZVOUS_REMOTE": c.Rendezvous, "UPLINK": c.Uplink, "DATADIR": c.Data} {
		if value != "" {
			environ = append(environ, "SHOAL_"+key+"="+value)
		}
	}
	return environ
}
