// Package hls serves a stream to players as low-latency HLS, over HTTP, from this machine.
//
//	http://127.0.0.1:9888/<stream>/              a page that plays it
//	http://127.0.0.1:9888/<stream>/index.m3u8    multivariant playlist, one variant
//	http://127.0.0.1:9888/<stream>/live.m3u8     media playlist: blocking reload, partial segments, preload hint
//	http://127.0.0.1:9888/<stream>/<name>.mp4    init segments, segments, parts
//
// The fragments of the stream are the parts: a part is the groups of about 200 ms, a segment the parts from one
// random-access group to the next, and no media is taken apart or put together again. So a player can start before the
// first segment is whole, a stream with one key frame in ten seconds included, and any codec passes that the
// fragments carry.
//
//	groups    [RA][  ][  ][  ][  ][  ][  ][  ]  ...  [RA][  ]
//	parts     [   0          ][   1          ]       [   20
//	segments  [ media sequence number n               ][ n+1
//
// A new epoch, and what follows a gap, begins a segment with a discontinuity; players go on by themselves. After a gap
// media goes on at the next random-access group. Media sequence numbers follow the clock, so that players go on too when
// the process was started again.
//
// The feed is read by one goroutine, which never waits for a player: requests take what they send out of the window under
// a lock, and send without it. All goroutines have ended when Run returns. Bounded: connections (those beyond are
// closed at once), the time that a request may wait or take, the bytes of the window (the oldest segments go).
package hls
