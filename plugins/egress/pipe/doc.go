// Package pipe writes a stream as fragmented MP4 into a pipe or file, for players that read one: mpv -, ffplay -.
//
//	init segment, fragment, fragment, ...          an epoch
//	init segment, fragment, ...                    the next one, when tracks change
//
// Groups wait in a queue of bounded length for the pipe, so that a player that is paused never holds up the stream.
// When the queue is full, groups are dropped until the next random-access one that finds room; what follows a loss is
// written without its video until video can be decoded again.
//
// One goroutine reads the feed, one writes; both have ended when Run returns.
package pipe
