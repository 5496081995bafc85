package hls

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"

	"github.com/shoal-live/shoal/core/ingest"
)

// Bounds of what a server may send, in bytes.
const (
	maxPlaylist = 1 << 20
	maxInit     = 1 << 20
	maxPart     = 4 << 20
	maxSegment  = 64 << 20
)

// resource is what one request asks for.
type resource struct {
	url          *url.URL
	from, length uint64 // of a range of bytes; length 0: all of it
	most         int64  // bytes that are accepted
}

// fetcher asks one server, and those that it refers to.
type fetcher struct {
	cfg       config
	client    *http.Client
	transport *http.Transport
}

func newFetcher(c config) *fetcher {
	jar, _ := cookiejar.New(nil) // never fails without options
	t := &http.Transport{TLSClientConfig: tlsConfig(c), ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4}
	return &fetcher{cfg: c, client: &http.Client{Transport: t, Jar: jar}, transport: t}
}

func (f *fetcher) close() { f.transport.CloseIdleConnections() }

func tlsConfig(c config) *tls.Config {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	host := c.url.Hostname()
	ip := net.ParseIP(host)
	switch {
	case c.fingerprint != nil:
		t.InsecureSkipVerify = true // the fingerprint says more than a chain
		t.VerifyConnection = func(s tls.ConnectionState) error {
			sum := sha256.Sum256(s.PeerCertificates[0].Raw)
			if !bytes.Equal(sum[:], c.fingerprint) {
				return errors.New("the certificate is not the one of parameter fingerprint")
			}
			return nil
		}
	case host == "localhost" || ip != nil && ip.IsLoopback():
		t.InsecureSkipVerify = true // nobody is in between; the usual certificate is self-signed
	}
	return t
}

// get answers the body, and the URL that it came from in the end. Errors: [ingest.ErrDenied]; others name URL and cause.
func (f *fetcher) get(ctx context.Context, r resource) ([]byte, *url.URL, error) {
	late := fmt.Errorf("it has not answered in %v (is it the right port? timeout: waits longer)", f.cfg.timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, f.cfg.timeout, late)
	defer cancel()
	body, final, err := f.ask(ctx, r)
	if err == nil {
		return body, final, nil
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) { // it repeats the URL, tokens and all
		err = wrapped.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = context.Cause(ctx)
	}
	if shown(r.url) == f.cfg.name() {
		return nil, nil, err
	}
	return nil, nil, fmt.Errorf("%s: %w", shown(r.url), err)
}

func (f *fetcher) ask(ctx context.Context, r resource) ([]byte, *url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	if f.cfg.user != "" && r.url.Host == f.cfg.url.Host && r.url.Scheme == f.cfg.url.Scheme {
		req.SetBasicAuth(f.cfg.user, f.cfg.pass)
	}
	if r.length > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", r.from, r.from+r.length-1))
	}
	res, err := f.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	if err := f.status(res, r); err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, r.most+1))
	if err == nil && int64(len(body)) > r.most {
		err = fmt.Errorf("it has more than %d bytes", r.most)
	}
	return body, res.Request.URL, err
}

// status says what an answer other than the wanted one means.
func (f *fetcher) status(res *http.Response, r resource) error {
	switch res.StatusCode {
	case http.StatusOK:
		if r.length > 0 {
			return errors.New("the server sends the whole where a range of bytes was asked for")
		}
		return nil
	case http.StatusPartialContent:
		return nil
	case http.StatusUnauthorized, http.StatusForbidden:
		if f.cfg.user == "" {
			return fmt.Errorf("%w: the server asks for credentials (set user and pass)", ingest.ErrDenied)
		}
		return fmt.Errorf("%w: the server refuses these credentials", ingest.ErrDenied)
	case http.StatusNotFound:
		return errors.New("nobody publishes there (404)")
	}
	return fmt.Errorf("the server answers %s", res.Status)
}

// playlist asks for one and reads it.
func (f *fetcher) playlist(ctx context.Context, u *url.URL) (playlist.Playlist, *url.URL, error) {
	body, final, err := f.get(ctx, resource{url: u, most: maxPlaylist})
	if err != nil {
		return nil, nil, err
	}
	p, err := playlist.Unmarshal(body)
	if err != nil {
		return nil, nil, fmt.Errorf("%s is no HLS playlist, or lists nothing: %w (source is the URL of an .m3u8)", shown(u), err)
	}
	return p, final, nil
}
