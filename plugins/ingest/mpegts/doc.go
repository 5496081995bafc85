// Package mpegts reads an MPEG-TS that is sent to us: over UDP, through a Unix socket or through a pipe.
//
//	udp, unix, pipe --framer--> packets --program--> tables of the tracks that are carried
//	                               |                    |
//	                               '------filter--------'--> mediacommon's reader --> units --cmaf.Packager--> groups --> sink
//
// The filter (filter.go) sees to it that the demuxer gets whole units of carried tracks alone, so that nothing that is
// damaged passes for good, and nothing that does not end is kept. Package srt reads through [Read] too.
//
// Source (Config.Source) is one of
//
//	udp://127.0.0.1:5000                            unicast; without a host it listens on 127.0.0.1. Name 0.0.0.0 or [::] to hear
//	                                                other machines: whoever can send there can be the stream
//	udp://0.0.0.0:5000?source=192.0.2.7             of one sender alone, by its address
//	udp://239.1.2.3:5000?interface=eth0&source=IP   multicast; interface is where it is joined, source makes it source-specific
//	unix:///run/feed.sock                           a Unix socket that we listen on. It is removed at the end; one that is left
//	                                                over from a crash is replaced, one that somebody listens on is an error
//	pipe:///run/feed.pipe                           a named pipe (mkfifo), or a device that gives MPEG-TS
//	-                                               standard input, and only with isolation: inline. A plugin that runs as a
//	                                                process has a standard input that is the host's, on which nothing comes
//
// All but standard input work inline and as a process alike. One sender at a time: over UDP another is heard once the first
// has been silent for a second (a restarted encoder sends from another port), on a socket it is refused.
//
// Parameters (Config.Params), all optional:
//
//	timeout             without a byte, after which the source counts as gone, at the start too; default 10s, 1s to 5m
//	unsupportedTracks   refuse (default): one track that cannot be carried fails the whole source; drop: carry the others
//
// Carried are H.264, H.265, MPEG-4 audio in ADTS and Opus of one or two channels; of several programs the first that the
// stream's directory lists, and of that one the first track of video and all of audio.
//
// What becomes of trouble:
//
//	packets are lost        their unit is left out. Pictures are, until the next key frame; that is said, at most every 10 s. 16
//	                        lost packets of a track in a row look like none: the counter has four bits
//	no key frame comes      for a minute, at the start or after a loss: ErrSource
//	time wraps (33 bits)    nothing
//	time jumps              back by more than 0.25 s, or ahead by more than 10 s (0.5 s where the stream announces it): a new
//	                        epoch at the next key frame. A shorter hole stays one. The clock of the stream (PCR) is not used:
//	                        units are handed on as they come, in the sender's time
//	tracks come, go, change a new epoch: by the tables, by the parameter sets of video, by the frames of MPEG-4 audio
//	a track says nothing    it is left out, after 5 s, until the tracks change
//
// MPEG-TS has no wall clock, so that nothing tells when media was captured: there is no [ingest.Measurer] here. A picture that
// does not name its length is complete when the next one begins, one frame later.
//
// Everything runs on the goroutine of Run. A sink that blocks blocks the reading: then the system's buffer holds what
// comes, and UDP loses what is more.
package mpegts
