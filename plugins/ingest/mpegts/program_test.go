package mpegts

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	tscodecs "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
)

// entry is one stream of a table.
func entry(kind byte, pid uint16, descriptors ...byte) []byte {
	e := binary.BigEndian.AppendUint16([]byte{kind}, 0xe000|pid)
	return append(binary.BigEndian.AppendUint16(e, 0xf000|uint16(len(descriptors))), descriptors...)
}

// followed is what a program makes of tables with these streams.
func followed(entries ...[]byte) *program {
	g := &program{}
	list := append([]byte{0xff, 0xff, 0xf0, 0}, bytes.Join(entries, nil)...)
	for _, p := range append(table(pidDirectory, idDirectory, 1, []byte{0, 5, 0xf0, 0}), table(0x1000, idTracks, 5, list)...) {
		g.follow(p)
	}
	return g
}

func TestTablesAreFollowed(t *testing.T) {
	directory := func(entries ...byte) []*packet { return table(pidDirectory, idDirectory, 1, entries) }
	tracks := func(pid, number uint16, entries ...[]byte) []*packet {
		return table(pid, idTracks, number, append([]byte{0xff, 0xff, 0xf0, 0}, bytes.Join(entries, nil)...))
	}
	h264, h265, cue := entry(0x1b, 256), entry(0x24, 256), entry(0x86, 500)
	var many [][]byte
	for n := range uint16(60) { // a table of several packets
		many = append(many, entry(0x0f, 256+n, 0x0a, 4, 'd', 'e', 'u', 0))
	}
	for name, c := range map[string]struct {
		packets [][]*packet
		streams int
		changes int
	}{ // order-free: subtests do not touch one another
		"one program":                       {[][]*packet{directory(0, 1, 0xf0, 0), tracks(0x1000, 1, h264)}, 1, 0},
		"the table before the directory":    {[][]*packet{tracks(0x1000, 1, h264), directory(0, 1, 0xf0, 0)}, 0, 0},
		"the network's table is no program": {[][]*packet{directory(0, 0, 0xe0, 0x10, 0, 1, 0xf0, 0), tracks(0x1000, 1, h264)}, 1, 0},
		"the second program is not read":    {[][]*packet{directory(0, 1, 0xf0, 0, 0, 2, 0xf0, 1), tracks(0x1001, 2, h264)}, 0, 0},
		"many streams":                      {[][]*packet{directory(0, 1, 0xf0, 0), tracks(0x1000, 1, many...)}, 60, 0},
		"the same again":                    {[][]*packet{directory(0, 1, 0xf0, 0), tracks(0x1000, 1, h264), tracks(0x1000, 1, h264)}, 1, 0},
		"another codec":                     {[][]*packet{directory(0, 1, 0xf0, 0), tracks(0x1000, 1, h264), tracks(0x1000, 1, h265)}, 1, 1},
		"a cue more":                        {[][]*packet{directory(0, 1, 0xf0, 0), tracks(0x1000, 1, h264), tracks(0x1000, 1, h264, cue)}, 2, 0},
		"the program moves":                 {[][]*packet{directory(0, 1, 0xf0, 0), tracks(0x1000, 1, h264), directory(0, 1, 0xf0, 9), tracks(0x1009, 1, h265)}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			g, changes := &program{}, 0
			for _, section := range c.packets {
				for _, p := range section {
					if _, changed := g.follow(p); changed {
						changes++
					}
				}
			}
			if len(g.streams) != c.streams || changes != c.changes {
				t.Errorf("%d streams after %d changes, want %d after %d", len(g.streams), changes, c.streams, c.changes)
			}
		})
	}
}

