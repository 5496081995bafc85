package swarm

import (
	"reflect"
	"testing"
	"time"
)

func TestMessagesReadsWhatParseReads(t *testing.T) {
	var m Messages
	for range 2 { // the second time into memory that was used
		for _, sent := range []Message{
			&Status{Uplink: 1 << 20, Spare: 9, Relays: 5, Open: 3, Delay: 120, Links: 8, Playing: 1},
			&Want{Epoch: 1, Numbers: []uint64{7, 9, 8}}, &Want{Epoch: 2, Numbers: []uint64{4}}, &Want{Epoch: 3},
			&Cancel{Epoch: 1, Numbers: []uint64{1, 2, 3, 4}},
			&Receipt{Chunks: 3, Bytes: 4000, Duplicate: 1, Delay: 5 * time.Millisecond, Newest: 60_000},
			&Ping{Sent: 77}, &Pong{Sent: 77, Received: 5, Replied: 6, Error: 9},
			&Bye{Cause: ByeFull}, &Subscribe{Substreams: 6, Mode: Eager, From: 3},
		} {
			_, rest, err := SplitIndex(Append(nil, 1, sent))
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Parse(rest)
			if err != nil || !reflect.DeepEqual(got, sent) {
				t.Errorf("%+v was read as %+v, %v", sent, got, err)
			}
			for cut := range rest {
				_, short := m.Parse(rest[:cut])
				if _, want := Parse(rest[:cut]); (short == nil) != (want == nil) || short != nil && short.Error() != want.Error() {
					t.Errorf("%+v cut to %d bytes: %v, want %v", sent, cut, short, want)
				}
			}
		}
	}
}
