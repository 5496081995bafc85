package quic

import "testing"

func TestFramesThatComeWhileALinkIsReportedAreHeldAndNotLost(t *testing.T) {
	var e early
	for i := range maxEarly + 5 {
		if !e.hold([]byte{byte(i)}) {
			t.Fatalf("frame %d was not held", i)
		}
	}
	frames := e.end()
	if len(frames) != maxEarly || frames[0][0] != 0 || frames[maxEarly-1][0] != maxEarly-1 {
		t.Errorf("%d frames were held; want the first %d", len(frames), maxEarly)
	}
	if e.hold([]byte{1}) || len(e.end()) != 0 {
		t.Error("a frame was held after the link was reported")
	}
}
