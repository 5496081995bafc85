// Package rendezvous is the public endpoint where peers of a stream meet: server, client, and what they say. It
// carries introductions, signals, descriptors, the time and statistics, and never media. It keeps its state in memory alone: after a restart
// everybody joins again by themselves, and links and playback go on meanwhile.
//
// # Protocol
//
// A peer opens a WebSocket at /v1/join, one for each stream, with the subprotocol shoal.rendezvous.v1. Messages are JSON objects in
// text frames, told apart by their type; unknown types and fields are ignored.
//
//	server            client            when
//	challenge ->                        first: nonce
//	                  <- join           who, role, stream, addresses, signature over the nonce
//	joined ->                           stream, signed descriptor, candidates, STUN servers, how often to report; or error, and the end
//	                  <- addresses      where this peer can be dialed, whenever that changes
//	                  <- introduce      wants candidates
//	candidates ->                       the answer; and unasked, to a peer whose report shows few neighbours
//	                  <- describe       source: signed descriptor of a new epoch
//	descriptor ->                       a new epoch
//	                  <- advise         source: the policy that viewers are to use, and one that is tested on a share of them
//	advice ->                           to a viewer or helper: the policy that it is to use
//	                  <- signal         for another member
//	signal ->                           from another member
//	punch ->                            open the NAT towards addresses, after a delay
//	                  <- accuse         another member has sent this one a forged chunk
//	suspect ->                          a member that several have accused
//	                  <- report         statistics, the last one counts
//	                  <- time           at least every 20 s, as a sign of life
//	time ->                             the server's clock
//	error ->                            why the connection ends
//
// A peer signs "shoal join v1" 0x00 nonce role stream-name with its key; a source sends a grant as well, in which the publisher signs
// "shoal grant v1" 0x00 nonce peer-id stream-name. Binary values are base64 (standard, padded); keys and ids hexadecimal. A descriptor
// travels as codecs/zstd packs it. A name belongs to the first publisher that uses it, while it has a source, and for
// streamLinger after while it has members.
//
// # Limits
//
// They are in limits.go. What is malformed or too large ends the connection with an error message; who sends too much is read
// more slowly; who reads too slowly misses old signals and punches, and hears the newest of everything else (see outbox).
// Joins and requests beyond an address's share are answered 429.
//
// # Cost
//
// Joins, reports and answers cost the same in a swarm of any size; only a new epoch, and a page at most once a second however many look
// at it, walk all members. A quiet member costs one goroutine and about 26 KB (BenchmarkCrowd).
//
// # Goroutines
//
// Each connection has a reader, and a writer while something waits; Server.Close ends and awaits them. Client.Run owns
// all of a client's. The server's one lock is never held over I/O.
package rendezvous
