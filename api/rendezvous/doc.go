// Package rendezvous is the public endpoint where peers of a stream meet: server, client, and what they say. It
// carries introductions, signals, descriptors, the time and statistics, and never media. It keeps its state in memory alone: after a restart
// everybody joins again by themselves, and links and playback go on meanwhile.
//
// # Protocol
//
// A peer opens a WebSocket at /v1/join, one for each stream. Messages are JSON objects in text frames, told
// apart by their type; unknown types and fields are ignored.
//
//	server            client            when
//	challenge ->                        first: nonce
//	                  <- join           who, role, stream, addresses, signature over the nonce
//	joined ->                           stream, signed descriptor, candidates; or error, and the end
//	                  <- addresses      where this peer can be dialed, whenever that changes
//	                  <- introduce      wants candidates
//	candidates ->                       the answer, or news
//	                  <- describe       source: signed descriptor of a new epoch
//	descriptor ->                       a new epoch
//	                  <- signal         for another member
//	signal ->                           from another member
//	punch ->                            open the NAT towards addresses, after a delay
//	                  <- report         statistics, the last one counts
//	                  <- time
//	time ->                             the server's clock
//	error ->                            why the connection ends
//
// A peer proves its key by a signature over the nonce, and a source the publisher's key as well. Binary
// values are base64 (standard, padded); keys and ids hexadecimal. A descriptor travels as codecs/zstd packs it.
//
// Limits are the constants in limits.go; what exceeds them ends the connection with an error message.
package rendezvous
