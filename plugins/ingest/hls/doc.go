// Package hls pulls an HLS stream, plain or low-latency, in MPEG-TS or fMP4.
//
//	playlist --variant, audio rendition--> one follower each        (session.go)
//	follower: playlist -> segments or parts -> demuxer -> pieces    (follower.go)
//	reader:   pieces -> units, each when it is due --cmaf.Packager--> groups --> sink
//
// A server of low-latency HLS (EXT-X-SERVER-CONTROL with CAN-BLOCK-RELOAD, EXT-X-PART) is asked for the playlist that holds the
// next part, and answers when there is one; parts are taken in their order and none is left out. Of any other the
// playlist is asked for every half target duration. Reading begins at the newest part at which decoding can begin, else at the newest
// segment, and with the first one where the stream has ended already (EXT-X-ENDLIST).
//
// A piece comes as a burst and is played at the pace of its timestamps (pacer.go), as little behind its arrival as lets the
// next ones come in time. A follower fetches at most two segments or sixteen parts ahead of the reader, so that what is held is
// bounded by the sizes that are allowed: 1 MB a playlist or init segment, 64 MB a segment, 4 MB a part.
//
// Behind EXT-X-DISCONTINUITY time goes on where it was, and a picture with other parameters begins a new epoch. Where sound
// comes in a playlist of its own, or its parameters change, Run ends with [ingest.ErrSource], and the next one reads the stream
// as it is then. So it does when the server is away, has nothing new for longer than timeout and three target durations, or has dropped what
// was to be read next.
//
// The playlist library is gohlslib's. Its client is not used: it reads no AV1, VP9 or H.265 in MPEG-TS, leaves out parts when
// it is late, and knows no discontinuity.
//
// Where the playlists say when segments were captured (EXT-X-PROGRAM-DATE-TIME), the time from then to a group's birth is
// measured. Parameters (Config.Params), all optional:
//
//	user, pass          credentials (HTTP basic), sent to the host of the source alone; those in the URL count where these are missing
//	variant             highest (default), lowest, or bits per second: the highest that the playlist says needs no more
//	timeout             of one request; default 10s, 1s to 5m
//	unsupportedTracks   refuse (default): one track that cannot be carried fails the whole source; drop: carry the others
//	fingerprint         SHA-256 of the certificate to accept, in hex, for https; without it the certificate must be valid,
//	                    but on loopback, where any will do
//
// Of several audio renditions the default one is read. Encrypted segments are not read. Credentials and the query of a
// URL appear in no error and in no log.
package hls
