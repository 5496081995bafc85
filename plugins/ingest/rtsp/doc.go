// Package rtsp reads any RTSP server or camera, over TCP.
//
//	DESCRIBE, SETUP, PLAY
//	   RTP packets --Decoder--> access units --clock--> units on one timeline --cmaf.Packager--> groups --> sink
//	   RTCP sender reports ------------------^
//
// Each track counts time from a start of its own; what ties them together is the wall clock in the sender reports. The
// timeline is that of the leading track (the video), taken as it is, so that its frames never wait for a report. The other
// tracks are placed on it by the reports of both, before their first unit is used, or, where that is asked for, by the order
// in which units arrive. What is found otherwise later is taken up slowly (see clock.go).
//
// Everything runs on the goroutine that reads the connection: a sink that blocks blocks the reading, and a server that cannot
// write drops this reader, which ends Run with [ingest.ErrSource].
//
// Parameters (Config.Params), all optional:
//
//	user, pass          credentials; those in the URL count where these are missing
//	timeout             without a packet, after which the source counts as gone; default 10s, 1s to 5m
//	unsupportedTracks   refuse (default): one track that cannot be carried fails the whole source; drop: carry the others
//	align               report (default): tracks are aligned by the sender reports; arrival: by the order in which they arrive,
//	                    for a server whose reports are made up from arrival (see interleave.go)
//	fingerprint         SHA-256 of the certificate to accept, in hex, for rtsps; without it the certificate must be valid,
//	                    but on loopback, where any will do
//
// Credentials appear in no error and in no log.
package rtsp
