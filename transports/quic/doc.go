// Package quic carries links over QUIC (RFC 9000), one UDP socket a node, for listening and dialing alike.
//
//	            +--------------------- Transport ----------------------+
//	Dial -----> | dial: addresses raced, 250 ms apart                  |
//	            | listen: limits, handshake, hello  --Up--> link       |
//	SendControl | link: control stream, read and written               |---> sink
//	SendChunks  |       chunk channel: gate --> sender                 |
//	            | socket: counts wire bytes, sorts out sealed packets  |
//	            +------------------------------------------------------+
//
// # Handshake
//
// TLS 1.3 with X25519, ALPN "shoal/1", certificates on both sides. A certificate is self-signed and worth nothing but
// its Ed25519 key: the key is the PeerID, proved by the handshake's signature. The dialing end refuses any key
// but the one it dialed. No session is resumed, so every link proves both keys. Then the dialing end opens the control
// stream and both ends say hello on it; a link is Up when both have:
//
//	hello    = length version chunks tag observed [extension]
//	length     varint     of the rest, at most 512
//	version    1 byte     1
//	chunks     1 byte     how the sender sends chunk frames: 1 datagrams, 2 a stream, 3 sealed packets
//	tag        4 bytes    of sealed packets to the sender, drawn at random
//	observed   bytes      varint length and the receiver's "host:port" as the sender sees it
//	extension  whatever follows is ignored
//
// # Channels
//
// Control is that one bidirectional stream: frames behind a varint of their length. Chunk is, by param "chunks":
//
//	packet    (default) sealed packets beside the connection, under keys from its handshake; see sealed.go
//	datagram  QUIC datagrams (RFC 9221), one a frame
//	stream    one unidirectional QUIC stream, which repairs losses and holds up what follows them meanwhile
//
// An end chooses how it sends; all receive all three. core/DECISIONS.md has the figures.
//
// A gate a link counts the frames that were handed on and that the socket has not yet sent: two, or those of 10 ms
// where congestion window and round trip allow more, 16 at the most. quic-go would queue 32 datagrams and then block,
// so the socket tells the gate of every packet that leaves; no goroutine waits for it.
//
// # Sizes
//
// Packets are 1200 bytes of UDP payload at most, by any path; the path's MTU is not probed. A chunk frame of MaxChunk
// bytes is 1145 bytes on the wire by IPv4, 1165 by IPv6.
//
// # NATs
//
// Nobody needs to open a port. The rendezvous names STUN servers (RFC 8489), which are asked by way of Punch, from the node's one socket, at once
// and every 20 s: what they see is told as Observed, and thereby to everybody, and the NAT's mapping lives. A dial goes along with a
// call, a signal that the rendezvous carries:
//
//	dialing end                        called end
//	dials, in order of nearness  --->  (its NAT drops it)
//	calls "from these addresses" --->  punches towards them, four times, 80 ms apart
//	dials again, as QUIC does    --->  gets in by the way that is open now
//	                             <---  dials back after 0.5 s, if it has no link by then
//
// The first way in serves all pairs of NATs that keep one mapping for all destinations. Dialing back serves a called end whose NAT has
// another port for every destination, if the NAT of the dialing end lets in whatever comes from an address that it has sent to. Where both ends
// hide their ports, or one does and the other lets in known ports alone, there is no way: others relay.
//
// # Limits
//
//	incoming links             256, param "maxIncoming" (1..4096)
//	handshakes an address      64 a second, 256 at once; an IPv6 address counts by its /64
//	handshakes without a Retry 64 under way; beyond it a dialing end must prove its address first (RFC 9000, 8.1.2)
//	handshake                  4 s of silence, 8 s in all; hello 5 s
//	dials under way            256; a further one fails with ErrFull
//	punches, and dials back    64 under way; a further one is dropped
//	a silent link              kept alive every 1 s, Down 2.5 s after what should have been answered: within 3.5 s
//	control frames waiting     1 MiB a link
//
// A node that is restarted at the same address with the same key resets the links of its former life at once.
//
// # A bad network
//
// Param "impair" makes the socket send as over a bad network, for demonstrations and trials; it is off by default. Every
// node impairs what it sends, so a round trip has the latency twice. Its value is what impair.Parse reads:
//
//	latency=40ms  one-way delay, median over pairs of addresses, at most 10 s
//	sigma=0.5     of its logarithm, 0..3; without it all pairs are alike
//	min=5ms       least one-way delay
//	jitter=2ms    greatest extra delay of a packet; sealed packets may overtake one another by it, those of QUIC never do
//	loss=1%       share of packets lost, at most 50 %
//	uplink=4M     bits per second on the wire, at least 8k
//	queue=200ms   greatest wait for the uplink, beyond which packets are dropped; at most 10 s
//	seed=7        of every draw
//
// as in "latency=40ms,loss=1%". Usage counts what is written, be it lost afterwards or not. A transport that ends waits
// for up to 500 ms until what it wrote has left.
//
// Trials change it while it runs: Impair makes it better or worse, Cut lets the node die without a word, and Impairment
// counts.
//
// # Goroutines
//
// A link has two besides those of quic-go: one reads control frames, one chunk frames or the end of the connection. One
// that writes control frames lives while some wait. A transport has four: one reads the socket and opens sealed packets,
// one seals and writes them, one accepts links, one reports usage every 100 ms and links every second. An impaired socket has
// one more.
package quic
