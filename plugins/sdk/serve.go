package sdk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/shoal-live/shoal/plugins/bridge"
)

// ErrNoHost means that the program was started by hand: it is a plugin, which a host starts.
var ErrNoHost = errors.New("this program is a Shoal plugin: name its path in shoal.yml, or run `shoal plugin test` on it")

// lastPatience is for instances to end once the host has gone.
const lastPatience = 700 * time.Millisecond

// gcPercent is Go's GOGC in a plugin, unless its environment sets it. A plugin's heap is a few megabytes and every frame
// becomes garbage, so the default collects a hundred times a second at 500 Mb/s and costs a third of its processor time.
const gcPercent = 400

// Serve serves plugins until the host ends the process or is gone. It is called once, from main. Errors: ErrNoHost;
// a table that is not usable.
func Serve(plugins ...Plugin) error {
	if os.Getenv(bridge.CookieKey) != bridge.CookieValue {
		return ErrNoHost
	}
	if err := check(plugins); err != nil {
		return err
	}
	signal.Ignore(os.Interrupt) // Ctrl-C is the host's to act on, from the handshake on; go-plugin swallows it a moment later
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	stderr := os.Stderr // go-plugin replaces it
	s := &server{plugins: plugins}
	cfg := bridge.ServerConfig{Plugins: plugins, Version: version(), Build: bridge.Build(), Log: newLogger(stderr, os.Getenv(bridge.LogLevelKey))}
	go s.watchHost() // ends with the process, which it ends
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion:  bridge.Protocol,
			MagicCookieKey:   bridge.CookieKey,
			MagicCookieValue: bridge.CookieValue,
		},
		Plugins: goplugin.PluginSet{"shoal": services{register: func(g *grpc.Server) {
			s.instances.Store(bridge.Register(g, cfg))
		}}},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			g := grpc.NewServer(append(opts, bridge.ServerOptions()...)...)
			s.grpc.Store(g)
			return g
		},
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: stderr, JSONFormat: true}),
	})
	s.finish()
	return nil
}

// check says what is wrong with a table. Errors: names the entry.
func check(plugins []Plugin) error {
	if len(plugins) == 0 {
		return errors.New("sdk: nothing to serve")
	}
	for i, p := range plugins {
		if p.Name == "" {
			return fmt.Errorf("sdk: the %s at place %d has no name", p.Kind, i)
		}
		if _, twice := bridge.Find(plugins[:i], p.Kind, p.Name); twice {
			return fmt.Errorf("sdk: two plugins are called %s/%s", p.Kind, p.Name)
		}
		if p.Transport == nil && p.Policy == nil && p.Ingest == nil && p.Egress == nil {
			return fmt.Errorf("sdk: %s/%s has no factory", p.Kind, p.Name)
		}
	}
	return nil
}

// version is the main module's, as built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.Main.Version
}

// services puts the bridge's services on go-plugin's server.
type services struct {
	goplugin.NetRPCUnsupportedPlugin
	register func(*grpc.Server)
}

// GRPCServer is called once, by go-plugin.
func (s services) GRPCServer(_ *goplugin.GRPCBroker, g *grpc.Server) error {
	s.register(g)
	return nil
}

// GRPCClient is the host's part, which has its own.
func (s services) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("sdk: a plugin is no client")
}

// server is what a process serves.
type server struct {
	plugins   []Plugin
	grpc      atomicPointer[grpc.Server]
	instances atomicPointer[bridge.Server]
	once      sync.Once
}
