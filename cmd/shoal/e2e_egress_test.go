//go:build unix

package main_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/cmd/shoal/clip/cliptest"
	"github.com/shoal-live/shoal/cmd/shoal/config"
)

// film reads an endless MP4 over HTTP until it has so much of its video, and takes it apart.
func film(t *testing.T, url string, length time.Duration) *cliptest.Recording {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), length+20*time.Second)
	defer cancel()
	var last error
	for ctx.Err() == nil {
		var r *cliptest.Recording
		if r, last = download(ctx, url, length); last == nil {
			return r
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("%s: %v", url, last)
	return nil
}

// flows wants frames to come at url.
func flows(t *testing.T, url string) {
	t.Helper()
	film(t, url, time.Second)
}

func download(ctx context.Context, url string, length time.Duration) (*cliptest.Recording, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", resp.Status)
	}
	var all bytes.Buffer
	for buf := make([]byte, 64<<10); ; {
		n, err := resp.Body.Read(buf)
		all.Write(buf[:n])
		r, e := unpacked(all.Bytes())
		if e != nil {
			return nil, e
		}
		if len(r.Tracks) > 0 {
			v := r.Tracks[0]
			if k := len(v.Units); k > 0 && time.Duration(v.Units[k-1].Ticks-v.Units[0].Ticks)*time.Second/time.Duration(v.ClockRate) >= length {
				return r, nil
			}
		}
		if err != nil {
			return nil, fmt.Errorf("it ended after %d bytes: %w", all.Len(), err)
		}
	}
}

// unpacked is what is whole of a fragmented MP4 of one epoch.
func unpacked(b []byte) (*cliptest.Recording, error) {
	r := &cliptest.Recording{}
	byID := make(map[int]*cliptest.Track)
	var ftyp, moof []byte
	for len(b) >= 8 {
		size := int(binary.BigEndian.Uint32(b))
		if size < 8 || size > len(b) {
			break // it has not come yet
		}
		box, kind := b[:size], string(b[4:8])
		b = b[size:]
		switch kind {
		case "ftyp":
			ftyp = box
		case "moov":
			var init fmp4.Init
			if err := init.Unmarshal(bytes.NewReader(append(bytes.Clone(ftyp), box...))); err != nil {
				return nil, err
			}
			for _, tr := range init.Tracks {
				byID[tr.ID] = &cliptest.Track{Codec: tr.Codec, ClockRate: int64(tr.TimeScale)}
				r.Tracks = append(r.Tracks, byID[tr.ID])
			}
		case "moof":
			moof = box
		case "mdat":
			var parts fmp4.Parts
			if err := parts.Unmarshal(append(bytes.Clone(moof), box...)); err != nil {
				return nil, err
			}
			for _, p := range parts {
				for _, tr := range p.Tracks {
					at := int64(tr.BaseTime)
					for _, s := range tr.Samples {
						byID[tr.ID].Units = append(byID[tr.ID].Units, cliptest.Unit{Payload: s.Payload, Ticks: at + int64(s.PTSOffset), DTS: at, Key: !s.IsNonSyncSample})
						at += int64(s.Duration)
					}
				}
			}
		}
	}
	return r, nil
}

// whole wants every frame of a clip at url, in order and unchanged, for a whole loop of it.
func whole(t *testing.T, url, name string) {
	t.Helper()
	c, err := clip.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	r := film(t, url, c.Duration)
	if err := r.CheckWhole(c); err != nil {
		t.Errorf("%s: %v", url, err)
	}
}

// TestAnEgressOfOnesOwnGetsEveryFrame takes the egress that plugin new writes, which serves MP4 over HTTP, at a viewer by flag and
// by file, and at the source by each of the ways by which its config changes.
func TestAnEgressOfOnesOwnGetsEveryFrame(t *testing.T) {
	apart(t)
	mine := written(t, "egress")
	b, err := os.ReadFile(mine)
	if err != nil {
		t.Fatal(err)
	}
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	c := loopback(t, media.APIURL())
	c.Plugins = map[string]config.Installed{"mine": {Kind: "egress", Path: mine, SHA256: sum(b), Limits: config.Limits{Files: 200}}}
	s := startLiving(t, c)
	url := s.live(t, "cam1")

	t.Run("of a viewer, by flag", func(t *testing.T) {
		p := start(t, "watch", "--hls=", "--rtsp=", "--egress="+mine+",listen=127.0.0.1:0", "--listen=127.0.0.1:0", url)
		whole(t, p.says(t, "mine: "), "h264-opus")
		if text := p.out.text(); strings.Contains(text, "hls: ") || strings.Contains(text, "rtsp: ") {
			t.Errorf("it has outputs that were not asked for:\n%s", text)
		}
	})
	t.Run("of a viewer, by its file, which changes", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "watch.yml")
		write := func(outputs string) {
			replace(t, file, fmt.Sprintf("plugins: {mine: {kind: egress, path: %s, sha256: %s}}\ntransport: {listen: '127.0.0.1:0'}\negress: {%s}\n", mine, sum(b), outputs))
		}
		write("mine: {listen: '127.0.0.1:0'}")
		p := start(t, "watch", "--config="+file, url)
		flows(t, p.says(t, "mine: "))
		write("other: {name: mine, listen: '127.0.0.1:0'}")
		flows(t, p.says(t, "other: "))
	})
	at := func() (listen, url string) {
		listen = "127.0.0.1:" + freePort(t)
		return listen, "http://" + listen + "/cam1.mp4"
	}
	gone := func(url string) {
		t.Helper()
		eventually(t, 10*time.Second, "nobody answers at "+url, func() bool {
			_, err := download(t.Context(), url, 0)
			return err != nil && strings.Contains(err.Error(), "refused")
		})
	}
	listen, first := at()
	if code, text := s.patch(t, `{"egress": {"mine": {"listen": "`+listen+`"}}}`); code != 200 {
		t.Fatalf("the control API answers %d %s", code, text)
	}
	whole(t, first, "h264-opus")
	listen, second := at()
	s.put(t, `{"streams": {"cam1": {"egress": {"copy": {"name": "mine", "listen": "`+listen+`"}}}}}`)
	flows(t, second)
	gone(first)
	listen, third := at()
	s.put(t, `{}`)
	s.write(t, "egress: {mine: {listen: '"+listen+"'}}\n")
	flows(t, third)
	gone(second)
	if code, text := s.patch(t, `{"egress": {"mine": {"params": {"colour": "red"}}}}`); code != 400 || !strings.Contains(text, "egress.mine") || !strings.Contains(text, "colour") {
		t.Errorf("a parameter that it does not know: the control API answers %d %s", code, text)
	}
	flows(t, third)
}
