// Package frames tells whether what a viewer plays out is what the media server was given, frame by frame.
//
//	MediaMTX --RTSP--> [Input]                                      in the process that leads the trial
//	    |
//	    +--RTSP--> ingest -> source ~~~ peers ~~~ viewer -> [Output]    in a worker's process
//
//	Compare(input.Recording(), output.Recording()) -> Result
//
// Both recorders note of every frame its media time, its size and a hash; what they give out is plain data that travels by
// gob or JSON, with the same hash for the same bytes in every process.
//
// # What is hashed
//
// A frame is a picture, or a frame of audio. The ingest repacks pictures without touching what is in them, and this is what
// both sides leave out of account, by one function that each applies to the units that it sees:
//
//   - H.264, H.265: start codes or lengths around NAL units. Access unit delimiters, filler, ends of sequence or stream,
//     and units that are shorter than a NAL unit's header are left out. A picture that decoding can begin at (IDR, and in
//     H.265 every IRAP) and that comes without a VPS, SPS or PPS is completed by the newest one, from the stream or from its
//     description (SDP, init segment): so parameter sets count with the picture that they are for, wherever they travel.
//   - AV1: temporal delimiters, padding and OBUs of one byte are left out, and size fields, with the bits that tell of them.
//   - VP9, Opus, MPEG-4 audio: nothing.
//
// A unit without a picture (parameter sets alone) is no frame. Every other byte counts, and so do the order and the
// boundaries of units.
//
// # Which frame is which
//
// The two sides count media time from different moments, and clips that loop repeat their bytes. Each side therefore puts the
// zero of each of its epochs at the wall clock, roughly; the exact distance is the one, of two seconds at most, by which most
// frames have equal bytes. Frames with equal bytes that are near one another by it are then paired, as many as possible, in order,
// each once (see pair.go). A frame of the output without a pair is out of order if its bytes are nearby in the input and were not
// played, altered if the input has another at its time, duplicated if its bytes were played nearby, and foreign else. One of the
// input without a pair is missing: the ingest did not take it or the viewer gave it up, which is no error.
//
// The time of video is exact. That of audio is not: the ingest plays it without a seam and moves it, by up to a 32nd of a frame
// at once, to where the sender's reports want it. Audio at another time counts as retimed and is no error.
//
// Delays are right as far as the wall clocks of the two processes agree; for the rest a second is enough.
package frames
