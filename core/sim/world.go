package sim

import (
	"math/rand/v2"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/swarm"
)

const never = time.Duration(1<<63 - 1)

// toldEvery is how often Progress is asked.
const toldEvery = 100 * time.Millisecond

// origin is the wall clock at virtual time 0, in Unix microseconds.
const origin = int64(1_700_000_000_000_000)

// world is one run.
type world struct {
	cfg    *Config
	now    time.Duration
	random *rand.Rand
	agenda agenda
	peers  []*peer                // by index; 0 is the source
	ids    map[swarm.PeerID]int32 // of peers; looked up only
	alive  []int32                // who takes part, in an order that joins and departures make

	key     publisher
	streams []*media // by index
	second  meter
	series  []report.Second
	before  second // totals of the last whole second
	events  uint64

	ahead   time.Duration // length of a window
	lanes   [lanes]*lane
	taken   []taken // events of the window
	touched []*peer // whom they concern, in the order of the first of each
}

// Run simulates cfg and reports what the viewers measured. Errors: ErrConfig; scheduler.ErrParameter of the policy.
// Report.CPUS and MaxRSSBytes are left to the caller, who has a clock.
func Run(cfg Config) (*report.Report, error) {
	w, err := build(cfg)
	if err != nil {
		return nil, err
	}
	if err := w.run(); err != nil {
		return nil, err
	}
	return w.result(), nil
}

// build makes the world of a configuration, with nobody in it but the source.
func build(cfg Config) (*world, error) {
	cfg.Groups = append([]Class(nil), cfg.Groups...)
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	w := &world{cfg: &cfg, random: rand.New(rand.NewPCG(cfg.Seed, 0x5eed))}
	w.ahead = cfg.Network.ahead()
	for i := range w.lanes {
		w.lanes[i] = &lane{world: w}
	}
	w.key.make(cfg.Seed)
	if err := w.describe(); err != nil {
		return nil, err
	}
	w.cast()
	if err := w.alone().publishing(); err != nil {
		return nil, err
	}
	if err := w.collect(); err != nil {
		return nil, err
	}
	for i := range w.streams {
		w.agenda.add(0, happening{what: doGroup, stream: uint8(i)})
	}
	w.agenda.add(time.Second, happening{what: doSecond})
	if cfg.Progress != nil {
		w.agenda.add(toldEvery, happening{what: doProgress})
	}
	for i := range cfg.Faults {
		w.agenda.add(cfg.Faults[i].fault(), happening{what: doFault, other: int32(i)})
	}
	return w, nil
}

// cast makes all peers that will ever be, and sets down when they come and go.
func (w *world) cast() {
	source := newPeer(0, w.cfg.Seed, w.cfg.Source)
	w.peers = append(w.peers, source)
	w.ids = map[swarm.PeerID]int32{source.id: 0}
	for c := range w.cfg.Groups {
		class := &w.cfg.Groups[c]
		for i := range class.Count {
			p := newPeer(int32(len(w.peers)), w.cfg.Seed, class.Uplink)
			p.class = class
			p.join = class.Joins(i).Truncate(time.Millisecond) // see beat
			w.peers = append(w.peers, p)
			w.ids[p.id] = p.index
			w.agenda.add(p.join, happening{what: doJoin, peer: p.index})
			if class.Stay > 0 {
				w.agenda.add(p.join+time.Duration(w.random.ExpFloat64()*float64(class.Stay)), happening{what: doLeave, peer: p.index})
			}
		}
	}
}

// descriptor is that of a stream.
func (w *world) descriptor(m *media) *chunk.Descriptor {
	s := &w.cfg.Stream
	return &chunk.Descriptor{
		Name: m.name, Publisher: w.key.public(), Epoch: m.epoch, Substreams: s.Substreams, ChunkSize: s.ChunkSize,
		Authentication: authentication{}.Name(), Bitrate: m.share.Bitrate, GroupSpan: s.Group, RandomAccess: s.GOP, Parity: s.Parity,
		Tracks: []chunk.Track{{ID: 1, Kind: chunk.Video, Codec: "avc1.64001f", Timescale: 90_000}},
	}
}
