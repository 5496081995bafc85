// Package publish hands a stream on to another server by publishing it there over RTSP, as a camera or ffmpeg would:
//
//	rtsp://user:pass@127.0.0.1:8554/cam1      ANNOUNCE, SETUP, RECORD, over one TCP connection
//
// It first asks whether the server is there at all, and announces the stream when its first epoch begins:
//
//	asking -> idle -> connecting -> publishing      an epoch with other formats: connecting again
//	                     ^  |           |           the server goes away: waiting, then connecting again
//	                     |  v           |
//	                    waiting <-------+           0.25 s, 0.5 s, ... 5 s, for half a minute; then Run gives up
//
// What the server refuses (a password, a path) is an error at once, and so is a server that was never there: trying again is for
// whoever runs the egress. A server that reads too slowly misses media up to a key picture.
//
// One goroutine reads the feed and never waits; one connects; the client's own goroutines, and these, have ended when
// Run returns.
package publish
