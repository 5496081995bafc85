package hls_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/egress/egresstest"
	"github.com/shoal-live/shoal/plugins/egress/hls"
	"github.com/shoal-live/shoal/plugins/egress/material"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func plugin() sdk.Plugin { return sdk.Egress("hls", hls.New) }

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, plugin()) }

func TestContract(t *testing.T) {
	h := egresstest.Harness{
		First:  material.Epoch(t, "h264-opus", 1, 5*time.Second),
		Second: material.Epoch(t, "h264-480x270-aac", 2, 5*time.Second),
		URLs:   "http://127.0.0.1:",
		Target: target,
		Wrong: []egresstest.Wrong{
			{Config: config("nonsense", nil), Parameter: "listen"},
			{Config: config("", map[string]string{"partDuration": "soon"}), Parameter: "partDuration"},
			{Config: config("", map[string]string{"segmentMin": "1h"}), Parameter: "segmentMin"},
			{Config: config("", map[string]string{"allowOrigin": "a\nb"}), Parameter: "allowOrigin"},
			{Config: config("", map[string]string{"color": "blue"}), Parameter: "color"},
			{Config: egress.Config{}, Parameter: "stream"},
		},
		Busy: func(t *testing.T) (egress.Config, string, func()) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			return config(l.Addr().String(), nil), l.Addr().String(), func() { _ = l.Close() }
		},
	}
	plugintest.Every(t, plugin(), func(t *testing.T, r *plugintest.Rig) {
		h := h
		h.New = r.Egress
		egresstest.Suite(t, h)
	})
}

func config(listen string, params map[string]string) egress.Config {
	return egress.Config{Stream: "live/cam 1", Listen: listen, Params: params}
}

func target(t *testing.T) egresstest.Target {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return egresstest.Target{
		Config: config(material.FreeAddress(t), nil),
		Plays: func(urls []string, d *chunk.Descriptor) error {
			for {
				master, err := get(client, urls[0])
				if err != nil {
					return err
				}
				if !strings.Contains(master, d.Tracks[0].Codec) {
					continue
				}
				return playsPart(client, strings.TrimSuffix(urls[0], "index.m3u8"), d)
			}
		},
		Stick: func(urls []string) error {
			c, err := net.Dial("tcp", strings.Split(urls[0], "/")[2])
			if err != nil {
				return err
			}
			t.Cleanup(func() { _ = c.Close() })
			_, err = fmt.Fprint(c, strings.Repeat("GET /live/cam%201/live.m3u8 HTTP/1.1\r\nHost: x\r\n\r\n", 1000))
			return err
		},
	}
}

// playsPart waits until the newest init segment is that of d and a part behind it can be got.
func playsPart(client *http.Client, base string, d *chunk.Descriptor) error {
	for {
		list, err := get(client, base+"live.m3u8")
		if err != nil {
			return err
		}
		lines := strings.Split(list, "\n")
		var init, part string
		for _, l := range lines {
			if uri, ok := strings.CutPrefix(l, `#EXT-X-MAP:URI="`); ok {
				init, part = strings.TrimSuffix(uri, `"`), ""
			}
			if _, uri, ok := strings.Cut(l, `,URI="`); ok && strings.HasPrefix(l, "#EXT-X-PART:") {
				part, _, _ = strings.Cut(uri, `"`)
			}
		}
		got, err := get(client, base+init)
		if err != nil {
			return err
		}
		if got != string(d.Init) || part == "" {
			continue
		}
		media, err := get(client, base+part)
		if err == nil && !strings.Contains(media, "moof") {
			err = fmt.Errorf("%s is no fragment", part)
		}
		return err
	}
}

func get(client *http.Client, url string) (string, error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, res.Status, body)
	}
	return string(body), err
}
