package mediamtx

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
)

// Bounds of what the API may answer.
const (
	perPage   = 200
	maxPages  = 500
	maxAnswer = 16 << 20 // bytes of one page
	patience  = 3 * time.Second
)

// api asks the control API. Safe for concurrent use.
type api struct {
	cfg    *config
	client *http.Client
}

func newAPI(cfg *config) *api {
	return &api{cfg: cfg, client: &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 1}}}
}

// close drops the idle connections, and with them their goroutines.
func (a *api) close() { a.client.CloseIdleConnections() }

// path is what the API says of one path.
type path struct {
	Name      string     `json:"name"`
	ConfName  string     `json:"confName"`
	Ready     bool       `json:"ready"`
	ReadyTime *time.Time `json:"readyTime"`
	Source    *struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	} `json:"source"`
	InboundBytes  uint64 `json:"inboundBytes"`
	BytesReceived uint64 `json:"bytesReceived"` // its name before v1.17
}

// life tells two times apart at which a path was ready.
func (p *path) life() string {
	life := p.Name
	if p.ReadyTime != nil {
		life += " " + p.ReadyTime.String()
	}
	if p.Source != nil {
		life += " " + p.Source.Type + " " + p.Source.ID
	}
	return life
}

// bitrate is the mean since the path became ready, in bits per second; 0 before a second has passed.
func (p *path) bitrate(now time.Time) uint64 {
	if p.ReadyTime == nil {
		return 0
	}
	since := now.Sub(*p.ReadyTime)
	if since < time.Second {
		return 0
	}
	return uint64(float64(max(p.InboundBytes, p.BytesReceived)) * 8 / since.Seconds())
}

// paths lists all paths, page by page. A path may move between pages meanwhile: the first that is seen counts.
func (a *api) paths(ctx context.Context) ([]path, error) {
	var all []path
	seen := map[string]bool{}
	for page := range maxPages {
		var list struct {
			PageCount int    `json:"pageCount"`
			Items     []path `json:"items"`
		}
		query := url.Values{"itemsPerPage": {strconv.Itoa(perPage)}, "page": {strconv.Itoa(page)}}
		if err := a.get(ctx, "/v3/paths/list?"+query.Encode(), &list); err != nil {
			return nil, err
		}
		for _, p := range list.Items {
			if p.Name != "" && !seen[p.Name] {
				seen[p.Name] = true
				all = append(all, p)
			}
		}
		if page+1 >= list.PageCount {
			break
		}
	}
	return all, nil
}

// path asks for one.
func (a *api) path(ctx context.Context, name string) (path, error) {
	var p path
	err := a.get(ctx, "/v3/paths/get/"+(&url.URL{Path: name}).EscapedPath(), &p)
	return p, err
}

// stamped tells that the reports of p carry the publisher's clock, not that of MediaMTX.
func (a *api) stamped(ctx context.Context, p *path) (bool, error) {
	var c struct {
		UseAbsoluteTimestamp bool `json:"useAbsoluteTimestamp"`
	}
	err := a.get(ctx, "/v3/config/paths/get/"+(&url.URL{Path: p.ConfName}).EscapedPath(), &c)
	return c.UseAbsoluteTimestamp, err
}

// get fetches JSON. Errors wrap ingest.ErrSource or ingest.ErrDenied and say what to do about it.
func (a *api) get(ctx context.Context, from string, into any) error {
	where := a.cfg.api.String()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where+from, nil)
	if err != nil {
		return fmt.Errorf("mediamtx: %w: %w", ingest.ErrSource, err)
	}
	if a.cfg.user != "" {
		req.SetBasicAuth(a.cfg.user, a.cfg.pass)
	}
	res, err := a.client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: MediaMTX's control API does not answer at %s: set `api: yes` in mediamtx.yml, or point mediamtx.api at it: %w",
			ingest.ErrSource, where, err)
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	switch {
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%w: MediaMTX's control API at %s refuses this client (%s): give mediamtx.user and mediamtx.pass of a user with `action: api` in authInternalUsers, or let this address in there",
			ingest.ErrDenied, where, res.Status)
	case res.StatusCode == http.StatusNotFound && into != nil:
		return fmt.Errorf("%w: %s answers %s to %s: no such path, or no control API of MediaMTX v1.0 or newer",
			ingest.ErrSource, where, res.Status, from)
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("%w: MediaMTX's control API at %s answers %s", ingest.ErrSource, where, res.Status)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(into); err != nil {
		return fmt.Errorf("%w: what answers at %s is not MediaMTX's control API: %w", ingest.ErrSource, where, err)
	}
	return nil
}
