package control_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/api/control"
)

// broken is a desk with a plugin that failed too often.
type broken struct {
	*desk
	reset []string
}

func (b *broken) ResetPlugin(kind, name string) error {
	if kind != "policy" || name != "mine" {
		return errors.New("no such plugin")
	}
	b.reset = append(b.reset, kind+"/"+name)
	return nil
}

func TestABreakerIsClosedFromThisMachineAlone(t *testing.T) {
	b := &broken{desk: example()}
	h := control.New(b)
	for _, c := range []struct {
		name, method, path, from string
		code                     int
		says                     string
	}{
		{"from elsewhere", "POST", "/v3/plugins/reset/policy/mine", "192.0.2.1:5", 403, "this machine"},
		{"of none", "POST", "/v3/plugins/reset/policy/other", "127.0.0.1:5", 404, "no such plugin"},
		{"as a page is read", "GET", "/v3/plugins/reset/policy/mine", "127.0.0.1:5", 404, "POST"},
		{"as it should be", "POST", "/v3/plugins/reset/policy/mine", "127.0.0.1:5", 200, `"ok"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.path, http.NoBody)
			r.RemoteAddr, r.Host = c.from, "127.0.0.1:9873"
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("answer %d %s; want %d and %q", w.Code, w.Body, c.code, c.says)
			}
		})
	}
	if len(b.reset) != 1 {
		t.Errorf("reset %v", b.reset)
	}
}
