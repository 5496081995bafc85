package bridge

import (
	"crypto/ed25519"
	"fmt"
	"time"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
)

// maxFound is the most sources of one server, and maxDelays the most delays of one message.
const (
	maxFound  = 10000
	maxDelays = 1024
)

func tracksOf(list []chunk.Track) []*pb.Track {
	out := make([]*pb.Track, 0, len(list))
	for _, t := range list {
		out = append(out, &pb.Track{
			Id: t.ID, Kind: pb.TrackKind(t.Kind), Codec: toValid(t.Codec), Timescale: t.Timescale,
			Width: uint32(t.Width), Height: uint32(t.Height), Rate: t.Rate, Channels: uint32(t.Channels),
		})
	}
	return out
}

func tracksFrom(list []*pb.Track) ([]chunk.Track, error) {
	if len(list) > chunk.MaxTracks {
		return nil, fmt.Errorf("%w: %d tracks, at most %d", errWire, len(list), chunk.MaxTracks)
	}
	var out []chunk.Track
	for _, t := range list {
		out = append(out, chunk.Track{
			ID: t.GetId(), Kind: chunk.Kind(t.GetKind()), Codec: cut(t.GetCodec(), 100), Timescale: t.GetTimescale(),
			Width: uint16(t.GetWidth()), Height: uint16(t.GetHeight()), Rate: t.GetRate(), Channels: uint8(t.GetChannels()),
		})
	}
	return out, nil
}

func mediaOf(m *ingest.Media) *pb.TracksEvent {
	return &pb.TracksEvent{Tracks: tracksOf(m.Tracks), Init: m.Init, Bitrate: m.Bitrate, RandomAccess: int64(m.RandomAccess)}
}

func mediaFrom(m *pb.TracksEvent) (ingest.Media, error) {
	tracks, err := tracksFrom(m.GetTracks())
	if err == nil && len(m.GetInit()) > chunk.MaxInit {
		err = fmt.Errorf("%w: init segment of %d bytes, at most %d", errWire, len(m.GetInit()), chunk.MaxInit)
	}
	return ingest.Media{Tracks: tracks, Init: m.GetInit(), Bitrate: m.GetBitrate(), RandomAccess: durationOf(m.GetRandomAccess())}, err
}

// delaysOf is the newest of what an ingest has measured.
func delaysOf(delays []time.Duration) *pb.DelaysEvent {
	m := &pb.DelaysEvent{}
	for _, d := range delays[max(len(delays)-maxDelays, 0):] {
		m.Delays = append(m.Delays, int64(d))
	}
	return m
}

// delaysFrom takes delays below zero as they are: two clocks differ.
func delaysFrom(m *pb.DelaysEvent) ([]time.Duration, error) {
	if len(m.GetDelays()) > maxDelays {
		return nil, fmt.Errorf("%w: %d delays, at most %d", errWire, len(m.GetDelays()), maxDelays)
	}
	out := make([]time.Duration, 0, len(m.GetDelays()))
	for _, d := range m.GetDelays() {
		out = append(out, time.Duration(d))
	}
	return out, nil
}

func descriptorOf(d *chunk.Descriptor) *pb.Descriptor {
	return &pb.Descriptor{
		Name: toValid(d.Name), Publisher: d.Publisher, Epoch: d.Epoch, Substreams: uint32(d.Substreams), ChunkSize: uint32(d.ChunkSize),
		Authentication: toValid(d.Authentication), Bitrate: d.Bitrate, GroupSpan: int64(d.GroupSpan), RandomAccess: int64(d.RandomAccess),
		Parity: uint32(d.Parity), Sealed: toValid(d.Sealed), Tracks: tracksOf(d.Tracks), Init: d.Init,
	}
}

func descriptorFrom(d *pb.Descriptor) (*chunk.Descriptor, error) {
	tracks, err := tracksFrom(d.GetTracks())
	if err != nil {
		return nil, err
	}
	return &chunk.Descriptor{
		Name: d.GetName(), Publisher: ed25519.PublicKey(d.GetPublisher()), Epoch: d.GetEpoch(), Substreams: int(d.GetSubstreams()),
		ChunkSize: int(d.GetChunkSize()), Authentication: d.GetAuthentication(), Bitrate: d.GetBitrate(),
		GroupSpan: durationOf(d.GetGroupSpan()), RandomAccess: durationOf(d.GetRandomAccess()), Parity: int(d.GetParity()),
		Sealed: d.GetSealed(), Tracks: tracks, Init: d.GetInit(),
	}, nil
}

func foundOf(f *ingest.Found) *pb.FoundEvent {
	out := &pb.FoundEvent{Failure: failureOf(f.Err)}
	for _, s := range f.Sources {
		out.Sources = append(out.Sources, &pb.Source{
			Name: toValid(s.Name), Url: toValid(s.URL), Access: pb.Access(s.Access), Reason: toValid(s.Reason),
		})
	}
	return out
}

func foundFrom(m *pb.FoundEvent) (ingest.Found, error) {
	if len(m.GetSources()) > maxFound {
		return ingest.Found{}, fmt.Errorf("%w: %d sources, at most %d", errWire, len(m.GetSources()), maxFound)
	}
	out := ingest.Found{Err: errorOf(m.GetFailure())}
	for _, s := range m.GetSources() {
		out.Sources = append(out.Sources, ingest.Source{
			Name: cut(s.GetName(), chunk.MaxName), URL: cut(s.GetUrl(), 4096), Access: accessFrom(s.GetAccess()), Reason: cut(s.GetReason(), 1024),
		})
	}
	return out, nil
}

// accessFrom takes whatever is not said to be public for restricted.
func accessFrom(a pb.Access) ingest.Access {
	if a == pb.Access_ACCESS_PUBLIC {
		return ingest.Public
	}
	return ingest.Restricted
}
