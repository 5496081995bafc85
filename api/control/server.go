package control

import (
	"encoding/json"
	"math/bits"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/shoal-live/shoal/core/node"
)

// maxPerPage bounds a page of a list.
const maxPerPage = 1000

// New is the handler of the control API.
func New(s State) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(s))
	a := api{s}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v3/info", a.info)
	mux.HandleFunc("GET /v3/streams/list", func(w http.ResponseWriter, r *http.Request) { list(w, r, a.streams()) })
	mux.HandleFunc("GET /v3/streams/get/{name...}", a.stream)
	mux.HandleFunc("GET /v3/peers/list", func(w http.ResponseWriter, r *http.Request) { list(w, r, a.peers()) })
	mux.HandleFunc("GET /v3/plugins/list", func(w http.ResponseWriter, r *http.Request) { list(w, r, s.Plugins()) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 10}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		send(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fault(w, http.StatusNotFound, "no such endpoint") })
	return mux
}

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
	if st, err := a.state.Stats(); err == nil {
		i.SentBytes, i.Max1sBps = st.Sent, 8*st.Most1s
	}
	send(w, http.StatusOK, i)
}

// streams are those known, with what the node measures of them.
func (a api) streams() []Stream {
	list := a.state.Streams()
	st, err := a.state.Stats()
	if err != nil {
		return list
	}
	for i := range list {
		for j := range st.Streams {
			if st.Streams[j].Name == list[i].Name {
				list[i].Measured = measured(&st.Streams[j])
			}
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

// page is one page of a list.
type page[T any] struct {
	ItemCount int `json:"itemCount"`
	PageCount int `json:"pageCount"`
	Items     []T `json:"items"`
}

func list[T any](w http.ResponseWriter, r *http.Request, all []T) {
	per, number := 100, 0
	for key, to := range map[string]*int{"itemsPerPage": &per, "page": &number} {
		if text := r.URL.Query().Get(key); text != "" {
			v, err := strconv.Atoi(text)
			if err != nil || v < 0 {
				fault(w, http.StatusBadRequest, key+" "+strconv.Quote(text)+" is no whole number from 0 up")
				return
			}
			*to = v
		}
	}
	per = min(max(per, 1), maxPerPage)
	p := page[T]{ItemCount: len(all), PageCount: (len(all) + per - 1) / per, Items: []T{}}
	if number < p.PageCount {
		p.Items = all[number*per : min((number+1)*per, len(all))]
	}
	send(w, http.StatusOK, p)
}

func send(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}

func fault(w http.ResponseWriter, code int, text string) {
	send(w, code, map[string]string{"status": "error", "error": text})
}
