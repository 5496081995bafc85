package host

import (
	"errors"

	"github.com/shoal-live/shoal/plugins/bridge"
)

var (
	// ErrPluginDied means that the process of an instance is gone: ask for another.
	ErrPluginDied = bridge.ErrPluginDied
	// ErrRefused means that the file is not run: missing, not executable, writable by others, or not the one that
	// was pinned. Trying again helps once that was mended.
	ErrRefused = errors.New("plugin refused")
	// ErrStart means that the process did not become a plugin of this protocol.
	ErrStart = errors.New("plugin did not start")
	// ErrBroken means that the plugin has failed so often that it is not started for now; see Reset.
	ErrBroken = errors.New("plugin failed too often")
	// ErrSpec means that what was asked for does not exist: the config is wrong.
	ErrSpec = errors.New("bad plugin specification")
	// ErrClosed means that the host has ended.
	ErrClosed = errors.New("plugin host closed")
)
