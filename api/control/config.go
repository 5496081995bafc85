package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
)

// Settings is a State whose configuration may be changed while everything plays.
type Settings interface {
	// Config is what is in effect, with the keys of the config file; secrets are left out.
	Config() map[string]any
	// Overlay is what counts over the file and the environment, in JSON.
	Overlay() []byte
	// Patch puts a patch over what counts already, by RFC 7396, and makes it take effect; it answers the changes, a
	// line each. An error says what is wrong, and nothing has changed then.
	Patch(ctx context.Context, patch []byte) (changes []string, err error)
}

// maxPatch bounds a patch, in bytes.
const maxPatch = 64 << 10

// config adds the endpoints of the configuration.
func (a api) config(mux *http.ServeMux) {
	s, ok := a.state.(Settings)
	if !ok {
		return
	}
	mux.HandleFunc("GET /v3/config/get", func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, s.Config()) })
	mux.HandleFunc("GET /v3/config/overlay", func(w http.ResponseWriter, _ *http.Request) {
		send(w, http.StatusOK, json.RawMessage(s.Overlay()))
	})
	mux.HandleFunc("PATCH /v3/config/patch", func(w http.ResponseWriter, r *http.Request) { patch(w, r, s) })
}

func patch(w http.ResponseWriter, r *http.Request, s Settings) {
	if text := strange(r); text != "" {
		fault(w, http.StatusForbidden, text)
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" && kind != "application/merge-patch+json" {
		fault(w, http.StatusUnsupportedMediaType, "send application/json")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPatch))
	if err != nil {
		var long *http.MaxBytesError
		if errors.As(err, &long) {
			fault(w, http.StatusRequestEntityTooLarge, "a patch is 65536 bytes at most")
		}
		return
	}
	changes, err := s.Patch(r.Context(), body)
	if err != nil {
		fault(w, http.StatusBadRequest, err.Error())
		return
	}
	if changes == nil {
		changes = []string{}
	}
	send(w, http.StatusOK, map[string]any{"status": "ok", "changes": changes})
}

// strange says why a request must not change anything: it comes from another machine, or from a web page that has made a
// name of its own stand for this one. Who is on this machine needs no password.
func strange(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return "changes are taken from this machine alone: send them to 127.0.0.1"
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.Unmap().IsLoopback()) {
		return "changes are taken at 127.0.0.1 or localhost alone, not at a host called otherwise"
	}
	return ""
}
