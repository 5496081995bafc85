package rendezvous

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"net/http"
	"path"
	"time"
)

//go:embed pages
var pages embed.FS

// policy lets a page load what this server serves and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// routePages adds the pages: the list at /, assets at /_shoal/, and every other path is a stream's.
func (s *Server) routePages(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.servePage("index.html"))
	for _, file := range []string{"page.css", "page.js", "icon.svg"} {
		mux.HandleFunc("GET /_shoal/"+file, s.servePage(file))
	}
	mux.HandleFunc("GET /_shoal/", func(w http.ResponseWriter, _ *http.Request) { fault(w, http.StatusNotFound, "no such page") })
	mux.HandleFunc("GET /{name...}", s.servePage("stream.html"))
}

// servePage answers with one embedded file.
func (s *Server) servePage(file string) http.HandlerFunc {
	b, err := pages.ReadFile("pages/" + file)
	if err != nil {
		panic(err) // the file is not in the folder that is embedded
	}
	kind := map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(file)]
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(b))[:18] + `"`
	return s.limited(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache") // ask each time; the tag makes the answer short
		h.Set("ETag", tag)
		h.Set(Header, "1")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	})
}
