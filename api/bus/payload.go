package bus

import (
	"encoding/json"
	"time"

	"github.com/shoal-live/shoal/core/event"
)

// Envelope is the payload of every event.
type Envelope struct {
	ID      string          `json:"id"`      // unique; webhooks and consumers tell repeats by it
	At      time.Time       `json:"at"`      // when it happened, by the origin's clock
	Origin  string          `json:"origin"`  // which process says so
	Subject string          `json:"subject"` // that it was published on
	Data    json.RawMessage `json:"data"`    // by the subject's last token
}

// Payload is the data of an event: a flat object, durations in milliseconds, rates in bits per second.
func Payload(e event.Event) map[string]any {
	switch e := e.(type) {
	case event.StreamAvailable:
		tracks := []map[string]any{}
		for _, t := range e.Tracks {
			track := map[string]any{"id": t.ID, "kind": t.Kind.String(), "codec": t.Codec}
			if t.Width > 0 {
				track["width"], track["height"] = t.Width, t.Height
			}
			if t.Rate > 0 {
				track["rate"], track["channels"] = t.Rate, t.Channels
			}
			tracks = append(tracks, track)
		}
		return map[string]any{"name": e.Name, "stream": e.Stream.String(), "epoch": e.Epoch, "tracks": tracks}
	case event.StreamUnavailable:
		return map[string]any{"name": e.Name, "stream": e.Stream.String(), "cause": e.Cause}
	case event.IngestFailed:
		return map[string]any{"name": e.Name, "cause": e.Cause, "retry_ms": e.Retry.Milliseconds()}
	case event.EpochChanged:
		return map[string]any{"stream": e.Stream.String(), "epoch": e.Epoch}
	case event.GroupMissed:
		return map[string]any{"stream": e.Stream.String(), "epoch": e.Epoch, "group": e.Group, "held": e.Held, "needed": e.Needed}
	case event.PlaybackStarted:
		return map[string]any{"stream": e.Stream.String(), "startup_ms": e.Startup.Milliseconds()}
	case event.PeerJoined:
		return map[string]any{"stream": e.Stream.String(), "peer": e.Peer.Text(), "role": e.Role.String()}
	case event.PeerLeft:
		return map[string]any{"stream": e.Stream.String(), "peer": e.Peer.Text(), "cause": e.Cause}
	case event.ChunkRejected:
		return map[string]any{"stream": e.Stream.String(), "peer": e.Peer.Text(), "chunk": e.Chunk.String()}
	case event.PolicyReplaced:
		return map[string]any{"stream": e.Stream.String(), "policy": e.Policy, "fallback": e.Fallback, "cause": e.Cause}
	case event.PolicyReturned:
		return map[string]any{"stream": e.Stream.String(), "policy": e.Policy}
	case event.PluginStarted:
		return map[string]any{"name": e.Name, "kind": e.Kind, "pid": e.PID, "after_ms": e.After.Milliseconds()}
	case event.PluginDied:
		return map[string]any{"name": e.Name, "kind": e.Kind, "pid": e.PID, "cause": e.Cause}
	case event.PluginRestarted:
		return map[string]any{"name": e.Name, "kind": e.Kind, "pid": e.PID, "restarts": e.Restarts, "after_ms": e.After.Milliseconds()}
	case event.PartFailed:
		return map[string]any{"part": e.Part, "cause": e.Cause}
	case event.ConfigChanged:
		return map[string]any{"way": e.Way, "changes": e.Changes}
	case event.ConfigRejected:
		return map[string]any{"way": e.Way, "cause": e.Cause}
	case event.OriginHealth:
		return map[string]any{"streams": e.Streams, "peers": e.Peers, "uplink_cap_bps": 8 * e.UplinkCap, "egress_bps": 8 * e.Egress}
	}
	return map[string]any{}
}
