package rendezvous

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// Header is in every answer of a rendezvous, by which a client tells that a URL is one; proxies leave it alone.
const Header = "Shoal-Rendezvous"

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/join", s.serveJoin)
	mux.HandleFunc("GET /v1/time", s.limited(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]int64{"now": time.Now().UnixMicro()})
	}))
	mux.HandleFunc("GET /v1/streams", s.limited(s.serveStreams))
	mux.HandleFunc("GET /v1/streams/{name...}", s.limited(s.serveStream))
	mux.HandleFunc("GET /v1/members/{name...}", s.limited(s.serveMembers))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /v1/", func(w http.ResponseWriter, _ *http.Request) {
		fault(w, http.StatusNotFound, "no such endpoint: GET /v1/streams, /v1/streams/<name>, /v1/members/<name>, /v1/time, or a WebSocket at /v1/join")
	})
	s.routePages(mux)
	return mux
}

// limited refuses an address that asks too often.
func (s *Server) limited(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.ask(r) {
			w.Header().Set("Retry-After", "5")
			fault(w, http.StatusTooManyRequests, "too many requests from your address")
			return
		}
		h(w, r)
	}
}

// streamJSON is a stream in the HTTP API.
type streamJSON struct {
	Name       string `json:"name"`
	ID         string `json:"id"`
	Publisher  string `json:"publisher"`
	Epoch      uint32 `json:"epoch"`
	Live       bool   `json:"live"`
	Viewers    int    `json:"viewers"`
	Media      string `json:"media"`                // for people: "1280×720 avc1.64001f, mp4a.40.2"
	BitrateBps uint64 `json:"bitrate_bps"`          // of the media, as expected; 0 when unknown
	Descriptor []byte `json:"descriptor,omitempty"` // as codecs/zstd packs it
}

// media says in a few words what a stream carries.
func media(tracks []chunk.Track) string {
	var words []string
	for _, t := range tracks {
		word := t.Codec
		if t.Width > 0 {
			word = fmt.Sprintf("%d×%d %s", t.Width, t.Height, t.Codec)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// noStream is what pages show, too.
const noStream = "Nobody publishes this stream here now. It shows up as soon as somebody does."

func toJSON(st Stream) streamJSON {
	return streamJSON{
		Name: st.Name, ID: st.ID.String(), Publisher: swarm.PeerID(st.Publisher).Text(), Epoch: st.Epoch,
		Live: st.Live, Viewers: st.Viewers, Media: media(st.Tracks), BitrateBps: st.Bitrate,
	}
}

func (s *Server) serveStreams(w http.ResponseWriter, r *http.Request) {
	if s.cfg.List != Listed {
		fault(w, http.StatusForbidden, "streams are not listed here: ask whoever publishes for the link")
		return
	}
	show(w, r, s.shown.get("streams", func() any {
		list := []streamJSON{}
		for _, st := range s.Streams() {
			list = append(list, toJSON(st))
		}
		return map[string]any{"streams": list}
	}))
}

func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	st, ok := s.Stream(r.PathValue("name"))
	if !ok {
		fault(w, http.StatusNotFound, noStream)
		return
	}
	j := toJSON(st)
	j.Descriptor = st.packed
	answer(w, http.StatusOK, j)
}

// swarmJSON is a stream and its members in the HTTP API.
type swarmJSON struct {
	Stream  streamJSON   `json:"stream"`
	Totals  Totals       `json:"totals"`
	Members []memberJSON `json:"members"`
	More    int          `json:"more"` // members that are not listed
}

// memberJSON is a peer in the HTTP API; it is a public page, so it says neither address nor whole id.
type memberJSON struct {
	Peer       string          `json:"peer"`
	Role       string          `json:"role"`
	Feeds      []string        `json:"feeds"`
	JoinedAgoS float64         `json:"joined_ago_s"`
	Statistics node.Statistics `json:"statistics"`
}

func (s *Server) serveMembers(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	a := s.shown.get("members "+name, func() any {
		sw, ok := s.Swarm(name, maxShown)
		if !ok {
			return nil
		}
		j := swarmJSON{Stream: toJSON(sw.Stream), Totals: sw.Totals, Members: []memberJSON{}, More: sw.Stream.Members - len(sw.Members)}
		for _, m := range sw.Members {
			feeds := []string{}
			for _, f := range m.Report.Feeds {
				feeds = append(feeds, f.String())
			}
			j.Members = append(j.Members, memberJSON{
				Peer: m.Peer.String(), Role: m.Role.String(), Feeds: feeds,
				JoinedAgoS: time.Since(m.Joined).Round(time.Millisecond).Seconds(), Statistics: m.Report,
			})
		}
		return j
	})
	if a.plain == nil {
		fault(w, http.StatusNotFound, noStream)
		return
	}
	show(w, r, a)
}

// show sends a kept answer.
func show(w http.ResponseWriter, r *http.Request, a shownAnswer) {
	head(w)
	w.Header().Add("Vary", "Accept-Encoding")
	body := a.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		body = a.zipped
	}
	_, _ = w.Write(body) // a client that has gone needs no answer
}

// head sets what every JSON answer says.
func head(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set(Header, "1")
	h.Set("Access-Control-Allow-Origin", "*") // public facts, no cookies
	h.Set("Access-Control-Expose-Headers", Header)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}

func answer(w http.ResponseWriter, code int, v any) {
	head(w)
	w.WriteHeader(code)
	_, _ = w.Write(append(marshal(v), '\n')) // a client that has gone needs no answer
}

func fault(w http.ResponseWriter, code int, text string) {
	answer(w, code, map[string]string{"status": "error", "error": text})
}
