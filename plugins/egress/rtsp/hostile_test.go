package rtsp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/clip/cliptest"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/material"
	"github.com/shoal-live/shoal/plugins/egress/rtsp"
)

func host(url string) string { return strings.Split(url, "/")[2] }

func TestRandomBytesNeitherAnswerNorHurt(t *testing.T) {
	t.Parallel()
	url := serve(t, "clock", nil)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	starts := []string{
		"", "DESCRIBE " + url + " RTSP/1.0\r\n", "SETUP " + url + "/trackID=0 RTSP/1.0\r\nCSeq: 1\r\nTransport: ",
		"PLAY " + url + " RTSP/1.0\r\nCSeq: 1\r\nSession: ", "GET / HTTP/1.1\r\n", "ANNOUNCE " + url + " RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 99999999\r\n\r\n",
	}
	for range 200 {
		c, err := net.Dial("tcp", host(url))
		if err != nil {
			t.Fatal(err)
		}
		noise := make([]byte, random.IntN(20000))
		for i := range noise {
			noise[i] = byte(random.Uint32())
		}
		_, _ = c.Write(append([]byte(starts[random.IntN(len(starts))]), noise...)) // the server may have hung up
		_ = c.Close()
	}
	if _, err := cliptest.Receive(t.Context(), url, 300*time.Millisecond); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	url := serve(t, "clock", nil)
	for request, want := range map[string]string{
		"DESCRIBE rtsp://" + host(url) + "/other RTSP/1.0\r\nCSeq: 1\r\n\r\n":                                           "404",
		"DESCRIBE " + url + " RTSP/1.0\r\nCSeq: 1\r\n\r\n":                                                              "200",
		"SETUP " + url + "/trackID=7 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n":     "400",
		"SETUP " + url + "/trackID=0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast;client_port=40000-40001\r\n\r\n": "461",
		"ANNOUNCE " + url + " RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 0\r\n\r\n":                                         "501",
		"PLAY " + url + " RTSP/1.0\r\nCSeq: 1\r\nSession: 123\r\n\r\n":                                                  "454",
	} {
		c, err := net.Dial("tcp", host(url))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 200)
		n, err := c.Read(buf)
		_ = c.Close()
		if err != nil || !strings.HasPrefix(string(buf[:n]), "RTSP/1.0 "+want) {
			t.Errorf("%.30s: %v, %.40q; want %s", request, err, buf[:n], want)
		}
	}
}

func TestConnectionsBeyondTheLimitAreClosed(t *testing.T) {
	t.Parallel()
	url := serve(t, "clock", nil)
	closed := 0
	for i := range 80 {
		c, err := net.Dial("tcp", host(url))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := fmt.Fprintf(c, "OPTIONS %s RTSP/1.0\r\nCSeq: 1\r\n\r\n", url); err != nil {
			continue
		}
		if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := c.Read(make([]byte, 100))
		switch {
		case n == 0 && !errors.Is(err, context.DeadlineExceeded):
			closed++
		case i >= 64:
			t.Errorf("connection %d was served", i)
		}
	}
	if closed != 80-64 {
		t.Errorf("%d connections were closed, want %d", closed, 80-64)
	}
}

func TestAReaderThatDoesNotReadLosesItsConnectionAndOthersMissNothing(t *testing.T) {
	t.Parallel()
	epoch := material.Epoch(t, "clock", 1, 240*time.Second)
	e, err := rtsp.New(config("127.0.0.1:0", nil))
	if err != nil {
		t.Fatal(err)
	}
	attached, fed := make(chan struct{}), make(chan struct{})
	url := material.Run(t, e, func(ctx context.Context, feed chan<- egress.Item) {
		defer close(fed)
		begin := epoch
		begin.Groups = epoch.Groups[:1]
		material.Play(ctx, feed, begin)
		<-attached
		tick := time.NewTicker(500 * time.Microsecond) // sixty times the speed: 30 MB in all, more than buffers and queue hold
		defer tick.Stop()
		for _, g := range epoch.Groups[1:] {
			select {
			case feed <- egress.Media{Group: g}:
			case <-ctx.Done():
				return
			}
			<-tick.C
		}
	})[0]
	stuck, err := stick(t, url)
	if err != nil {
		t.Fatal(err)
	}
	other := make(chan error, 1)
	go func() { other <- drain(t, url, fed) }()
	close(attached)
	if err := <-other; err != nil {
		t.Errorf("a reader that reads: %v", err)
	}
	if err := stuck.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, stuck); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the reader that did not read still has its connection after %d bytes", n)
	}
}

// drain reads until enough is closed, and says whether the connection stood until then.
func drain(t *testing.T, url string, enough <-chan struct{}) error {
	c, err := stick(t, url)
	if err != nil {
		return err
	}
	gone := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, c)
		gone <- err
	}()
	select {
	case err := <-gone:
		return fmt.Errorf("connection lost: %w", err)
	case <-enough:
		return nil
	}
}
