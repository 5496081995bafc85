package pipe

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// TokenSize is the number of bytes of a token.
const TokenSize = 32

// admitted is what the host answers to a good token.
const admitted = 1

const (
	tokenPatience = 2 * time.Second // for a connection to say its token
	strangersMost = 16              // connections that have not said it yet
	maxPath       = 100             // bytes of a socket's path that every platform takes
)

// Listener takes the data channels of one process.
type Listener struct {
	path   string
	ln     net.Listener
	pid    func() int
	wg     sync.WaitGroup
	places chan struct{} // one token for each connection that has not said its token yet

	mu     sync.Mutex
	offers []*Offer
	closed bool
	taken  int // connections handed over
}

// Admitted is how many connections have said a good token so far.
func (l *Listener) Admitted() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.taken
}

// Offer is a data channel that was offered to one instance.
type Offer struct {
	Path  string
	Token []byte

	l    *Listener
	conn chan net.Conn // holds one
}

// Listen listens in folder, which must be for this user alone. pid tells which process may connect, 0 for any of this
// user; it is asked where the platform tells who connects.
func Listen(folder string, pid func() int) (*Listener, error) {
	path := filepath.Join(folder, "data")
	if len(path) > maxPath {
		return nil, fmt.Errorf("data channel: the path %s is longer than %d bytes", path, maxPath)
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("data channel: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		ln.Close()
		return nil, fmt.Errorf("data channel: %w", err)
	}
	l := &Listener{path: path, ln: ln, pid: pid, places: make(chan struct{}, strangersMost)}
	l.wg.Go(l.accept)
	return l, nil
}

// Offer makes a token.
func (l *Listener) Offer() *Offer {
	o := &Offer{Path: l.path, Token: make([]byte, TokenSize), l: l, conn: make(chan net.Conn, 1)}
	rand.Read(o.Token)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.offers = append(l.offers, o)
	return o
}

// Wait gives the connection that said the token. Errors: ctx's.
func (o *Offer) Wait(ctx context.Context) (net.Conn, error) {
	select {
	case c := <-o.conn:
		return c, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Withdraw makes the token worthless. A connection that nobody waited for is closed.
func (o *Offer) Withdraw() {
	o.l.take(func(p *Offer) bool { return p == o })
	select {
	case c := <-o.conn:
		c.Close()
	default:
	}
}

// Close refuses what comes from now on, and returns when all that Listen started has ended. Connections handed over
// stay open.
func (l *Listener) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.ln.Close()
	l.wg.Wait()
}

func (l *Listener) accept() {
	for {
		c, err := l.ln.Accept()
		if err != nil {
			l.mu.Lock()
			closed := l.closed
			l.mu.Unlock()
			if closed {
				return
			}
			<-time.After(10 * time.Millisecond) // out of descriptors: the next one may do better
			continue
		}
		select {
		case l.places <- struct{}{}:
			l.wg.Go(func() {
				defer func() { <-l.places }()
				l.admit(c)
			})
		default:
			c.Close()
		}
	}
}

// admit hands a connection over to the offer whose token it says.
func (l *Listener) admit(c net.Conn) {
	if err := checkPeer(c, l.pid()); err != nil {
		c.Close()
		return
	}
	var token [TokenSize]byte
	c.SetReadDeadline(time.Now().Add(tokenPatience))
	if _, err := io.ReadFull(c, token[:]); err != nil {
		c.Close()
		return
	}
	c.SetReadDeadline(time.Time{})
	o := l.take(func(p *Offer) bool { return subtle.ConstantTimeCompare(p.Token, token[:]) == 1 })
	if o == nil {
		c.Close()
		return
	}
	widen(c)
	l.mu.Lock()
	l.taken++
	l.mu.Unlock()
	o.conn <- c
	_, _ = c.Write([]byte{admitted}) // when it fails, the one who waits for the connection finds out
}

// take removes the first offer that is the one, nil when there is none.
func (l *Listener) take(is func(*Offer) bool) *Offer {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, o := range l.offers {
		if is(o) {
			l.offers = append(l.offers[:i], l.offers[i+1:]...)
			return o
		}
	}
	return nil
}

// Dial connects to a data channel, at the plugin's end. Errors: ErrToken, or why it could not connect; the instance then
// does without.
func Dial(path string, token []byte) (net.Conn, error) {
	c, err := net.DialTimeout("unix", path, tokenPatience)
	if err != nil {
		return nil, fmt.Errorf("data channel: %w", err)
	}
	widen(c)
	var answer [1]byte
	c.SetDeadline(time.Now().Add(tokenPatience))
	if _, err = c.Write(token); err == nil {
		_, err = io.ReadFull(c, answer[:])
	}
	if err == nil && answer[0] != admitted {
		err = ErrToken
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("data channel: %w", err)
	}
	c.SetDeadline(time.Time{})
	return c, nil
}

// socketBuffer is what is asked of the kernel; it may give less.
const socketBuffer = 512 << 10

func widen(c net.Conn) {
	if u, ok := c.(*net.UnixConn); ok {
		_ = u.SetReadBuffer(socketBuffer)  // a hint
		_ = u.SetWriteBuffer(socketBuffer) // a hint
	}
}
