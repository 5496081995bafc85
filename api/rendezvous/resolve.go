package rendezvous

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// StreamInfo is what a watch URL stands for.
type StreamInfo struct {
	Base      string // of the rendezvous, for ClientConfig.URL
	Name      string
	ID        chunk.StreamID
	Publisher ed25519.PublicKey
	Signed    []byte // newest descriptor; nil when the source has not told one yet
	Live      bool
}

// maxAnswer bounds what is read of an answer: a list of 4096 streams fits.
const maxAnswer = 2 << 20

// ErrNotShoal means that a URL leads somewhere, but to no rendezvous.
var ErrNotShoal = errors.New("no shoal there")

// Resolve looks up a watch URL: http(s)://host[:port]/stream. Errors: ErrNotShoal; node.ErrUnknownStream (the text
// lists what there is); chunk.ErrSignature when the descriptor is not the publisher's; else what went wrong on the way.
func Resolve(ctx context.Context, watch string, hc *http.Client) (StreamInfo, error) {
	u, err := url.Parse(watch)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return StreamInfo{}, fmt.Errorf("%w: %q is no watch URL (it looks like https://host:9870/cam1)", ErrNotShoal, watch)
	}
	name := strings.Trim(u.Path, "/")
	base := &url.URL{Scheme: u.Scheme, Host: u.Host, User: u.User}
	if name == "" {
		return StreamInfo{}, fmt.Errorf("%w: %q names no stream%s", node.ErrUnknownStream, u.Redacted(), listed(ctx, base, hc))
	}
	var j streamJSON
	code, err := get(ctx, hc, base, "v1/streams/"+escape(name), &j)
	switch {
	case err != nil:
		return StreamInfo{}, err
	case code == http.StatusNotFound:
		return StreamInfo{}, fmt.Errorf("%w: nobody publishes %q at %s%s", node.ErrUnknownStream, name, u.Host, listed(ctx, base, hc))
	case code != http.StatusOK:
		return StreamInfo{}, fmt.Errorf("%s does not tell about %q: it answers %d (try again in a moment)", u.Host, name, code)
	}
	return check(base, name, &j)
}

// check makes sure that what a rendezvous says of a stream holds together.
func check(base *url.URL, name string, j *streamJSON) (StreamInfo, error) {
	info := StreamInfo{Base: base.String(), Name: j.Name, Live: j.Live}
	if j.Name != name {
		return StreamInfo{}, fmt.Errorf("%w: nobody publishes %q at %s, which answers about %q", node.ErrUnknownStream, name, base.Host, j.Name)
	}
	publisher, err := swarm.ParsePeerID(j.Publisher)
	if err != nil {
		return StreamInfo{}, fmt.Errorf("%w: %s: publisher: %w", ErrNotShoal, base.Host, err)
	}
	info.Publisher = publisher[:]
	info.ID = chunk.NewStreamID(info.Publisher, j.Name)
	if info.ID.String() != j.ID {
		return StreamInfo{}, fmt.Errorf("%w: %s gives a stream id that is not that of its publisher and name", chunk.ErrSignature, base.Host)
	}
	if info.Signed, err = unpack(j.Descriptor); err != nil {
		return StreamInfo{}, fmt.Errorf("descriptor of %q at %s: %w", name, base.Host, err)
	}
	if info.Signed != nil {
		d, err := chunk.Open(info.Signed)
		if err != nil {
			return StreamInfo{}, fmt.Errorf("descriptor of %q at %s: %w", name, base.Host, err)
		}
		if d.StreamID() != info.ID {
			return StreamInfo{}, fmt.Errorf("%w: the descriptor of %q at %s is of another stream", chunk.ErrSignature, name, base.Host)
		}
	}
	return info, nil
}

// get fetches JSON from the rendezvous at base, and follows it where it has moved.
func get(ctx context.Context, hc *http.Client, base *url.URL, path string, into any) (int, error) {
	if hc == nil {
		hc = http.DefaultClient
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath(path).String(), nil)
	if err != nil {
		return 0, err
	}
	resp, err := hc.Do(req)
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &untrusted):
		return 0, fmt.Errorf("%s does not prove who it is: %w (check the name in the link, or the certificate there)", base.Host, untrusted)
	case err != nil:
		return 0, fmt.Errorf("%s does not answer: %w", base.Host, err)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s: %w", base.Host, err)
	case resp.Header.Get(Header) == "" && resp.StatusCode == http.StatusBadRequest && base.Scheme == "http":
		return 0, fmt.Errorf("%w: %s does not take plain HTTP: try https:// in the link", ErrNotShoal, base.Host)
	case resp.Header.Get(Header) == "":
		return 0, fmt.Errorf("%w: %s answers (%s), but is no Shoal rendezvous: check host and port of the link", ErrNotShoal, base.Host, resp.Status)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return 0, fmt.Errorf("%w: %s answers what cannot be read: %w", ErrNotShoal, base.Host, err)
	}
	base.Scheme, base.Host = resp.Request.URL.Scheme, resp.Request.URL.Host
	return resp.StatusCode, nil
}

// escape writes a stream's name as the path of a URL.
func escape(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// listed says which streams there are, where that may be known.
func listed(ctx context.Context, base *url.URL, hc *http.Client) string {
	var list struct {
		Streams []streamJSON `json:"streams"`
	}
	code, err := get(ctx, hc, base, "v1/streams", &list)
	if err != nil || code != http.StatusOK {
		return ""
	}
	if len(list.Streams) == 0 {
		return " (no stream is published there now)"
	}
	names := make([]string, 0, 10)
	for _, s := range list.Streams[:min(len(list.Streams), 10)] {
		names = append(names, s.Name)
	}
	return " (have: " + strings.Join(names, ", ") + ")"
}
