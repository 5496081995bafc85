package mpegts

import (
	"errors"
	"io"
	"time"
)

// Why a filter ends, beside what its source says.
var (
	errChanged = errors.New("the tracks have changed")
	errLate    = errors.New("too late")
	errEnded   = errors.New("the source has ended") // and not io.EOF, which would have the demuxer hand on what it has of a unit
)

// filter is what the demuxer reads: tables of the tracks that are carried, and whole units of these tracks, as far as can be
// told by the packets.
//
//	source --framer--> packets --program--> tables
//	                      |--of a track------------> counter checked --> packet of its own --> demuxer
//	                      '--while a demuxer starts, of tracks that need no start --> held, for afterwards
//
// Where packets of a track are missing, the rest of that unit is left out, and the counter jumps, so that the demuxer drops
// what it has of it. It hands out one packet a call: what it has said of a track is so always true of the unit that the
// demuxer hands on next.
type filter struct {
	framer  *framer
	program program
	tracks  map[uint16]*track
	front   []*packet // to be handed out first
	again   *packet   // to be taken again first: it showed that a track has changed
	held    []packet  // at most maxHeld
	at      int       // of held, handed out
	opening bool      // a demuxer starts
	late    time.Time // when errLate is due; zero for never
	pid     uint16    // of the packet handed out last
	breaks  int       // units of the lead, from the next one on, that may follow a break in time; counted down by the reader
	now     func() time.Time
	begun   time.Time // when the source was opened
	carried uint64    // bytes of tracks since
}

// maxHeld bounds what is held while a demuxer starts, in packets. When it is full, all of it is dropped: the picture begins at
// a later key frame.
const maxHeld = 16 << 20 / packetSize

func newFilter(f *framer) *filter { return &filter{framer: f, now: time.Now, begun: time.Now()} }

// bitrate is the mean of the tracks that are carried, in bits per second; 0 before a second has been seen.
func (f *filter) bitrate() uint64 {
	passed := f.now().Sub(f.begun)
	if passed < time.Second {
		return 0
	}
	return uint64(float64(f.carried) * 8 / passed.Seconds())
}

// step takes one packet of the source. known tells that nothing is left to do with it: it was of a table, too damaged to be
// of anything, or has not come yet.
func (f *filter) step() (p packet, known bool, err error) {
	if !f.late.IsZero() && f.now().After(f.late) {
		return p, true, errLate
	}
	p, ok, err := f.framer.next()
	switch {
	case errors.Is(err, io.EOF):
		return p, true, errEnded
	case err != nil || !ok || p.damaged(): // the counter will show that one is missing
		return p, true, err
	}
	known, changed := f.program.follow(&p)
	if changed {
		err = errChanged
	}
	return p, known, err
}

// next is the next packet of the source that is of no table.
func (f *filter) next() (packet, error) {
	for {
		if p, known, err := f.step(); !known || err != nil {
			return p, err
		}
	}
}

// await reads until the program is known, and not a packet further.
func (f *filter) await() error {
	for f.program.streams == nil {
		if _, _, err := f.step(); err != nil {
			return err
		}
	}
	return nil
}

// open prepares for a demuxer that starts with these streams. It reads its tables and units of those that start after a
// frame; what comes of the others meanwhile is held.
func (f *filter) open(streams []stream) {
	f.tracks = make(map[uint16]*track, len(streams))
	for _, k := range streams {
		f.tracks[k.pid] = &track{stream: k}
	}
	f.front, f.opening = f.program.tables(streams), true
}

// opened ends the start: what was held comes next.
func (f *filter) opened() { f.opening = false }

// Read hands out one packet. It is for a demuxer, whose buffer has room for it.
func (f *filter) Read(b []byte) (int, error) {
	for len(f.front) == 0 {
		p, err := f.take()
		if err != nil {
			return 0, err
		}
		k := f.tracks[p.pid()]
		if k == nil {
			continue
		}
		if f.opening && k.carry != afterFrame {
			f.hold(p)
			continue
		}
		if p.jumps() {
			f.breaks = 2 // the unit before may not have been handed on yet
		}
		f.carried += uint64(len(p.payload()))
		if k.carry == afterFrame && k.differs(&p) {
			f.again = &p
			return 0, errChanged
		}
		f.front = k.pass(&p)
	}
	p := f.front[0]
	f.front = f.front[1:]
	f.pid = p.pid()
	return copy(b, p[:]), nil
}

// take is the next packet, held ones first.
func (f *filter) take() (packet, error) {
	switch {
	case f.again != nil:
		p := *f.again
		f.again = nil
		return p, nil
	case f.opening:
		return f.next()
	case f.at == len(f.held):
		f.held, f.at = nil, 0
		return f.next()
	}
	f.at++
	return f.held[f.at-1], nil
}

func (f *filter) hold(p packet) {
	if len(f.held) >= maxHeld {
		f.held, f.at = f.held[:0], 0
	}
	f.held = append(f.held, p)
}

// lost tells, once, that something of the track is missing before the unit that the demuxer hands on next.
func (f *filter) lost(pid uint16) bool {
	k := f.tracks[pid]
	lost := k.lost
	k.lost = false
	return lost
}

// silent are the streams that a demuxer waits for, and of which nothing has come.
func (f *filter) silent() (pids []uint16) {
	for pid, k := range f.tracks { // order-free: a set
		if k.carry == afterFrame && !k.seen {
			pids = append(pids, pid)
		}
	}
	return pids
}

// scrambled says so, for an error, when a track is.
func (f *filter) scrambled() string {
	for _, k := range f.tracks { // order-free: any one will do
		if k.scrambled {
			return " (it is scrambled)"
		}
	}
	return " (set a key frame interval in the encoder)"
}
