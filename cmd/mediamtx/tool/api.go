package tool

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// PathState is what the control API says about one path.
type PathState struct {
	Name    string   `json:"name"`
	Ready   bool     `json:"ready"`
	Tracks  []string `json:"tracks"` // codec names as MediaMTX spells them: H264, MPEG-4 Audio, ...
	Readers []struct {
		Type string `json:"type"`
	} `json:"readers"`
	InboundBytes  uint64 `json:"inboundBytes"`
	OutboundBytes uint64 `json:"outboundBytes"`
}

// RTSPURL is where path is published and read over RTSP.
func (s *Server) RTSPURL(path string) string {
	return fmt.Sprintf("rtsp://127.0.0.1:%d/%s", s.ports.rtsp, path)
}

// APIURL is the root of the control API, without a slash at its end.
func (s *Server) APIURL() string {
	return fmt.Sprintf("http://127.0.0.1:%d", s.ports.api)
}

// HLSURL is the playlist of path; empty unless Options.HLS is On.
func (s *Server) HLSURL(path string) string {
	if s.opts.HLS != On {
		return ""
	}
	return fmt.Sprintf("http://127.0.0.1:%d/%s/index.m3u8", s.ports.hls, path)
}

// WHEPURL is where a WebRTC reader asks for path; empty unless Options.WebRTC
// is On.
func (s *Server) WHEPURL(path string) string {
	if s.opts.WebRTC != On {
		return ""
	}
	return fmt.Sprintf("http://127.0.0.1:%d/%s/whep", s.ports.webrtc, path)
}

// LogPath is the file with MediaMTX's own output, all runs of this folder.
func (s *Server) LogPath() string { return filepath.Join(s.opts.Dir, logName) }

// Paths asks the control API for all paths that are open now.
func (s *Server) Paths(ctx context.Context) ([]PathState, error) {
	if s.PID() == 0 {
		return nil, fmt.Errorf("mediamtx: list paths: %w", ErrStopped)
	}
	return s.paths(ctx)
}

func (s *Server) paths(ctx context.Context) ([]PathState, error) {
	url := s.APIURL() + "/v3/paths/list?itemsPerPage=1000"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("mediamtx: list paths: %w", err)
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("mediamtx: list paths: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("mediamtx: list paths: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("mediamtx: list paths: %s answered %s: %s", url, res.Status, body)
	}
	var list struct {
		Items []PathState `json:"items"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("mediamtx: list paths: %w", err)
	}
	return list.Items, nil
}

// WaitReady returns the state of path as soon as somebody publishes it, or the
// error of ctx, with what the API said last.
func (s *Server) WaitReady(ctx context.Context, path string) (PathState, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		list, err := s.Paths(ctx)
		for _, p := range list {
			if p.Name == path && p.Ready {
				return p, nil
			}
		}
		select {
		case <-ctx.Done():
			if err == nil {
				err = fmt.Errorf("%d other paths", len(list))
			}
			return PathState{}, fmt.Errorf("mediamtx: path %q is not ready: %w (last answer: %w; log: %s)",
				path, ctx.Err(), err, s.LogPath())
		case <-tick.C:
		}
	}
}

func fileSize(path string) int64 {
	st, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return st.Size()
}

// fileEnd returns what stands in the file after offset, at most its last 2,000
// bytes, for an error message.
func fileEnd(path string, offset int64) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	data = data[min(int(offset), len(data)):]
	return string(data[max(0, len(data)-2000):])
}
