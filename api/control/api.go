package control

import (
	"math/bits"
	"net/http"
	"strconv"

	"github.com/shoal-live/shoal/core/node"
)

// api answers from the state.
type api struct{ state State }

func (a api) ready(w http.ResponseWriter, _ *http.Request) {
	if !a.state.Ready() {
		fault(w, http.StatusServiceUnavailable, "the transports do not listen yet")
		return
	}
	send(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (a api) info(w http.ResponseWriter, _ *http.Request) {
	i := a.state.Info()
	if i.Addresses == nil {
		i.Addresses = []string{}
	}
	if st, err := a.state.Stats(); err == nil {
		i.SentBytes, i.Max1sBps = st.Sent, 8*st.Most1s
	}
	send(w, http.StatusOK, i)
}

// streams are those known, with what the node measures of them.
func (a api) streams() []Stream {
	list := a.state.Streams()
	here := make(map[string]*node.StreamStats)
	if st, err := a.state.Stats(); err == nil {
		for i := range st.Streams {
			here[st.Streams[i].Name] = &st.Streams[i]
		}
	}
	for i := range list {
		if list[i].Codecs == nil {
			list[i].Codecs = []string{}
		}
		if s := here[list[i].Name]; s != nil {
			list[i].Measured = measured(s)
		}
	}
	return list
}

func measured(s *node.StreamStats) *Measured {
	e := &s.Engine
	return &Measured{
		Role: s.Role.String(), Policy: s.Policy, Fallback: s.Fallback, Epoch: e.Epoch, Neighbours: len(e.Links),
		DelayMS: s.Latest.DelayMS, DelayP99MS: s.Latest.DelayP99MS, Continuity: s.Latest.Continuity,
		ChunksUseful: e.Chunks.Useful, ChunksDuplicate: e.Chunks.Duplicate, ChunksSent: e.Sent.Chunks,
		ChunksForged: e.Chunks.Forged, GroupsMissed: e.Groups.Missed,
	}
}

func (a api) stream(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	for _, s := range a.streams() {
		if s.Name == name {
			send(w, http.StatusOK, s)
			return
		}
	}
	fault(w, http.StatusNotFound, "no stream "+strconv.Quote(name)+" here: GET /v3/streams/list names those there are")
}

// peers are the neighbours on every stream, by stream and link.
func (a api) peers() []Peer {
	list := []Peer{}
	st, err := a.state.Stats()
	if err != nil {
		return list
	}
	for i := range st.Streams {
		for _, l := range st.Streams[i].Engine.Links {
			list = append(list, Peer{
				Stream: st.Streams[i].Name, Peer: l.Peer.Text(), Role: l.Role.String(), RTTMS: float64(l.RTT.Microseconds()) / 1000,
				In: bits.OnesCount64(l.In), Out: bits.OnesCount64(l.Out), ReceivedBytes: l.Received, SentBytes: l.Sent,
			})
		}
	}
	return list
}
