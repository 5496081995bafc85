// Package baseline is what one would use instead of Shoal: many readers of one path of a running MediaMTX, each of which
// takes everything from the server itself, over RTSP or low-latency HLS, and all of which are measured. They run in this
// process, and neither decode nor keep what they get.
//
//	join      begin ........ Join            readers come, evenly spread; Startup is measured
//	window    begin + Join ........ + For    Delay, PartDelay, Continuity, bytes, Server
//
// # Delay
//
// Delay is the time from the capture of a picture until the access unit it is in is complete at a reader, for each access unit
// and reader: the same for both ways, and comparable with a node's from the source's capture to a whole group.
//
// "Captured" is what MediaMTX says it is. It passes the publisher's clock on from a path with `useAbsoluteTimestamp: true`,
// and delays are then from the publisher, whose clock must be ours. On any other path it puts the time at which the
// picture reached it there instead, and delays are from MediaMTX.
//
//   - RTSP: an access unit is complete with the RTP packet that has the marker, if no sequence number is missing. Its NTP time is
//     from the newest RTCP sender report, of which MediaMTX sends the first behind a reader's first key frame; access units
//     before it have no delay, and count in all else.
//   - Low-latency HLS: pictures come by parts, and the part of a picture tells when it was captured only for its first one:
//     EXT-X-PROGRAM-DATE-TIME, in whole milliseconds, and the durations up to the part. PartDelay is from that to the part's last
//     byte. For Delay the pictures are taken to be evenly spread over the part, as many as FRAME-RATE of the multivariant playlist
//     says, and all complete with the part; without a FRAME-RATE it equals PartDelay. The parts by which a
//     reader catches up when it comes are older than it and have no delay. A player does not show a part at once:
//     it stays PART-HOLD-BACK behind the newest (Result.HoldBack), and a viewer sees pictures by so much later.
//
// # Continuity
//
// TCP loses nothing, but a server discards what a reader is too slow for, and what comes seconds late is of no use. What
// is due is what any of the readers got whole in the window, all but its last second, from a reader's first on; what
// counts as received is what it had a second after the first reader at the latest. Access units are counted over RTSP,
// parts of the video over HLS. What MediaMTX itself never got is due at nobody.
//
// # Bytes
//
// Bytes are media: RTP payloads, or initialization files and parts. StreamBytes are all that came on the TCP connections.
// WireBytes add what TCP and IPv4 put before it on the way here, 52 bytes a segment, where each read is taken for as few
// segments of 1448 bytes as can have brought it: a lower bound, since there is no network on loopback to look at.
// Acknowledgements, which travel the other way, are not in it. Server.Egress is what MediaMTX counts, see [Egress].
//
// There is a goroutine a reader, and over HLS some for its streams. All have ended, and their connections are given up, when
// [Run] returns; those that net/http has for connections may need a moment more.
package baseline
