package cmaf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"

	"github.com/shoal-live/shoal/core/chunk"
)

// randomRuns are one to three runs of one to nine samples, of different tracks.
func randomRuns(r *rand.Rand) []run {
	runs := make([]run, 1+r.IntN(3))
	for i := range runs {
		runs[i] = run{track: uint32(i + 1), base: r.Uint64N(1 << 50)}
		for range 1 + r.IntN(9) {
			payload := make([]byte, 1+r.IntN(400))
			for k := range payload {
				payload[k] = byte(r.Uint32())
			}
			runs[i].samples = append(runs[i].samples, sample{
				duration: r.Uint32N(10000), composition: int32(r.IntN(20000) - 3000), sync: r.IntN(2) == 0, payload: payload,
			})
		}
	}
	return runs
}

func TestFragmentComesBackFromItsBytes(t *testing.T) {
	u := NewUnpackager(testInit(t))
	for seed := range uint64(200) {
		runs := randomRuns(rand.New(rand.NewPCG(seed, 1)))
		b := marshalFragment(7, runs)
		samples, err := u.Parse(nil, b)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		checkRuns(t, samples, runs)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// checkRuns compares each track of samples with its run.
func checkRuns(t *testing.T, samples []Sample, runs []run) {
	t.Helper()
	for i, r := range runs {
		dts, n := int64(r.base), 0
		for _, s := range samples {
			if s.Track != i {
				continue
			}
			want := r.samples[n]
			if s.DTS != dts || s.PTS != dts+int64(want.composition) || s.Duration != int64(want.duration) ||
				s.RandomAccess != want.sync || !bytes.Equal(s.Payload, want.payload) {
				t.Fatalf("track %d, sample %d came back as %+v", i, n, s)
			}
			dts += int64(want.duration)
			n++
		}
		if n != len(r.samples) {
			t.Errorf("track %d has %d samples, want %d", i, n, len(r.samples))
		}
	}
}

func TestFragmentReadsAsAnotherReaderReadsIt(t *testing.T) {
	runs := randomRuns(rand.New(rand.NewPCG(3, 3)))
	var parts fmp4.Parts
	if err := parts.Unmarshal(marshalFragment(9, runs)); err != nil {
		t.Fatal(err)
	}
	if len(parts) != 1 || parts[0].SequenceNumber != 9 || len(parts[0].Tracks) != len(runs) {
		t.Fatalf("read as %+v", parts)
	}
	for i, k := range parts[0].Tracks {
		if k.BaseTime != runs[i].base || len(k.Samples) != len(runs[i].samples) {
			t.Fatalf("track %d read as %+v", i, k)
		}
		for j, s := range k.Samples {
			w := runs[i].samples[j]
			if s.Duration != w.duration || s.PTSOffset != w.composition || s.IsNonSyncSample == w.sync || !bytes.Equal(s.Payload, w.payload) {
				t.Errorf("track %d, sample %d read as %+v", i, j, s)
			}
		}
	}
}

func TestUnpackagerReadsWhatAnotherWriterWrote(t *testing.T) {
	runs := randomRuns(rand.New(rand.NewPCG(4, 4)))
	part := fmp4.Part{SequenceNumber: 1}
	for _, r := range runs {
		k := &fmp4.PartTrack{ID: int(r.track), BaseTime: r.base}
		for _, s := range r.samples {
			k.Samples = append(k.Samples, &fmp4.Sample{
				Duration: s.duration, PTSOffset: s.composition, IsNonSyncSample: !s.sync, Payload: s.payload,
			})
		}
		part.Tracks = append(part.Tracks, k)
	}
	var b seekablebuffer.Buffer
	if err := part.Marshal(&b); err != nil {
		t.Fatal(err)
	}
	samples, err := NewUnpackager(testInit(t)).Parse(nil, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	checkRuns(t, samples, runs)
}

func TestParseRefuses(t *testing.T) {
	good := marshalFragment(1, []run{{track: 1, samples: []sample{{duration: 3000, sync: true, payload: []byte("abcd")}}}})
	edit := func(name string, at int, v uint32) []byte {
		b := bytes.Clone(good)
		binary.BigEndian.PutUint32(b[bytes.Index(b, []byte(name))+at:], v)
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{ // order-free: subtests do not touch one another
		"nothing":                        {nil, chunk.ErrFormat},
		"a fragment cut short":           {good[:len(good)-1], chunk.ErrFormat},
		"no mdat":                        {good[:bytes.Index(good, []byte("mdat"))-4], chunk.ErrFormat},
		"a track that is not there":      {edit("tfhd", 8, 77), chunk.ErrFormat},
		"a decoding time out of range":   {edit("tfdt", 8, 0xffffffff), chunk.ErrFormat},
		"a sample past the end":          {edit("trun", 20, 4000), chunk.ErrFormat},
		"data before the fragment":       {edit("trun", 12, 0xffffff00), chunk.ErrFormat},
		"more samples than are there":    {edit("trun", 8, 3), chunk.ErrFormat},
		"four billion samples":           {edit("trun", 8, 0xffffffff), chunk.ErrLimit},
		"absolute addressing of samples": {edit("tfhd", 4, tfhdBaseOffset), chunk.ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			kept := []Sample{{PTS: 5}}
			got, err := NewUnpackager(testInit(t)).Parse(kept, c.b)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if len(got) != 1 || got[0].PTS != 5 {
				t.Errorf("the caller's samples are %v after an error", got)
			}
		})
	}
}

// hostile is a fragment of many runs whose samples leave every field to the defaults and share one byte.
func hostile() []byte {
	traf := boxHeader(nil, 8+24+20+20*1000, "traf")
	traf = fullBox(boxHeader(traf, 24, "tfhd"), 0, tfhdDuration|tfhdSize)
	traf = binary.BigEndian.AppendUint32(traf, 1)
	traf = binary.BigEndian.AppendUint32(traf, 1)
	traf = binary.BigEndian.AppendUint32(traf, 1)
	traf = fullBox(boxHeader(traf, 20, "tfdt"), 1, 0)
	traf = binary.BigEndian.AppendUint64(traf, 0)
	for range 1000 {
		traf = fullBox(boxHeader(traf, 20, "trun"), 0, trunDataOffset)
		traf = binary.BigEndian.AppendUint32(traf, 4096)
		traf = binary.BigEndian.AppendUint32(traf, 8)
	}
	return append(append(boxHeader(nil, 8+len(traf), "moof"), traf...), boxHeader(nil, 8, "mdat")...)
}

func TestParseOfHostileRunsStaysSmall(t *testing.T) {
	b := hostile()
	u := NewUnpackager(testInit(t))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := u.Parse(nil, b)
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Error("four million samples in 20 KB were accepted")
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 2<<20 {
		t.Errorf("%d bytes were allocated for a fragment of %d", got, len(b))
	}
}

// The law: whatever the bytes, Parse answers at most MaxSamples that lie within them; and what it accepts from
// marshalFragment comes back (see the tests above).
func FuzzParseFragment(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(marshalFragment(1, randomRuns(rand.New(rand.NewPCG(seed, 2)))))
	}
	f.Add(hostile())
	u := NewUnpackager(testInit(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		samples, err := u.Parse(nil, b)
		if err != nil && len(samples) != 0 {
			t.Error("samples came with an error")
		}
		total := 0
		last := map[int]int64{}
		for i := range samples {
			s := &samples[i]
			total += len(s.Payload)
			if s.DTS < last[s.Track] {
				t.Errorf("decoding time goes back from %d to %d", last[s.Track], s.DTS)
			}
			last[s.Track] = s.DTS
			if units, err := u.Units(s); err == nil && len(units) == 0 {
				t.Error("a sample without units is no error")
			}
		}
		if len(samples) > MaxSamples || total > len(b) {
			t.Errorf("%d samples of %d bytes came out of %d bytes", len(samples), total, len(b))
		}
	})
}

func BenchmarkParseFragment(b *testing.B) {
	fragment := marshalFragment(7, randomRuns(rand.New(rand.NewPCG(1, 1))))
	u := NewUnpackager(testInit(b))
	var samples []Sample
	b.SetBytes(int64(len(fragment)))
	b.ReportAllocs()
	for b.Loop() {
		samples, _ = u.Parse(samples[:0], fragment)
	}
}
