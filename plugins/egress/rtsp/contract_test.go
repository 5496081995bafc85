package rtsp_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/base"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/egress/egresstest"
	"github.com/shoal-live/shoal/plugins/egress/material"
	"github.com/shoal-live/shoal/plugins/egress/rtsp"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func plugin() sdk.Plugin { return sdk.Egress("rtsp", rtsp.New) }

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, plugin()) }

func TestContract(t *testing.T) {
	h := egresstest.Harness{
		First:  material.Epoch(t, "h264-opus", 1, 5*time.Second),
		Second: material.Epoch(t, "h265-aac", 2, 5*time.Second),
		URLs:   "rtsp://127.0.0.1:",
		Target: target,
		Wrong: []egresstest.Wrong{
			{Config: config("nonsense", nil), Parameter: "listen"},
			{Config: config("", map[string]string{"start": "soon"}), Parameter: "start"},
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
	return egress.Config{Stream: "live/cam1", Listen: listen, Params: params}
}

func target(t *testing.T) egresstest.Target {
	return egresstest.Target{
		Config: config(material.FreeAddress(t), nil),
		Plays: func(urls []string, d *chunk.Descriptor) error {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			var err error
			for ctx.Err() == nil {
				if err = material.ReadRTSP(ctx, urls[0], d); err == nil {
					return nil
				}
			}
			return err
		},
		Stick: func(urls []string) error { _, err := stick(t, urls[0]); return err },
	}
}

// stick begins to play; nothing is read but the answers.
func stick(t *testing.T, url string) (net.Conn, error) {
	u, err := base.ParseURL(url)
	if err != nil {
		return nil, err
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close() })
	session := ""
	for i, request := range []string{
		"SETUP " + url + "/trackID=0 RTSP/1.0\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n",
		"SETUP " + url + "/trackID=1 RTSP/1.0\r\nTransport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n",
		"PLAY " + url + " RTSP/1.0\r\n",
	} {
		if session != "" {
			request += "Session: " + session + "\r\n"
		}
		if _, err := fmt.Fprintf(c, "%sCSeq: %d\r\n\r\n", request, i+1); err != nil {
			return nil, err
		}
		buf := make([]byte, 1024)
		n, err := c.Read(buf)
		if err != nil || !strings.Contains(string(buf[:n]), "200 OK") {
			return nil, fmt.Errorf("%s: %w: %s", request, err, buf[:n])
		}
		if _, rest, ok := strings.Cut(string(buf[:n]), "Session: "); ok {
			session, _, _ = strings.Cut(rest, ";")
			session, _, _ = strings.Cut(session, "\r")
		}
	}
	return c, nil
}