func TestStreamsAreNamed(t *testing.T) {
	opus := func(channels byte) []byte {
		return entry(0x06, 300, 0x05, 4, 'O', 'p', 'u', 's', 0x7f, 2, 0x80, channels)
	}
	for want, e := range map[string][]byte{ // order-free: each is read alone
		"track 1 (video, PID 256) H.264": entry(0x1b, 256),
		"track 1 (audio, PID 300) Opus":  opus(2),
		"track 1 (audio, PID 300) Opus of channel configuration 6 (1 and 2 are carried)": opus(6),
		"track 1 (audio, PID 300) AC-3":                                                    entry(0x06, 300, 0x6a, 1, 0),
		"track 1 (audio, PID 300) MPEG-4 audio in LATM":                                    entry(0x11, 300),
		"track 1 (data, PID 300) ":                                                         entry(0x06, 300, 0x59, 0),
		"track 1 (audio, PID 300) Opus of channel configuration 255 (1 and 2 are carried)": opus(255),
	} {
		k := followed(e).streams[0]
		if got := k.String() + " " + k.codec; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// timed plays a recording at once, by a clock that reads it: each packet comes when it is due, or several times as late.
func timed(t *testing.T, b *mpegtstest.Broadcast, clip string, slow int) (s *session, r *mpegtstest.Recorder, log *bytes.Buffer) {
	t.Helper()
	now := time.Now()
	var recording bytes.Buffer
	var times []time.Duration // at which each packet is due
	b.At = func(at time.Duration) error {
		for len(times)*packetSize < recording.Len() {
			times = append(times, at)
		}
		return nil
	}
	if err := b.Play(&recording, clip); err != nil {
		t.Fatal(err)
	}
	log, r = &bytes.Buffer{}, mpegtstest.NewRecorder()
	s = &session{
		stream: Stream{Name: "test", Timeout: time.Minute, Log: slog.New(slog.NewTextHandler(log, nil))},
		sink:   r, filter: newFilter(newFramer(&recording)),
	}
	s.filter.now = func() time.Time {
		return now.Add(time.Duration(slow) * times[min(int(s.filter.framer.read/packetSize), len(times)-1)])
	}
	return s, r, log
}

func TestATrackThatSaysNothingIsLeftOut(t *testing.T) {
	mute := &tscodecs.MPEG4Audio{Config: mpeg4audio.AudioSpecificConfig{Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelConfig: 2}}
	b := &mpegtstest.Broadcast{Silent: []mpegtstest.Track{{Codec: mute}}, Length: 8 * time.Second}
	s, r, log := timed(t, b, "h264-opus", 1)
	if err := s.program(); !errors.Is(err, ingest.ErrSource) {
		t.Errorf("program returned %v", err)
	}
	if n := strings.Count(log.String(), "a track is left out: it is announced, but nothing comes of it"); n != 1 {
		t.Errorf("the log says:\n%s", log)
	}
	epochs := r.Epochs()
	if len(epochs) != 1 {
		t.Fatalf("%d epochs", len(epochs))
	}
	epochs[0].Same(t, "h264-opus")
	if _, _, tracks := epochs[0].Samples(t); len(tracks[0]) < 8*30-2 {
		t.Errorf("%d pictures of 240: those that came meanwhile are missing", len(tracks[0]))
	}
}

// TestAKeyFrameThatDoesNotComeIsGivenUp has a clip with one key frame, at 80 s for its 8, and loses a packet.
func TestAKeyFrameThatDoesNotComeIsGivenUp(t *testing.T) {
	s, r, log := timed(t, &mpegtstest.Broadcast{Length: 8 * time.Second}, "h264-long-gop-aac", 10)
	src, n := s.filter.framer.src, 0
	s.filter.framer = newFramer(readerFunc(func(b []byte) (int, error) {
		if n++; n == 200 {
			if _, err := io.ReadFull(src, b[:packetSize]); err != nil {
				return 0, err
			}
			s.filter.framer.read += packetSize // the clock goes on
		}
		return src.Read(b[:packetSize])
	}))
	err := s.program()
	if !errors.Is(err, ingest.ErrSource) || !strings.Contains(err.Error(), "no picture at which decoding can begin came in 1m0s") {
		t.Errorf("program returned %v", err)
	}
	if epochs := r.Epochs(); len(epochs) != 1 || !strings.Contains(log.String(), "packets are missing") {
		t.Errorf("%d epochs, and the log says:\n%s", len(epochs), log)
	}
}

// readerFunc is an io.Reader.
type readerFunc func(b []byte) (int, error)

// Read implements io.Reader.
func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// FuzzTables: whatever a table says, with a right checksum, is followed, or left.
func FuzzTables(f *testing.F) {
	f.Add([]byte{0, 1, 0xf0, 0}, append([]byte{0xff, 0xff, 0xf0, 0}, entry(0x1b, 256)...))
	f.Add([]byte{0, 0, 0xe0, 0x10, 0, 1, 0xf0, 0}, append([]byte{0xff, 0xff, 0xf0, 2, 5, 0}, entry(0x06, 300, 0x7f, 2, 0x80, 2)...))
	f.Fuzz(func(t *testing.T, directory, list []byte) {
		if len(directory) > 1000 || len(list) > 4000 {
			return
		}
		g := &program{}
		for range 2 {
			for _, p := range table(pidDirectory, idDirectory, 1, directory) {
				g.follow(p)
			}
			for _, p := range table(g.pid, idTracks, g.number, list) {
				if _, changed := g.follow(p); changed {
					t.Error("the same table is another one")
				}
			}
		}
		again := &program{number: g.number, pid: g.pid} // what the demuxer is told of is what was said
		for _, p := range g.tables(g.streams) {
			again.follow(p)
		}
		if g.number != 0 && g.streams != nil && !same(g.streams, again.streams) {
			t.Errorf("%v came back as %v", g.streams, again.streams)
		}
	})
}
