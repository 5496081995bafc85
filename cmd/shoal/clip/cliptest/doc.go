// Package cliptest reads a stream back over RTSP and says whether it is still
// the clip that was published: which tracks, every frame present, sound and
// picture as far apart as in the clip, everything decodable.
//
// It is for tests of whatever stands between a publisher and a reader. It uses
// RTSP over TCP because that keeps access units and clocks as they are:
//
//	rec, err := cliptest.Receive(ctx, url, 3*time.Second)
//	skew, err := rec.Skew(c)         // of sound against picture, by sender reports
//	err = rec.CheckWhole(c)          // nothing missing, nothing twice
//	err = rec.Decode(ctx, t.TempDir())   // ErrNoFFmpeg where there is none
package cliptest
