package baseline

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Server is the MediaMTX that is read. A field that is not set is not measured.
type Server struct {
	API  string // root of the control API, http://host:port without a slash at its end
	Path string // the path's name; needed with API
	PID  int    // of the process, on this machine
}

// ServerUsage is what the server spent in the window; 0 for what was not measured.
type ServerUsage struct {
	Egress uint64        // bytes, as [Egress] counts them
	CPU    time.Duration // of user and system
}

// Egress is how many bytes MediaMTX has sent of a path to those that read it in one way, since the path or its HLS muxer
// began; what is sent over a time is the difference of two calls. Both count what a protocol carries rather than what is on the
// wire, and neither has headers of TCP and IP:
//
//   - RTSP: outboundBytes of the path, the RTP packets and RTCP reports to all readers, without the four bytes around each on
//     the connection. MediaMTX adds the size of every unit once for each HLS or WebRTC reader, so that this is
//     RTSP's only while there are none of them.
//   - LL-HLS: outboundBytes of the path's muxer, the bodies of all answers, playlists included, without headers of HTTP. It is 0 as
//     long as nobody has asked for the path.
//
// ctx bounds the question. v1.20.1 has these fields.
func Egress(ctx context.Context, api, path string, way Way) (uint64, error) {
	list := "paths"
	if way == LLHLS {
		list = "hlsmuxers"
	}
	url := api + "/v3/" + list + "/get/" + path
	var item struct {
		OutboundBytes uint64 `json:"outboundBytes"`
	}
	status, err := ask(ctx, url, &item)
	switch {
	case err != nil:
		return 0, fmt.Errorf("baseline: egress of %s: %w", path, err)
	case status == http.StatusNotFound && way == LLHLS:
		return 0, nil
	case status != http.StatusOK:
		return 0, fmt.Errorf("baseline: egress of %s: %s answered %d", path, url, status)
	}
	return item.OutboundBytes, nil
}

// ask reads the JSON that url answers into v, where the status is 200.
func ask(ctx context.Context, url string, v any) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(res.Body, maxPlaylist))
	if err == nil && res.StatusCode == http.StatusOK {
		err = json.Unmarshal(data, v)
	}
	return res.StatusCode, err
}

// usage is what the server has spent so far.
func (s Server) usage(ctx context.Context, way Way) (u ServerUsage, err error) {
	if s.API != "" {
		if u.Egress, err = Egress(ctx, s.API, s.Path, way); err != nil {
			return u, err
		}
	}
	if s.PID != 0 {
		if cpu, ok := CPUTime(s.PID); ok {
			u.CPU = cpu
		}
	}
	return u, nil
}

// since takes what was spent before. A counter that has begun anew meanwhile, as it does with a new publisher, is all that is
// known.
func (u ServerUsage) since(before ServerUsage) ServerUsage {
	if u.Egress >= before.Egress {
		u.Egress -= before.Egress
	}
	if u.CPU >= before.CPU {
		u.CPU -= before.CPU
	}
	return u
}
