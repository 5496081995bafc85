package rendezvous

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
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
		return StreamInfo{}, fmt.Errorf("%w: %q names no stream%s", node.ErrUnknownStream, watch, listed(ctx, base, hc))
	}
	var j streamJSON
	code, err := get(ctx, hc, base.JoinPath("v1", "streams", path.Clean(name)), &j)
	if err != nil {
		return StreamInfo{}, err
	}
	if code == http.StatusNotFound {
		return StreamInfo{}, fmt.Errorf("%w: nobody publishes %q at %s%s", node.ErrUnknownStream, name, base, listed(ctx, base, hc))
	}
	info := StreamInfo{Base: base.String(), Name: j.Name, Live: j.Live}
	if info.Publisher, err = parseKey(j.Publisher); err != nil {
		return StreamInfo{}, fmt.Errorf("%w: %s: %w", ErrNotShoal, base, err)
	}
	info.ID = chunk.NewStreamID(info.Publisher, j.Name)
	if info.ID.String() != j.ID {
		return StreamInfo{}, fmt.Errorf("%w: %s gives a stream id that is not that of its publisher and name", chunk.ErrSignature, base)
	}
	if info.Signed, err = unpack(j.Descriptor); err != nil {
		return StreamInfo{}, fmt.Errorf("descriptor of %q at %s: %w", name, base, err)
	}
	if info.Signed != nil {
		d, err := chunk.Open(info.Signed)
		if err != nil {
			return StreamInfo{}, fmt.Errorf("descriptor of %q at %s: %w", name, base, err)
		}
		if d.StreamID() != info.ID {
			return StreamInfo{}, fmt.Errorf("%w: the descriptor of %q at %s is of another stream", chunk.ErrSignature, name, base)
		}
	}
	return info, nil
}

// get fetches JSON from a rendezvous.
func get(ctx context.Context, hc *http.Client, u *url.URL, into any) (int, error) {
	if hc == nil {
		hc = http.DefaultClient
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, err
	}
	resp, err := hc.Do(req)
	if err != nil {
		return 0, fmt.Errorf("%s does not answer: %w", u.Host, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, MaxMessage))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", u.Host, err)
	}
	if resp.Header.Get("Server") != Software {
		return 0, fmt.Errorf("%w: %s answers (%s), but is no Shoal rendezvous: check host and port of the link", ErrNotShoal, u.Host, resp.Status)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return 0, fmt.Errorf("%w: %s answers what cannot be read: %w", ErrNotShoal, u.Host, err)
	}
	return resp.StatusCode, nil
}

// listed says which streams there are, where that may be known.
func listed(ctx context.Context, base *url.URL, hc *http.Client) string {
	var list struct {
		Streams []streamJSON `json:"streams"`
	}
	code, err := get(ctx, hc, base.JoinPath("v1", "streams"), &list)
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
