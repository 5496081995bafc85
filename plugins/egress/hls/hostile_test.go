package hls_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/plugins/egress/hls"
	"github.com/shoal-live/shoal/plugins/egress/material"
)

func host(url string) string { return strings.Split(url, "/")[2] }

func TestRandomBytesNeitherAnswerNorHurt(t *testing.T) {
	t.Parallel()
	url := serve(t, "clock")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for range 200 {
		c, err := net.Dial("tcp", host(url))
		if err != nil {
			t.Fatal(err)
		}
		noise := make([]byte, random.IntN(40000))
		for i := range noise {
			noise[i] = byte(random.Uint32())
		}
		if random.IntN(2) == 0 {
			noise = append([]byte("GET /live/cam%201/live.m3u8?_HLS_msn="), noise...)
		}
		_, _ = c.Write(noise) // the server may have hung up
		_ = c.Close()
	}
	if _, err := get(http.DefaultClient, url); err != nil {
		t.Error(err)
	}
}

func TestBadRequestsGetAShortAnswerThatSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	url := serve(t, "clock")
	if _, err := get(http.DefaultClient, url); err != nil { // there is media from here on
		t.Fatal(err)
	}
	base := "http://" + host(url)
	for path, want := range map[string]string{
		"/":                         "200 OK", // after a redirect
		"/live/cam%201":             "200 OK",
		"/other/index.m3u8":         "404 Not Found: not here: this server has the stream /live/cam 1/ alone",
		"/live/cam%201/seg0.mp4":    "404 Not Found: no such file",
		"/live/cam%201/../../x.mp4": "404 Not Found",
		"/live/cam%201/page/../x":   "404 Not Found",
		"/live/cam%201/live.m3u8?_HLS_msn=99999999999":                "400 Bad Request: asks for media that is too far ahead",
		"/live/cam%201/live.m3u8?_HLS_msn=-1":                         "400 Bad Request: _HLS_msn is no number",
		"/live/cam%201/live.m3u8?_HLS_part=1":                         "400 Bad Request: _HLS_part without _HLS_msn",
		"/live/cam%201/live.m3u8?_HLS_msn=1&_HLS_part=99999999999999": "400 Bad Request: _HLS_part is no number",
		"/live/cam%201/live.m3u8?_HLS_msn=1&_HLS_part=2":              "200 OK",
	} {
		res, err := http.Get(base + path) //nolint:noctx // loopback
		if err != nil {
			t.Error(err)
			continue
		}
		body, err := io.ReadAll(io.LimitReader(res.Body, 200))
		_ = res.Body.Close()
		if got := res.Status + ": " + string(body); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s; want %s", path, got, want)
		}
	}
	res, err := http.Post(url, "text/plain", strings.NewReader("x")) //nolint:noctx // loopback
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", res.Status)
	}
}

func TestConnectionsBeyondTheLimitAreClosedAndOthersServed(t *testing.T) {
	t.Parallel()
	url := serve(t, "clock")
	var held []net.Conn
	t.Cleanup(func() {
		for _, c := range held {
			_ = c.Close()
		}
	})
	closed := 0
	for range 300 {
		c, err := net.Dial("tcp", host(url))
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	for _, c := range held[256:] {
		if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); errors.Is(err, io.EOF) || strings.Contains(fmt.Sprint(err), "reset") {
			closed++
		}
	}
	if closed != 300-256 {
		t.Errorf("%d of %d connections beyond the limit were closed", closed, 300-256)
	}
	if _, err := fmt.Fprintf(held[0], "GET /live/cam%%201/index.m3u8 HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(held[0]).ReadString('\n'); err != nil || !strings.Contains(line, "200 OK") {
		t.Errorf("a connection within the limit got %q, %v", line, err)
	}
}

func TestWithoutMediaAPlayerIsToldToComeBack(t *testing.T) {
	t.Parallel()
	e, err := hls.New(config("127.0.0.1:0", nil))
	if err != nil {
		t.Fatal(err)
	}
	url := material.Run(t, e, nil)[0]
	client := &http.Client{Timeout: 200 * time.Millisecond}
	if body, err := get(client, url); err == nil {
		t.Errorf("a playlist without media: %s", body)
	}
}

func TestThePageRunsNothingThatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	url := strings.TrimSuffix(serve(t, "clock"), "index.m3u8")
	for name, kind := range map[string]string{"": "text/html", "player.js": "javascript", "page.css": "text/css"} {
		res, err := http.Get(url + name) //nolint:noctx // loopback
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Content-Type"), kind) {
			t.Errorf("%s: %s, %s, %v", name, res.Status, res.Header.Get("Content-Type"), err)
		}
		if p := res.Header.Get("Content-Security-Policy"); !strings.Contains(p, "default-src 'none'") || strings.Contains(p, "unsafe") {
			t.Errorf("%s: policy %q", name, p)
		}
		for _, forbidden := range []string{"https://", "http://", "eval(", "innerHTML", "onclick", "style="} {
			if strings.Contains(string(body), forbidden) {
				t.Errorf("%s contains %s", name, forbidden)
			}
		}
	}
}

func TestAClientThatIsSlowToAskIsHungUpOn(t *testing.T) {
	t.Parallel()
	c, err := net.Dial("tcp", host(serve(t, "clock")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := fmt.Fprintf(c, "GET /live/cam%%201/index.m3u8 HTTP/1.1\r\nHost:"); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Errorf("the connection still stands: %v", err)
	}
}
