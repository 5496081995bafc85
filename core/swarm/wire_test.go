package swarm

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// samples has every message at least once, with small and with extreme values.
func samples() []Message {
	status := Status{Uplink: 1 << 20, Spare: 300, Relays: 1<<63 | 5, Open: 1<<33 | 1, Delay: 42, Links: 7, Playing: 1, Hops: Hops{1<<64 - 1, 0, 0x2131}}
	stream := chunk.StreamID{1, 2, 3, 15: 9}
	return []Message{
		&Hello{Version: Version, Stream: stream, Role: Viewer, Epoch: 3, MaxLinks: 32, Status: status},
		&Hello{Version: 2, Stream: stream},
		&status,
		&Status{},
		&Have{Epoch: 3, Window: window(1000, 1001, 1002, 1500), Anchor: 1001},
		&Have{Epoch: maxEpoch, Rendition: 255},
		&Want{Epoch: 1, Numbers: []uint64{500, 3, 4, MaxNumber, 0}},
		&Want{},
		&Cancel{Epoch: 1, Rendition: 2, Numbers: []uint64{9}},
		&Deny{Epoch: 1, Substream: 63, Reason: WouldLoop},
		&Deny{Epoch: 1, Reason: NotHeld, Numbers: []uint64{1, 2, 3}},
		&ChunkFrame{Chunk: sampleChunk()},
		&Subscribe{Substreams: 0x8001, Mode: Eager, From: 12345},
		&Unsubscribe{Substreams: 1<<64 - 1, Reason: PolicyChoice},
		&Peers{},
		&Peers{Candidates: []Candidate{
			{Peer: PeerID{7}, Role: Helper, Addresses: []Address{"quic:192.0.2.7:8890", "webrtc:"}},
			{Peer: PeerID{8}, Role: Viewer},
		}},
		&Ping{Sent: 1<<64 - 1},
		&Pong{Sent: 5, Received: -1 << 63, Replied: 1<<63 - 1, Error: NoClock},
		&Pong{Sent: 5, Received: 1_790_000_000_000_000, Replied: 1_790_000_000_000_150, Error: 900},
		&Receipt{Chunks: 1, Bytes: 2, Duplicate: 3, Delay: 25 * time.Millisecond, Newest: 60_000},
		&DescriptorMessage{Signed: []byte("signed")},
		&Bye{Cause: ByeRewire},
	}
}

func window(numbers ...uint64) chunk.Window {
	var w chunk.Window
	for _, n := range numbers {
		w.Add(n)
	}
	return w
}

func sampleChunk() chunk.Chunk {
	return chunk.Chunk{
		Header: chunk.GroupHeader{
			Epoch: 2, Group: 36_000, First: 450_000, Data: 12, Parity: 2, Size: 12_000,
			Time: time.Hour, Span: 100 * time.Millisecond, Born: 1_790_000_000_000_000, RandomAccess: true,
		},
		Index:   3,
		Proof:   bytes.Repeat([]byte{0xaa}, 64+4*16),
		Payload: bytes.Repeat([]byte{0x55}, 1000),
	}
}

func TestParseReadsWhatAppendWrote(t *testing.T) {
	for _, m := range samples() {
		frame := Append([]byte("before"), 300, m)
		if string(frame[:6]) != "before" {
			t.Fatalf("%v: Append changed what was there", m.Type())
		}
		index, rest, err := SplitIndex(frame[6:])
		if err != nil || index != 300 {
			t.Fatalf("%v: index %d, %v", m.Type(), index, err)
		}
		got, err := Parse(rest)
		if err != nil {
			t.Fatalf("%v: %v", m.Type(), err)
		}
		if have, ok := m.(*Have); ok {
			sameWindow(t, &have.Window, &got.(*Have).Window)
			have.Window = got.(*Have).Window
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%v: got %+v, want %+v", m.Type(), got, m)
		}
		if c, ok := got.(*ChunkFrame); ok && !c.Stamped { // what follows would be its stamp
			rest = AppendStamp(rest[:len(rest):len(rest)], 513)
			if got, err = Parse(rest); err != nil || got.(*ChunkFrame).Stamp != 513 {
				t.Fatalf("%v: stamped: %+v, %v", m.Type(), got, err)
			}
		}
		extended, err := Parse(append(rest[:len(rest):len(rest)], 1, 2, 3))
		if err != nil || !reflect.DeepEqual(extended, got) {
			t.Errorf("%v: an extension changed it: %+v, %v", m.Type(), extended, err)
		}
	}
}

