package bus

import (
	"fmt"
	"strings"

	"github.com/shoal-live/shoal/core/event"
)

// prefix is that of all subjects; a break is v2 beside it.
const prefix = "shoal.v1"

// Subject is that of an event of origin.
func Subject(origin string, e event.Event) string {
	what, who, did := topic(origin, e)
	return prefix + "." + what + "." + Token(who) + "." + did
}

// All is the subject that matches every event.
const All = prefix + ".>"

// Token writes a name as one token of a subject.
func Token(name string) string {
	if name == "" {
		return "%"
	}
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// topic is the table of subjects.
func topic(origin string, e event.Event) (what, who, did string) {
	switch e := e.(type) {
	case event.StreamAvailable:
		return "stream", e.Name, "available"
	case event.StreamUnavailable:
		return "stream", e.Name, "unavailable"
	case event.IngestFailed:
		return "stream", e.Name, "ingest-failed"
	case event.EpochChanged:
		return "viewer", e.Stream.String(), "epoch-changed"
	case event.GroupMissed:
		return "viewer", e.Stream.String(), "group-missed"
	case event.PlaybackStarted:
		return "viewer", e.Stream.String(), "playback-started"
	case event.PeerJoined:
		return "peer", e.Peer.Text(), "joined"
	case event.PeerLeft:
		return "peer", e.Peer.Text(), "left"
	case event.ChunkRejected:
		return "peer", e.Peer.Text(), "chunk-rejected"
	case event.PolicyReplaced:
		return "policy", e.Stream.String(), "replaced"
	case event.PolicyReturned:
		return "policy", e.Stream.String(), "returned"
	case event.PluginStarted:
		return "plugin", e.Name, "started"
	case event.PluginDied:
		return "plugin", e.Name, "died"
	case event.PluginRestarted:
		return "plugin", e.Name, "restarted"
	case event.PartFailed:
		return "part", e.Part, "failed"
	case event.ConfigChanged:
		return "config", origin, "changed"
	case event.ConfigRejected:
		return "config", origin, "rejected"
	case event.OriginHealth:
		return "origin", origin, "health-reported"
	}
	return "other", origin, "happened"
}
