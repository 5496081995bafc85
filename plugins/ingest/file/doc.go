// Package file plays an MP4 file as if it were live: in a loop, at the pace of its own timestamps.
//
//	file --mp4.Read-----> tracks: codec, edit list
//	     --mp4.Samples--> samples, one after another
//	     --reader-------> units, each when it is due --cmaf.Packager--> groups --> sink
//
// Progressive files (an index in moov) and fragmented ones (a moof before each run of samples) are read, and those that
// begin as one and go on as the other. Nothing is kept of a file but a page of each of its tables, or the samples of one fragment a
// track, so that an hour costs as much memory as a minute. Before it plays, the whole index is walked once: what a
// damaged file lacks is known at the start and not an hour later.
//
// The loops lie end to end on one timeline, with no new epoch between them:
//
//	media time    0 ------ D ------ 2D ------ 3D ...      (D: see below)
//	due           start + media time of decoding
//
// A unit is waited for until it is due, by the distance from the start and never by a sum of durations, so that nothing adds
// up over hours. A reader that was held up for more than a second (a sink that blocks, a machine that stalls) moves
// its start by what it lost, and sends nothing in a burst.
//
// D is the end of the longest track. Where that is the sound, and it ends within 250 ms of the picture, D is the end of the
// picture: encoders pad sound, and the picture would falter at each seam. Frames of sound that begin after D are left out.
//
// Of an edit list, pauses at the beginning and the first span of media count. Sound before that span is left out (it primes the
// decoder), and so is video up to the first key frame within it.
//
// Config.Source is the absolute path of the file. Parameters (Config.Params), all optional:
//
//	loop                yes (default): plays for ever; no: plays once, and then ends with [ingest.ErrSource]
//	unsupportedTracks   refuse (default): one track that cannot be carried fails the whole file; drop: carry the others
//
// What is carried: H.264, H.265, AV1 and VP9, with AAC and Opus. The file says nothing of when it was captured, so nothing is
// measured.
package file
