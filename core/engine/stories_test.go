package engine_test

import (
	"bytes"
	"crypto/ed25519"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/codecs/fec"
	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/swarm"
)

var rewrite = flag.Bool("rewrite", false, "write what the engine does now into testdata")

// TestStories plays testdata/*.txt: one engine, its neighbours and its policy played by the script. A line that begins
// a paragraph in the first column is what happens; the indented lines under it are what the engine does. Lines
// with # are told to the reader. See commands for what may happen.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := newStory(t).play(string(want))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s tells another story (go test ./core/engine -run Stories -rewrite writes it down):\n%s",
					file, difference(string(want), got))
			}
		})
	}
}

// difference shows the first lines that differ.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			from, to := max(i-3, 0), i+4
			return fmt.Sprintf("line %d\nwant:\n%s\ngot:\n%s", i+1,
				strings.Join(w[from:min(to, len(w))], "\n"), strings.Join(g[from:min(to, len(g))], "\n"))
		}
	}
	return "more lines than before:\n" + strings.Join(g[len(w):min(len(g), len(w)+5)], "\n")
}

// story is one engine under test, and the publisher whose chunks it is given.
type story struct {
	t      *testing.T
	engine *engine.Engine
	now    time.Duration
	wake   time.Duration
	out    strings.Builder
	line   int

	key      ed25519.PrivateKey
	desc     *chunk.Descriptor
	author   chunk.Author
	chunks   [][]chunk.Chunk // by group, of the current epoch
	next     uint64
	media    time.Duration
	revision uint64
	quiet    map[string]bool // what is not shown
	mute     map[swarm.LinkID]bool
	far      map[swarm.LinkID]time.Duration // round trips
	pongs    []pong
	code     code
}

// code counts how often it is asked to restore a group.
type code struct {
	*fec.Code
	tried int
}

func (c *code) Restore(h *chunk.GroupHeader, payloads [][]byte) error {
	c.tried++
	return c.Code.Restore(h, payloads)
}

// pong is a neighbour's answer to a ping.
type pong struct {
	link swarm.LinkID
	sent uint64
	at   time.Duration // when it comes
}

func newStory(t *testing.T) *story {
	s := &story{t: t, code: code{Code: fec.New()}, mute: map[swarm.LinkID]bool{}, far: map[swarm.LinkID]time.Duration{}, quiet: map[string]bool{"ping": true, "pong": true, "receipt": true, "status": true, "batch": true}}
	s.key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	s.epoch(epoch{number: 1, substreams: 4})
	return s
}

// epoch says what the publisher does in it.
type epoch struct {
	number             uint32
	substreams, parity int  // percent
	spoils             bool // its parity is not that of its data
}

// epoch begins an epoch of the publisher's.
func (s *story) epoch(is epoch) {
	s.desc = &chunk.Descriptor{
		Name: "cam1", Publisher: s.key.Public().(ed25519.PublicKey), Epoch: is.number, Substreams: is.substreams, Parity: is.parity, ChunkSize: 1000,
		Authentication: "merkle", Bitrate: 400_000, GroupSpan: 100 * ms, RandomAccess: time.Second,
		Tracks: []chunk.Track{{ID: 1, Kind: chunk.Video, Codec: "avc1.64001f", Timescale: 90000, Width: 640, Height: 360}},
		Init:   []byte("init"),
	}
	author, err := sign.NewParityAuthor(s.desc, s.key, func(h *chunk.GroupHeader, payload []byte) ([][]byte, error) {
		parity, err := s.code.Parity(h, payload)
		if is.spoils {
			parity[0][0] ^= 1
		}
		return parity, err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.author, s.chunks, s.next, s.media = author, nil, 0, 0
}

func (s *story) signed() []byte {
	b, err := chunk.Sign(s.desc, s.key)
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// play runs a script and answers it with what the engine did.
func (s *story) play(script string) string {
	for _, line := range strings.Split(strings.TrimRight(script, "\n"), "\n") {
		s.line++
		if strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "    ") {
			continue
		}
		fmt.Fprintln(&s.out, line)
		command, _, _ := strings.Cut(line, "#")
		if words := strings.Fields(command); len(words) > 0 {
			do, ok := commands[words[0]]
			if !ok {
				s.t.Fatalf("line %d: nothing is called %q", s.line, words[0])
			}
			do(s, words[1:])
			if s.engine != nil {
				s.settle()
			}
		}
	}
	return s.out.String()
}

// pass lets time go by until t, with every tick that the engine asks for.
func (s *story) pass(t time.Duration) {
	for next := s.soonest(); next <= t; next = s.soonest() {
		s.now = max(s.now, next)
		s.engine.Tick(s.now)
		s.settle()
	}
	s.now = t
	s.engine.Tick(t)
}

// soonest is when the engine wants to be called, or a pong comes.
func (s *story) soonest() time.Duration {
	at := s.wake
	for _, p := range s.pongs {
		at = min(at, p.at)
	}
	return at
}

func (s *story) settle() {
	r := s.engine.Ready(s.now)
	s.wake = max(r.WakeAt, s.now+1)
	s.show(r)
	s.pongs = slices.DeleteFunc(s.pongs, func(p pong) bool { // neighbours answer at once, unless they are far or mute
		if p.at <= s.now && !s.mute[p.link] {
			s.control(p.link, &swarm.Pong{Sent: p.sent, Error: swarm.NoClock})
		}
		return p.at <= s.now
	})
}

func (s *story) say(format string, args ...any) {
	fmt.Fprintf(&s.out, "    %6.3f  %s\n", s.now.Seconds(), fmt.Sprintf(format, args...))
}

// control gives the engine a message from a neighbour.
func (s *story) control(link swarm.LinkID, m swarm.Message) {
	_, rest, err := swarm.SplitIndex(swarm.Append(nil, 1, m))
	if err != nil {
		s.t.Fatal(err)
	}
	s.engine.Control(s.now, link, rest)
}
