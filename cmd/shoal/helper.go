package main

import (
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// helperCommand is a watchCommand without what plays. Its flags count over the file's keys likewise.
type helperCommand struct {
	URL      string `arg:"" help:"Link of the stream: http(s)://host:9870/cam1."`
	Uplink   string `help:"Cap of all that leaves, in bits per second: 20M (default 0, none: it gives what it measures)." placeholder:"RATE"`
	Listen   string `help:"Address of the transport (default :0, any free port; none has to be open)." placeholder:"ADDR"`
	Config   string `help:"Config file, followed while it relays: the keys logLevel, uplink, plugins, transport and policy of shoal.example.yml." placeholder:"FILE"`
	LogLevel string `help:"debug, info, warn or error (default warn)." placeholder:"LEVEL"`
}

// helperTells is how often a helper without a terminal says what it does.
const helperTells = 5 * time.Second

// Run relays until Ctrl-C.
func (c helperCommand) Run(env *environment) error {
	return watchCommand{URL: c.URL, Uplink: c.Uplink, Listen: c.Listen, Config: c.Config, LogLevel: c.LogLevel}.run(env, swarm.Helper)
}
