package baseline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"
)

// maxPlaylist is how large a playlist may be, in bytes.
const maxPlaylist = 1 << 20

// fetcher is the HTTP side of one reader, with connections of its own as every viewer has.
type fetcher struct {
	client    http.Client
	transport *http.Transport
}

func newFetcher(m *meter) *fetcher {
	t := &http.Transport{
		DisableCompression:  true,
		MaxIdleConnsPerHost: 8, // two streams, a playlist and a part of each
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return counted{conn, m}, nil
		},
	}
	return &fetcher{client: http.Client{Transport: t}, transport: t}
}

func (f *fetcher) close() { f.transport.CloseIdleConnections() }

// playlist gets and parses one, and tells where it was in the end.
func (f *fetcher) playlist(ctx context.Context, u *url.URL) (playlist.Playlist, *url.URL, error) {
	body, final, err := f.get(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = body.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(body, maxPlaylist))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", u.Path, err)
	}
	list, err := playlist.Unmarshal(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", u.Path, err)
	}
	return list, final, nil
}

// discard reads all that is at u, and tells how much it was.
func (f *fetcher) discard(ctx context.Context, u *url.URL) (int, error) {
	body, _, err := f.get(ctx, u)
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }() // it was only read
	n, err := io.Copy(io.Discard, body)
	if err != nil {
		return int(n), fmt.Errorf("%s: %w", u.Path, err)
	}
	return int(n), nil
}

// get answers the body, which the caller closes.
func (f *fetcher) get(ctx context.Context, u *url.URL) (io.ReadCloser, *url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	res, err := f.client.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // it repeats the URL, session and all
			err = wrapped.Err
		}
		return nil, nil, fmt.Errorf("%s: %w", u.Path, err)
	}
	if res.StatusCode != http.StatusOK {
		_ = res.Body.Close() // nothing in it is wanted
		return nil, nil, fmt.Errorf("%s: %s", u.Path, res.Status)
	}
	return res.Body, res.Request.URL, nil
}
