// Package impair makes a UDP socket send as it would over a bad network: late, with jitter, with losses, and no faster
// than an uplink. It needs no privilege and no help of the kernel; what is received is left alone, for it was impaired
// where it was sent.
//
//	WriteMsgUDP, WriteTo, ... --> cut into segments --> uplink --> loss --> delay --> jitter --> socket
//	                              (one packet each)      |          |                              ^
//	                                                  too long    lost           heap by due time, one goroutine,
//	                                                  a queue: dropped           one timer; what is due together
//	                                                                             leaves in one call, segmented again
//
// # The rule
//
// It is that of core/sim, packet by packet. A packet occupies the uplink for its wire bytes, IP and UDP headers
// included, after those before it; one that would wait for longer than the queue is dropped instead. Once it has left
// the uplink it is lost by chance, or due after the delay of the pair and a jitter of its own.
//
// The delay of a pair of addresses is a log-normal variate that the seed and the pair determine: the same each time, and
// the same in both directions. A socket that is bound to all addresses knows its own for destinations on loopback;
// elsewhere the directions differ.
//
// # Order
//
// Jitter lets packets overtake one another, as it does chunk frames in core/sim. Those that Options.Ordered picks, of
// one destination, never do: one that would is held until its forerunner is due, as control frames are in core/sim.
// Without jitter nothing overtakes anything, but where Change has shortened a delay.
//
// # Segmentation offload
//
// A Conn is all that quic-go asks of a socket for its fast path: out-of-band data, a raw connection to probe, reading in
// batches. A write with a UDP_SEGMENT control message (Linux) is cut as the kernel would cut it, for segments may have
// fates of their own. Of what is due together, neighbours to one destination that the kernel could have cut from one
// write are sent as one again, and all destinations in one sendmmsg. Where the kernel refuses a segmented write, its
// packets are sent one by one, and after EIO all are.
//
// # Time
//
// No packet leaves before it is due. It may leave later: by the runtime's timers, up to a millisecond where the process
// is idle, and by half a millisecond where the one before it has just left, so that a busy socket costs at most 2000
// wake-ups a second.
//
// # Concurrency and ownership
//
// All methods may be called at once. Writes never block, and copy what they are given. New starts one goroutine; Close
// waits for it.
package impair
