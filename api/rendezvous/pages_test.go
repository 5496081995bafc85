package rendezvous_test

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestPagesLoadNothingFromElsewhereAndHaveNoInlineCode(t *testing.T) {
	_, h := serve(t, newKey(t))
	get := func(path, tag string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, h.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tag != "" {
			req.Header.Set("If-None-Match", tag)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(body)
	}
	references := regexp.MustCompile(`(?:src|href)="([^"]*)"`)
	inline := regexp.MustCompile(`(?i)<style|<script[^>]*>[^<]|\sstyle=|\son[a-z]+=|javascript:`)
	for _, page := range []string{"/", "/cam1", "/studio/a/b"} {
		resp, body := get(page, "")
		if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: the policy is %q", page, csp)
		}
		if m := inline.FindString(body); m != "" {
			t.Errorf("%s: inline code that the policy forbids: %q", page, m)
		}
		for _, ref := range references.FindAllStringSubmatch(body, -1) {
			if !strings.HasPrefix(ref[1], "/") || strings.HasPrefix(ref[1], "//") {
				t.Errorf("%s: %s is elsewhere", page, ref[1])
				continue
			}
			asset, _ := get(ref[1], "")
			if asset.StatusCode != http.StatusOK {
				t.Errorf("%s: %s answers %d", page, ref[1], asset.StatusCode)
			}
			if tag := asset.Header.Get("ETag"); tag != "" {
				if again, body := get(ref[1], tag); again.StatusCode != http.StatusNotModified || body != "" {
					t.Errorf("%s: %s is sent again to who has it (%d)", page, ref[1], again.StatusCode)
				}
			}
		}
	}
	if _, script := get("/_shoal/page.js", ""); strings.Contains(script, "innerHTML") || strings.Contains(script, "eval(") || strings.Contains(script, "document.write") {
		t.Error("the script turns text into HTML or code")
	}
}

func TestColumnsAreExplained(t *testing.T) {
	_, h := serve(t, newKey(t))
	resp, err := http.Get(h.URL + "/cam1")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	heads := regexp.MustCompile(`<th [^>]*>`).FindAllString(string(body), -1)
	if len(heads) < 10 {
		t.Fatalf("%d columns", len(heads))
	}
	for _, head := range heads {
		if !strings.Contains(head, `title="`) || !strings.Contains(head, `scope="col"`) {
			t.Errorf("%s has no title or scope", head)
		}
	}
}
