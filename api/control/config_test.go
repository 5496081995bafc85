package control_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/api/control"
)

// lever is a desk whose configuration can be changed.
type lever struct {
	*desk
	got string
}

func (l *lever) Config() map[string]any { return map[string]any{"uplink": "5M"} }
func (l *lever) Overlay() []byte        { return []byte(`{"uplink":"5M"}`) }
func (l *lever) Patch(_ context.Context, b []byte) ([]string, error) {
	if l.got = string(b); strings.Contains(l.got, "polcy") {
		return nil, errors.New(`config: unknown key "polcy"`)
	}
	return []string{"uplink: 5M -> 8M"}, nil
}

func TestConfigIsShownAndChanged(t *testing.T) {
	l := &lever{desk: example()}
	for _, c := range []struct {
		name, method, path, body, from, host, kind string
		code                                       int
		says                                       string
	}{
		{"what is in effect", "GET", "/v3/config/get", "", "192.0.2.1:5", "shoal", "", 200, `"uplink":"5M"`},
		{"what counts over the file", "GET", "/v3/config/overlay", "", "192.0.2.1:5", "shoal", "", 200, `"uplink":"5M"`},
		{"a change", "PATCH", "/v3/config/patch", `{"uplink":"8M"}`, "127.0.0.1:5", "127.0.0.1:9873", "application/json", 200, `uplink: 5M -\u003e 8M`},
		{"a change that is wrong", "PATCH", "/v3/config/patch", `{"polcy":1}`, "[::1]:5", "localhost:9873", "application/json; charset=utf-8", 400, `unknown key`},
		{"a change from elsewhere", "PATCH", "/v3/config/patch", `{}`, "192.0.2.1:5", "127.0.0.1", "application/json", 403, "this machine"},
		{"a change by a name that a web page rebinds", "PATCH", "/v3/config/patch", `{}`, "127.0.0.1:5", "evil.example:9873", "application/json", 403, "localhost"},
		{"a change as a form sends it", "PATCH", "/v3/config/patch", `{}`, "127.0.0.1:5", "127.0.0.1", "text/plain", 415, "application/json"},
		{"a change too long", "PATCH", "/v3/config/patch", strings.Repeat(" ", 70_000), "127.0.0.1:5", "127.0.0.1", "application/json", 413, "65536"},
		{"another method", "POST", "/v3/config/patch", `{}`, "127.0.0.1:5", "127.0.0.1", "application/json", 405, "GET"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
			r.RemoteAddr, r.Host = c.from, c.host
			r.Header.Set("Content-Type", c.kind)
			w := httptest.NewRecorder()
			control.New(l).ServeHTTP(w, r)
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("it answers %d %s, want %d with %q", w.Code, w.Body, c.code, c.says)
			}
		})
	}
	if code, _ := ask(t, example(), http.MethodGet, "/v3/config/get"); code != http.StatusNotFound {
		t.Errorf("a state without settings answers %d", code)
	}
}
