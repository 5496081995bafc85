package baseline

import (
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"
)

func TestAnAccessUnitIsWholeOnlyWithAllItsPackets(t *testing.T) {
	const other, idr = 1, 5
	type packet struct {
		seq    uint16
		time   uint32
		kind   byte
		marker bool
		want   bool
	}
	for name, packets := range map[string][]packet{
		"one packet each":                    {{1, 10, other, true, true}, {2, 20, other, true, true}},
		"two packets":                        {{1, 10, other, false, false}, {2, 10, other, true, true}},
		"sequence numbers begin again":       {{65535, 10, other, false, false}, {0, 10, other, true, true}},
		"one missing inside":                 {{1, 10, other, false, false}, {3, 10, other, true, false}, {4, 20, other, true, true}},
		"the last missing":                   {{1, 10, other, false, false}, {3, 20, other, true, false}, {4, 30, other, true, true}},
		"one missing, perhaps the beginning": {{1, 10, other, true, true}, {3, 20, other, false, false}, {4, 20, other, true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			a := assembler{meter: &meter{window: &window{}}, timeline: &timeline[uint32]{}, format: &format.H264{}, marked: true}
			for i, p := range packets {
				h := rtp.Header{SequenceNumber: p.seq, Timestamp: p.time, Marker: p.marker}
				if got := a.packet(&rtp.Packet{Header: h, Payload: []byte{p.kind, 0, 0}}, time.Now()); got != p.want {
					t.Errorf("packet %d: complete %v, want %v", i, got, p.want)
				}
			}
			if a.meter.startup != 0 {
				t.Error("started without a key frame")
			}
		})
	}
	a := assembler{meter: &meter{window: &window{}}, timeline: &timeline[uint32]{}, format: &format.H264{}, marked: true}
	a.packet(&rtp.Packet{Header: rtp.Header{Marker: true}, Payload: []byte{idr, 0, 0}}, time.Now())
	if a.meter.startup == 0 {
		t.Error("a key frame does not start")
	}
}

func TestWhatIsDueIsWhatAnyReaderGotInTheWindow(t *testing.T) {
	var l timeline[string]
	at := func(ms int) time.Time { return time.UnixMilli(int64(1_000_000 + ms)) }
	step := func(key string, ms, want int) {
		t.Helper()
		if got := l.complete(key, at(ms)); got != want {
			t.Errorf("%s at %d ms: index %d, want %d", key, ms, got, want)
		}
	}
	step("before", 0, -1)
	l.open(at(10), 5*time.Second)
	step("before", 20, -1) // others had it before
	step("a", 30, 0)
	step("b", 40, 1)
	step("a", 1030, 0)  // in time
	step("b", 1041, -1) // a millisecond too late
	step("c", 4000, 2)
	step("d", 4010, -1) // of the last second, in which others need not get it
	step("c", 4500, 2)
	if l.total() != 3 {
		t.Errorf("%d were due, want 3", l.total())
	}
}
