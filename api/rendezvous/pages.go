package rendezvous

import (
	"embed"
	"net/http"
	"path"
)

//go:embed pages
var pages embed.FS

// policy lets a page load what this server serves and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// servePage answers with one embedded file.
func servePage(file string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		b, err := pages.ReadFile(path.Join("pages", file))
		if err != nil {
			fault(w, http.StatusNotFound, "no such page")
			return
		}
		types := map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
		h := w.Header()
		h.Set("Content-Type", types[path.Ext(file)])
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set(Header, "1")
		_, _ = w.Write(b) // a client that has gone needs no answer
	}
}

// routePages adds the pages: the list at /, assets at /_shoal/, and every other path is a stream's.
func (s *Server) routePages(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", servePage("index.html"))
	mux.HandleFunc("GET /_shoal/page.css", servePage("page.css"))
	mux.HandleFunc("GET /_shoal/page.js", servePage("page.js"))
	mux.HandleFunc("GET /{name...}", servePage("stream.html"))
}