func TestParseRefusesEveryTruncation(t *testing.T) {
	for _, m := range samples() {
		_, rest, err := SplitIndex(Append(nil, 0, m))
		if err != nil {
			t.Fatal(err)
		}
		for n := range rest {
			if _, err := Parse(rest[:n:n]); !errors.Is(err, chunk.ErrFormat) {
				t.Errorf("%v: %d of %d bytes: %v", m.Type(), n, len(rest), err)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	many := make([]uint64, MaxWant+1)
	wide := sampleChunk()
	wide.Proof = make([]byte, MaxProof+1)
	short := sampleChunk()
	short.Payload = nil
	outside := sampleChunk()
	outside.Index = 14
	for name, c := range map[string]struct { // order-free: subtests on their own
		frame []byte
		want  error
	}{
		"more numbers than MaxWant":          {Append(nil, 0, &Want{Numbers: many}), chunk.ErrLimit},
		"a number above MaxNumber":           {Append(nil, 0, &Want{Numbers: []uint64{MaxNumber + 1}}), chunk.ErrLimit},
		"a step above MaxNumber":             {Append(nil, 0, &Want{Numbers: []uint64{1, MaxNumber + 1}}), chunk.ErrLimit},
		"a step below zero":                  {[]byte{0, 4, 0, 0, 2, 1, 3}, chunk.ErrLimit},
		"more candidates than MaxCandidates": {Append(nil, 0, &Peers{Candidates: make([]Candidate, 65)}), chunk.ErrLimit},
		"candidates that are not there":      {[]byte{0, 10, 64, 1}, chunk.ErrFormat},
		"an address above MaxAddress": {Append(nil, 0, &Peers{Candidates: []Candidate{
			{Addresses: []Address{Address(make([]byte, 256))}}}}), chunk.ErrLimit},
		"a proof above MaxProof":           {Append(nil, 0, &ChunkFrame{Chunk: wide}), chunk.ErrLimit},
		"a chunk outside of its group":     {Append(nil, 0, &ChunkFrame{Chunk: outside}), chunk.ErrLimit},
		"a substream above 63":             {Append(nil, 0, &Deny{Substream: 64}), chunk.ErrLimit},
		"a descriptor above MaxDescriptor": {Append(nil, 0, &DescriptorMessage{Signed: make([]byte, chunk.MaxDescriptor+1)}), chunk.ErrLimit},
		"a number coded longer than need":  {[]byte{0, 11, 0x80, 0x00}, chunk.ErrFormat},
		"a number above 64 bits":           {append([]byte{0, 11}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02), chunk.ErrFormat},
		"an unknown flag of a chunk":       {[]byte{0, 7, 0x80, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0}, chunk.ErrFormat},
		"a type that does not exist":       {[]byte{0, 99, 1}, ErrUnknownType},
		"type 0":                           {[]byte{0, 0}, ErrUnknownType},
		"a window that is not aligned":     {[]byte{0, 3, 0, 0, 1, 0}, chunk.ErrFormat},
		"a window with an empty token":     {[]byte{0, 3, 0, 0, 0, 1, 0}, chunk.ErrFormat},
		"a window with an unknown token":   {[]byte{0, 3, 0, 0, 0, 1, 4 | 3, 0}, chunk.ErrFormat},
		"a run where a byte is shorter":    {[]byte{0, 3, 0, 0, 0, 1, 4 | 1}, chunk.ErrFormat},
		"a window with an empty end":       {[]byte{0, 3, 0, 0, 0, 2, 8, 1, 0}, chunk.ErrFormat},
		"a token longer than its window":   {[]byte{0, 3, 0, 0, 0, 1, 8 | 1}, chunk.ErrFormat},
		"a window above MaxWindow":         {[]byte{0, 3, 0, 0, 1, 0x80, 0x10, 0x81, 0x40}, chunk.ErrLimit},
	} {
		t.Run(name, func(t *testing.T) {
			_, rest, err := SplitIndex(c.frame)
			if err != nil {
				t.Fatal(err)
			}
			if m, err := Parse(rest); !errors.Is(err, c.want) || m != nil {
				t.Errorf("%+v, %v; want %v", m, err, c.want)
			}
		})
	}
	if got, err := Parse(Append(nil, 0, &ChunkFrame{Chunk: short})[1:]); err != nil || len(got.(*ChunkFrame).Chunk.Payload) != 0 {
		t.Errorf("a chunk without payload, as the simulator sends it: %v", err)
	}
}

func TestSplitIndexRefuses(t *testing.T) {
	for name, frame := range map[string][]byte{ // order-free: each on its own
		"nothing":            nil,
		"an index alone":     {5},
		"half an index":      {0x80},
		"a longer zero":      {0x80, 0x00, 1},
		"more than 64 bits":  bytes.Repeat([]byte{0xff}, 12),
		"an index, cut type": {0x81, 0x01},
	} {
		if _, _, err := SplitIndex(frame); !errors.Is(err, chunk.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPeekHelloFindsTheStreamOfAnyVersion(t *testing.T) {
	want := chunk.StreamID{4, 5, 6}
	for _, version := range []uint32{1, 2, 1 << 31} {
		frame := Append(nil, 0, &Hello{Version: version, Stream: want})
		if got, ok := PeekHello(frame[1:]); !ok || got != want {
			t.Errorf("version %d: %v, %v", version, got, ok)
		}
		if _, ok := PeekHello(frame[1:10]); ok {
			t.Errorf("version %d: found in a truncated hello", version)
		}
	}
	if _, ok := PeekHello(Append(nil, 0, &Ping{})[1:]); ok {
		t.Error("found in a ping")
	}
	if _, ok := PeekHello(nil); ok {
		t.Error("found in nothing")
	}
}

func TestWindowsKeepTheirHoldings(t *testing.T) {
	seed := uint64(20260801)
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 400 {
		var w chunk.Window
		n := rng.Uint64N(1 << 40)
		for range rng.IntN(40) {
			n += rng.Uint64N(300)
			for range rng.IntN(200) {
				w.Add(n)
				n++
			}
		}
		frame := Append(nil, 1, &Have{Epoch: 1, Window: w})
		got, err := Parse(frame[1:])
		if err != nil {
			t.Fatal(err)
		}
		sameWindow(t, &w, &got.(*Have).Window)
	}
}

func sameWindow(t *testing.T, want, got *chunk.Window) {
	t.Helper()
	if want.Count() != got.Count() || want.End() != got.End() {
		t.Fatalf("window of %d up to %d, want %d up to %d", got.Count(), got.End(), want.Count(), want.End())
	}
	for n := want.Base(); n < want.End(); n++ {
		if want.Has(n) != got.Has(n) {
			t.Fatalf("number %d: held %v, want %v", n, got.Has(n), want.Has(n))
		}
	}
}

func TestHaveOfALiveWindowIsSmall(t *testing.T) {
	var w chunk.Window
	rng := rand.New(rand.NewPCG(7, 7))
	for n := uint64(450_003); n < 450_503; n++ { // 4 s at 125 chunks a second, ragged at the end
		if n < 450_480 || rng.IntN(2) == 0 {
			w.Add(n)
		}
	}
	frame := Append(nil, 1, &Have{Epoch: 1, Window: w})
	if len(frame) > 20 {
		t.Errorf("%d bytes, at most 20", len(frame))
	}
}

func TestChunkHeaderIsExactAndBounded(t *testing.T) {
	c := sampleChunk()
	got := len(AppendChunk(nil, 1, &c, c.Proof)) - len(c.Proof) - len(c.Payload)
	if want := ChunkHeader(1, &c, c.Proof); got != want || got > 34 {
		t.Errorf("header of an hour's stream: %d bytes, ChunkHeader says %d, at most 34", got, want)
	}
	year := 365 * 24 * time.Hour
	c.Header = chunk.GroupHeader{
		Epoch: maxEpoch, Group: 100 * uint64(year/time.Second), First: 1000 * uint64(year/time.Second), Data: 9000,
		Parity: 127, Size: chunk.MaxGroupSize, Time: year, Span: 2 * time.Second, Born: 4_000_000_000_000_000,
	}
	c.Index, c.Payload = 8000, make([]byte, c.Length())
	got = len(AppendChunk(nil, 16383, &c, c.Proof)) - len(c.Proof) - len(c.Payload)
	if want := ChunkHeader(16383, &c, c.Proof); got != want || got > ChunkOverhead {
		t.Errorf("header after a year: %d bytes, ChunkHeader says %d, ChunkOverhead %d", got, want, ChunkOverhead)
	}
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	c := sampleChunk()
	have := &Have{Epoch: 1, Window: window(1, 2, 3, 100)}
	buf := make([]byte, 0, 2048)
	var into ChunkFrame
	var haveInto Have
	for name, f := range map[string]func(){ // order-free: each on its own
		"AppendChunk": func() { buf = AppendChunk(buf[:0], 1, &c, c.Proof) },
		"ParseChunk": func() {
			_, rest, err := SplitIndex(AppendChunk(buf[:0], 1, &c, c.Proof))
			if err != nil || ParseChunk(rest, &into) != nil {
				t.Error("not parsed")
			}
		},
		"ParseHave": func() {
			if ParseHave(Append(buf[:0], 1, have)[1:], &haveInto) != nil {
				t.Error("not parsed")
			}
		},
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
