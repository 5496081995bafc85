package control

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// The pages of a list.
const (
	defaultPerPage = 100
	maxPerPage     = 1000
)

// maxScrapes is how many scrapes are answered at once; a further one gets 503.
const maxScrapes = 10

// New is the handler of the control API.
func New(s State) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(s), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a := api{s}
	mux := http.NewServeMux()
	a.config(mux)
	a.resets(mux)
	mux.HandleFunc("GET /v3/info", a.info)
	mux.HandleFunc("GET /v3/streams/list", func(w http.ResponseWriter, r *http.Request) { list(w, r, a.streams()) })
	mux.HandleFunc("GET /v3/streams/get/{name...}", a.stream)
	mux.HandleFunc("GET /v3/peers/list", func(w http.ResponseWriter, r *http.Request) { list(w, r, a.peers()) })
	mux.HandleFunc("GET /v3/plugins/list", func(w http.ResponseWriter, r *http.Request) { list(w, r, s.Plugins()) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: maxScrapes, ErrorHandling: promhttp.ContinueOnError,
	}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		send(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			fault(w, http.StatusMethodNotAllowed, "this endpoint only reads, or is none: use GET")
			return
		}
		fault(w, http.StatusNotFound, "no such endpoint (have: /v3/info, /v3/streams/list, /v3/streams/get/<name>, /v3/peers/list, /v3/plugins/list, /v3/config/get, /v3/config/overlay, PATCH /v3/config/patch, POST /v3/plugins/reset/<kind>/<name>, /metrics, /healthz, /readyz)")
	})
	return mux
}

// page is one page of a list.
type page[T any] struct {
	ItemCount int `json:"itemCount"`
	PageCount int `json:"pageCount"`
	Items     []T `json:"items"`
}

func list[T any](w http.ResponseWriter, r *http.Request, all []T) {
	per, err := parameter(r, "itemsPerPage", defaultPerPage)
	if err == "" && (per < 1 || per > maxPerPage) {
		err = "itemsPerPage is not in 1.." + strconv.Itoa(maxPerPage)
	}
	number, err2 := parameter(r, "page", 0)
	if err += err2; err != "" {
		fault(w, http.StatusBadRequest, err)
		return
	}
	p := page[T]{ItemCount: len(all), PageCount: (len(all) + per - 1) / per, Items: []T{}}
	if number < p.PageCount {
		p.Items = all[number*per : min((number+1)*per, len(all))]
	}
	send(w, http.StatusOK, p)
}

// parameter reads a whole number of the query; fault says what is wrong with it.
func parameter(r *http.Request, key string, otherwise int) (value int, fault string) {
	text := r.URL.Query().Get(key)
	if text == "" {
		return otherwise, ""
	}
	v, err := strconv.Atoi(text)
	if err != nil || v < 0 {
		return 0, key + " " + strconv.Quote(text) + " is no whole number from 0 up. "
	}
	return v, ""
}

func send(w http.ResponseWriter, code int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}

func fault(w http.ResponseWriter, code int, text string) {
	send(w, code, map[string]string{"status": "error", "error": text})
}
