package hls

import (
	"embed"
	"mime"
	"net/http"
	"path"
)

//go:embed page
var pageFiles embed.FS

// policy lets the page do what it does and no more: its own script, style and media.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"media-src 'self' blob:; img-src 'self' data:; base-uri 'none'; form-action 'none'"

// servePage answers with a file of the page; "" is the page itself.
func servePage(w http.ResponseWriter, name string) {
	if name == "" {
		name = "page.html"
	}
	data, err := pageFiles.ReadFile("page/" + path.Clean(name))
	if err != nil {
		http.Error(w, errNotFound.Error(), http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(data) // who has gone needs no page
}
