// Command shoal-tcp is a transport plugin for Shoal: links over TCP and TLS 1.3, for networks that let no UDP through.
//
//	            +------------------- Transport -------------------+
//	Dial -----> | dial: addresses raced, 250 ms apart             |
//	            | door, handshake, hello          --Up--> link    |
//	SendControl | link: outbox -> writer -> TLS -> wire (TCP)     |---> sink
//	SendChunks  |       reader <- TLS <- wire                     |
//	            | ticker: usage, round trips, silence             |
//	            +-------------------------------------------------+
//
// # Handshake
//
// Mutual TLS 1.3, ALPN "shoal-tcp/1". A certificate is signed by itself and worth nothing but its Ed25519 key, which is
// the PeerID; the handshake's signature proves it. The dialing end refuses any key but the one it dialed. No session is
// resumed, so every link proves both keys. Then the dialing end says hello, and the other end answers with its own; a
// link is Up once both have. Of several addresses that prove the key the first one is said hello to, the rest are
// closed.
//
// Two ends that dial one another at once get two links, for each Dial has an outcome of its own. Both ends report which
// of them dialed each, and the node keeps the same one at both.
//
// # Messages
//
// Both directions carry messages within TLS, several of them in one record where they wait together:
//
//	kind    1 byte
//	length  2 bytes   of the body, big-endian, at most 4096
//	body
//
//	1 hello    version (1 byte, now 1), then the "host:port" of the receiver as the sender sees it
//	2 part     of a control frame that goes on in the next part or end
//	3 end      of a control frame
//	4 chunk    a chunk frame, at most 1400 bytes: one segment at the usual MTU
//	5 ping     8 bytes, which come back in
//	6 pong
//	7 bye      why the sender closes the link, in UTF-8; nothing follows
//
// Other kinds and longer chunk frames are passed over, and so is what follows the known fields of a hello. A control
// frame is cut into parts of 4 KiB, so that chunk frames wait behind no more than that.
//
// # Queues
//
// A chunk frame waits in two places: the link's outbox, and the kernel's queue of bytes that TCP has not yet sent. Both
// together hold two frames, or what the path carries in 10 ms by TCP's own congestion window and round trip, at most 32
// KiB. A frame beyond it is refused with Full; Writable follows once half of it has left. A frame that expires in the
// outbox is dropped. On Linux the writer hands over nothing before the kernel has sent all that it was given
// (TCP_NOTSENT_LOWAT), and pings overtake what waits. Elsewhere the send buffer is cut to 32 KiB and a frame counts as
// gone once it is in it. TCP repairs what is lost, so Lost is always 0 and the capabilities say RepairsAll.
//
// # Wire bytes
//
// On Linux the kernel counts, a connection: bytes and segments, repetitions and acknowledgements included.
//
//	sent = bytes sent + segments sent x h      received likewise
//	h    = 52 by IPv4, 72 by IPv6: IP header 20 or 40, TCP header 20, timestamps 12
//
// Bytes include all of TLS. Two segments are added when a connection ends, for what the kernel sends after it was
// asked, and 60 bytes for a dial that nobody answered. Elsewhere segments are estimated: one for every 1448 bytes of
// each write, and one for every two that were received, as acknowledgement.
//
// # Limits
//
//	links that others open     256, param "maxIncoming" (1..4096)
//	handshakes under way       256, of one address 64; an IPv6 address counts by its /64. One that fails keeps its
//	                           place for 500 ms, so an address can fail 128 times a second
//	a handshake                5 s in all, hello included
//	dials under way            64; a further one fails with ErrFull. 8 addresses each, 9 s in all
//	a silent link              pinged every second, Down with ErrTimeout after 3 s without a byte
//	a connection that breaks   without bye: held for a second as if it were silent, then Down with ErrTimeout
//	control frames waiting     1 MiB a link
//	a link that is closed      300 ms to take the bye
//
// # Goroutines
//
// A link has two: a reader, which owns it, and a writer. A transport has two: one accepts, one reports every 100 ms.
package main
