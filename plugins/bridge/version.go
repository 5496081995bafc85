package bridge

// The versions of the plugin protocol, all in one place. A change that an old plugin cannot follow is a new protocol
// number and a folder api/plugin/v2 beside v1, which stays served.
const (
	// Protocol is the number in the handshake line.
	Protocol = 1
	// CookieKey and CookieValue are in the environment of a plugin, so that a program run by hand can say
	// that it is a plugin. They are no secret.
	CookieKey   = "SHOAL_PLUGIN"
	CookieValue = "1d1e2cb7"
	// LogLevelKey is in the environment too: the least level that the host logs, "DEBUG", "INFO", "WARN" or "ERROR".
	LogLevelKey = "SHOAL_PLUGIN_LOG"
)

// MaxMessage is the most bytes of one message, in either direction: a group of 8 MiB and what describes it.
const MaxMessage = 9 << 20
