package report

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestStreamsHaveTheirSharesOfTheSource(t *testing.T) {
	run := Run{Duration: 10 * time.Second, StreamBytes: 3000, Source: Peer{WireSent: 9000, ChunkSent: 8000}}
	for i, sent := range []uint64{2000, 6000} {
		s := RunStream{Weight: i + 1, StreamBytes: 1000 * uint64(i+1), Source: Peer{ChunkSent: sent}}
		s.Viewers = []Peer{{GroupsDue: 4, GroupsComplete: uint64(2 + i), ChunksDue: 10, ChunksHeld: 9, ChunkSent: 5000, WireSent: 5000}}
		run.Streams = append(run.Streams, s)
	}
	r := Build(&run)
	if len(r.Streams) != 2 {
		t.Fatalf("%d streams, want 2", len(r.Streams))
	}
	s := r.Streams[1]
	if s.Weight != 2 || s.StreamBps != 1600 || s.SourceShare != 0.75 || s.SourceEgressRatio != 3 || s.Continuity.Mean != 0.75 || s.UploadBps != 4000 {
		t.Errorf("the second stream is %+v", s)
	}
	b, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(b), `"source_share":0.25`) || !strings.Contains(string(b), `"chunk_continuity":0.9,`) {
		t.Errorf("%s, %v", b, err)
	}
	run.Streams = nil
	if b, _ := json.Marshal(Build(&run)); strings.Contains(string(b), `"streams"`) {
		t.Errorf("a single stream is reported as one of several: %s", b)
	}
}

func TestMergedStreamsAddUpAndBeginWithTheLast(t *testing.T) {
	a := Peer{Startup: time.Second, Played: true, GroupsDue: 3, Useful: 5, WireSent: 7, ClockError: 2}
	a.Delay.Add(1000)
	b := Peer{Startup: 3 * time.Second, Played: true, GroupsDue: 4, Useful: 6, WireSent: 8, ClockError: 1}
	b.Delay.Add(5000)
	a.Merge(&b)
	if a.Startup != 3*time.Second || !a.Played || a.GroupsDue != 7 || a.Useful != 11 || a.WireSent != 15 || a.ClockError != 2 || a.Delay.Count() != 2 {
		t.Errorf("merged: %+v", a)
	}
	a.Merge(&Peer{})
	if a.Played {
		t.Error("who has never played one of them has played all")
	}
}
