package hls

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxConns     = 256                      // open at once; those beyond are closed
	headTime     = 5 * time.Second          // for a request's header
	idleTime     = time.Minute              // of a connection
	writeTime    = 10 * time.Second         // for one answer, once it is there
	wholeTime    = 2500 * time.Millisecond  // for the first whole segment, of players that know parts
	longTime     = maxSegment + time.Second // of the others
	mediaTime    = 10 * time.Second         // for the first media, and for a part
	maxHeader    = 16 << 10
	longestCache = "max-age=3600"

	masterPlaylist = "index.m3u8"
	mediaPlaylist  = "live.m3u8"
	gapName        = "gap.mp4"
)

// server answers players.
type server struct {
	http.Server
	requests sync.WaitGroup // of connections
	window   *window
	prefix   string // of paths: "/<stream>/"
	origin   string
	log      *slog.Logger
}

func newServer(ctx context.Context, o *output, w *window) *server {
	s := &server{window: w, prefix: "/" + o.stream + "/", origin: o.origin, log: o.log}
	s.Server = http.Server{
		Handler:           http.HandlerFunc(s.handle),
		ReadHeaderTimeout: headTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(o.log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         s.count,
	}
	return s
}

// count lets Run wait for every connection: Close does not.
func (s *server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.requests.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.requests.Done()
	case http.StateActive, http.StateIdle:
	}
}

func (s *server) handle(w http.ResponseWriter, r *http.Request) {
	if s.origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", s.origin)
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, s.prefix)
	switch {
	case !ok && (r.URL.Path == "/" || r.URL.Path+"/" == s.prefix):
		http.Redirect(w, r, (&url.URL{Path: s.prefix}).String(), http.StatusFound)
	case !ok:
		http.Error(w, fmt.Sprintf("not here: this server has the stream %s alone", s.prefix), http.StatusNotFound)
	case name == masterPlaylist:
		s.master(w, r)
	case name == mediaPlaylist:
		s.media(w, r)
	case strings.HasSuffix(name, ".mp4"):
		s.file(w, r, name)
	default:
		servePage(w, name)
	}
}

func (s *server) master(w http.ResponseWriter, r *http.Request) {
	var text string
	err := s.window.until(r.Context(), mediaTime, func() (bool, error) {
		ok := s.window.anything()
		if ok {
			text = s.window.multivariant()
		}
		return ok, nil
	})
	s.playlist(w, text, err)
}

// media answers with the media playlist: at once, or when the part that the player waits for is there.
func (s *server) media(w http.ResponseWriter, r *http.Request) {
	var text string
	get := func(ready func() (bool, error)) func() (bool, error) {
		return func() (bool, error) {
			ok, err := ready()
			if ok {
				text = s.window.media()
			}
			return ok, err
		}
	}
	sequence, part, blocking, err := reload(r)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	case blocking:
		err = s.window.until(r.Context(), mediaTime, get(func() (bool, error) { return s.window.has(sequence, part) }))
	default:
		err = s.window.until(r.Context(), patience(r), get(func() (bool, error) { return s.window.wholeSegment(), nil }))
		if errors.Is(err, errLate) {
			err = s.window.until(r.Context(), mediaTime, get(func() (bool, error) { return s.window.anything(), nil }))
		}
	}
	s.playlist(w, text, err)
}

// patience is how long a player's first playlist is held back for a whole segment. One that knows nothing of parts
// takes a playlist without segments for broken; those that know them are browsers and Apple's.
func patience(r *http.Request) time.Duration {
	agent := r.UserAgent()
	if strings.HasPrefix(agent, "Mozilla/") || strings.HasPrefix(agent, "AppleCoreMedia/") {
		return wholeTime
	}
	return longTime
}

// reload reads what a blocking request waits for (RFC 8216bis, 6.2.5.2).
func reload(r *http.Request) (sequence uint64, part int, blocking bool, err error) {
	q := r.URL.Query()
	msn, wanted := q.Get("_HLS_msn"), q.Get("_HLS_part")
	if msn == "" {
		if wanted != "" {
			return 0, 0, false, errors.New("_HLS_part without _HLS_msn")
		}
		return 0, 0, false, nil
	}
	if sequence, err = strconv.ParseUint(msn, 10, 62); err != nil {
		return 0, 0, false, errors.New("_HLS_msn is no number")
	}
	part = -1
	if wanted != "" {
		n, err := strconv.ParseUint(wanted, 10, 31)
		if err != nil {
			return 0, 0, false, errors.New("_HLS_part is no number")
		}
		part = int(n)
	}
	return sequence, part, true, nil
}

func (s *server) playlist(w http.ResponseWriter, text string, err error) {
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	w.Header().Set("Cache-Control", "no-cache")
	s.send(w, [][]byte{[]byte(text)})
}

// file answers with a segment or part; one that is announced is waited for.
func (s *server) file(w http.ResponseWriter, r *http.Request, name string) {
	if name == gapName {
		w.Header().Set("Content-Type", "video/mp4")
		s.send(w, nil)
		return
	}
	var found *file
	err := s.window.until(r.Context(), mediaTime, func() (bool, error) {
		f, coming := s.window.find(name)
		if found = f; f == nil && !coming {
			return false, errNotFound
		}
		return f != nil, nil
	})
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "video/mp4")
	w.Header().Set("Cache-Control", longestCache)
	s.send(w, found.data)
}

func (s *server) send(w http.ResponseWriter, pieces [][]byte) {
	size := 0
	for _, p := range pieces {
		size += len(p)
	}
	w.Header().Set("Content-Length", strconv.Itoa(size))
	// A player that does not read loses its connection.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTime))
	for _, p := range pieces {
		if _, err := w.Write(p); err != nil {
			s.log.Debug("hls: player gone", "error", err)
			return
		}
	}
}

func refuse(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, errTooFar):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case errors.Is(err, errNotFound):
		http.Error(w, err.Error(), http.StatusNotFound)
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}
