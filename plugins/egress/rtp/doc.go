// Package rtp turns the groups of a stream into RTP packets, for the egresses that speak RTSP: as a server and as a
// publisher.
//
// RTP time runs on over epochs whose formats are the same, by the source's clock. Timestamps of all tracks count
// from one zero, and NTP times come from one linear clock, so that receivers align audio and video exactly, by
// sender reports. Many do not wait for a report: they take the arrival of each track's first packet for its place in time.
// [Backlog] therefore starts a reader with a key picture and the sound of the same moment side by side.
//
// Nothing here is safe for use by two goroutines at once.
package rtp
