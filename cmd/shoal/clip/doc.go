// Package clip holds the bundled clips and publishes them, or any MP4, over
// RTSP as a camera would, for the demo and for tests.
//
// A clip is read once and then published in an endless loop. [Publish] lays the
// loops end to end on one timeline:
//
//	media time    0 ------ D ------ 2D ------ 3D ...        (D: Clip.Duration)
//	RTP time      random start + media time, never back
//	NTP time      wall clock at the start + media time      (in RTCP sender reports)
//	sent          at that NTP time + the clip's reorder delay
//
// so that a reader sees one source with one clock, whose audio and video keep
// their distance over any number of loops. The reorder delay is zero except for
// clips with B-frames, where a frame cannot be sent before the frames that it
// is decoded after have been captured. A publisher that was held up (a
// suspended laptop) skips the time it lost on all three clocks at once instead
// of sending it in a burst.
//
// The bundled clips are made by make-clips.sh beside this file and embedded.
// Every one loops without a seam in sound or time. In the picture are a running
// clock, the frame number, and a white square during the first 100 ms of every
// second, when the sound has a 1 kHz beep:
//
//	clock               H.264 640x360 + AAC, 1 Mb/s, 8 s, a key frame a second: the demo's clip
//	h264-opus           H.264 320x180 + Opus, 5 s, a key frame a second
//	h265-aac            H.265 320x180 + AAC, 5.33 s, a key frame every 1.33 s
//	av1-opus            AV1 320x180 + Opus, 5 s, a key frame a second
//	vp9-opus            VP9 320x180 + Opus, 5 s, a key frame a second
//	h264-bframes-aac    H.264 with two B-frames between others, 5.33 s, a key frame every 1.33 s
//	h264-long-gop-aac   H.264 with its only key frame at the start, 10.67 s
//	h264-big-keys-aac   H.264 whose key frames are ten times the mean frame, 5.33 s
//	h264-480x270-aac    H.264 of another resolution, 5.33 s
//
// All are 30 frames a second with 48 kHz mono sound.
//
// A clip can have the rate of any other stream, constant or of a trace: [Fill]
// adds to its pictures what no decoder looks at. [ForRate] says which clip.
//
// Open, OpenFile and Publish may be called from several goroutines; one [Clip]
// belongs to one goroutine at a time.
package clip
