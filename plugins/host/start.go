package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"slices"
	"strings"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/bridge/pipe"
)

// start is the handshake and the description. Errors: ErrStart.
func (p *process) start() error {
	cfg := &p.host.cfg
	p.client = goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: bridge.Protocol, MagicCookieKey: bridge.CookieKey, MagicCookieValue: bridge.CookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{bridge.Protocol: {}},
		RunnerFunc: func(_ hclog.Logger, c *exec.Cmd, _ string) (runner.Runner, error) {
			p.cmd.cmd.Env = append(p.environment(), c.Env...)
			return p.cmd, nil
		},
		StartTimeout:     cfg.Start,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		Logger:           hclog.NewNullLogger(),
		SyncStdout:       p.cmd.logs,
		SyncStderr:       p.cmd.logs,
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: p.dir},
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(bridge.MaxMessage), grpc.MaxCallSendMsgSize(bridge.MaxMessage)),
		},
	})
	if _, err := p.client.Start(); err != nil {
		return p.notStarted(err)
	}
	protocol, err := p.client.Client()
	if err != nil {
		return p.notStarted(err)
	}
	client, ok := protocol.(*goplugin.GRPCClient)
	if !ok {
		return fmt.Errorf("%w: %s: it does not speak gRPC", ErrStart, &p.spec)
	}
	p.remote = &bridge.Remote{Conn: client.Conn, Patience: cfg.Start / 2, Cause: p.causeNow, Report: p.trouble}
	if !p.host.onlyGRPC {
		if p.remote.Channels, err = pipe.Listen(p.dir, p.cmd.pid); err != nil {
			p.log.Info("no data channel, gRPC carries all", "pid", p.cmd.pid(), "error", err)
		}
	}
	return p.describe()
}

// describe finds what was asked for among what the process offers. Errors: ErrStart.
func (p *process) describe() error {
	var err error
	if p.about, err = p.remote.Describe(context.Background(), p.host.cfg.Version); err == nil && p.spec.Kind != 0 { // 0: see Inspect
		p.offer, err = p.about.Find(p.spec.Kind, p.spec.Name)
		if errors.Is(err, bridge.ErrNotOffered) && p.spec.Path != "" { // the config may call the only offer of its kind as it likes
			p.offer, err = p.about.Find(p.spec.Kind, "")
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrStart, &p.spec, err)
	}
	if p.spec.Path == "" && p.about.Build != "" && p.host.build != "" && p.about.Build != p.host.build {
		return fmt.Errorf("%w: %s: the binary was replaced (build %s, this program is %s): restart shoal", ErrStart, &p.spec, p.about.Build, p.host.build)
	}
	return nil
}

// environment is what the process finds beside the handshake's variables.
func (p *process) environment() []string {
	level := slog.LevelError
	for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
		if p.host.cfg.Log.Enabled(context.Background(), l) {
			level = l
			break
		}
	}
	env := append(baseEnvironment(), "HOME="+p.dir, "TMPDIR="+p.dir, bridge.LogLevelKey+"="+level.String())
	env = append(env, limitEnvironment(p.spec.Limits)...)
	if instrumented != "" {
		env = append(env, instrumented)
	}
	for _, kv := range p.host.cfg.Environ {
		key, _, _ := strings.Cut(kv, "=")
		if slices.Contains(p.spec.Env, key) || slices.Contains(always(), key) {
			env = append(env, kv)
		}
	}
	return env
}
