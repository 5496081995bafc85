package plugincheck

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// player gets media of every track of d out of an output, or says why it does not.
type player func(ctx context.Context, urls []string, d *chunk.Descriptor) error

const again = 50 * time.Millisecond // between two tries

// playerFor chooses a player by the URLs that an egress told, or, where it told none, by the file that it writes. nil where
// there is none.
func playerFor(urls []string, listen string) player {
	if len(urls) == 0 {
		if !strings.ContainsRune(listen, os.PathSeparator) {
			return nil
		}
		return func(ctx context.Context, _ []string, d *chunk.Descriptor) error {
			return retry(ctx, d, func() (io.ReadCloser, error) { return follow(ctx, listen) })
		}
	}
	u, err := url.Parse(urls[0])
	switch {
	case err != nil:
		return nil
	case u.Scheme == "tcp":
		return func(ctx context.Context, urls []string, d *chunk.Descriptor) error {
			return retry(ctx, d, func() (io.ReadCloser, error) { return dial(ctx, urls[0]) })
		}
	case u.Scheme == "http":
		return playHTTP
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		return nil
	}
	return playByFFmpeg
}

// retry reads what open gives until the tracks of d have come, opening again when that ends.
func retry(ctx context.Context, d *chunk.Descriptor, open func() (io.ReadCloser, error)) error {
	var err error
	for ctx.Err() == nil {
		var r io.ReadCloser
		r, err = open()
		if errors.Is(err, errPlaylist) {
			return err
		}
		if err == nil {
			end := context.AfterFunc(ctx, func() { _ = r.Close() })
			err = findTracks(r, d)
			end()
			_ = r.Close()
			if err == nil {
				return nil
			}
		}
		pause(ctx, again)
	}
	return fmt.Errorf("no fragmented MP4 with %d tracks came: %w", len(d.Tracks), err)
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func dial(ctx context.Context, text string) (io.ReadCloser, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", u.Host)
}

// errPlaylist means that it is no fragmented MP4: a list of media, or a page.
var errPlaylist = errors.New("no fragmented MP4")

// playHTTP reads fragmented MP4, and leaves anything else to ffmpeg.
func playHTTP(ctx context.Context, urls []string, d *chunk.Descriptor) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	err := retry(ctx, d, func() (io.ReadCloser, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, urls[0], nil)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusOK {
			_ = resp.Body.Close()
			return nil, errors.New(resp.Status)
		}
		r := bufio.NewReader(resp.Body)
		if head, err := r.Peek(8); err == nil && string(head[4:]) != "ftyp" && string(head[4:]) != "styp" {
			_ = resp.Body.Close()
			return nil, errPlaylist
		}
		return struct {
			io.Reader
			io.Closer
		}{r, resp.Body}, nil
	})
	if !errors.Is(err, errPlaylist) {
		return err
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		return fmt.Errorf("%s is no fragmented MP4, and there is no ffmpeg in PATH to play it (apt-get install ffmpeg)", urls[0])
	}
	return playByFFmpeg(ctx, urls, d)
}

// playByFFmpeg wants packets of as many tracks as d has.
func playByFFmpeg(ctx context.Context, urls []string, d *chunk.Descriptor) error {
	last := errors.New("there was no time left to play it")
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-nostdin", "-v", "error", "-i", urls[0],
			"-map", "0", "-t", "0.3", "-c", "copy", "-f", "framehash", "-hash", "crc32", "-")
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		tracks := make(map[string]bool)
		for line := range strings.Lines(string(out)) {
			if number, _, ok := strings.Cut(line, ","); ok && !strings.HasPrefix(line, "#") {
				tracks[strings.TrimSpace(number)] = true
			}
		}
		switch {
		case err == nil && len(tracks) >= len(d.Tracks):
			return nil
		case err == nil:
			last = fmt.Errorf("ffmpeg got packets of %d tracks, want %d", len(tracks), len(d.Tracks))
		default:
			last = fmt.Errorf("ffmpeg: %w: %s", err, strings.TrimSpace(said.String()))
		}
		pause(ctx, again)
	}
	return last
}

// follow reads a file that somebody writes: at its end it waits for more.
func follow(ctx context.Context, path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &growing{ctx: ctx, File: f}, nil
}

type growing struct {
	*os.File
	ctx context.Context
}

// Read waits at the end of the file.
func (g *growing) Read(b []byte) (int, error) {
	for {
		n, err := g.File.Read(b)
		if n > 0 || !errors.Is(err, io.EOF) || g.ctx.Err() != nil {
			return n, err
		}
		pause(g.ctx, again)
	}
}
