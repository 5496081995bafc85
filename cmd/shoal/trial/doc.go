// Package trial is `shoal trial`: a scenario of the simulator with real nodes, over the real transport and real sockets, fed by a
// real MediaMTX, on one machine.
//
// One process conducts: it runs MediaMTX, publishes the scenario's stream into it, lets viewers join and things go wrong when the
// scenario says so, and makes the report. The source and the viewers are in processes of their own, the crew, which it talks to
// over their standard input and output (net/rpc): the source is what `shoal serve` is, a viewer what `shoal watch` is, a helper what
// `shoal helper` is.
//
// The network is bad on purpose, at the sockets: see transports/quic/impair. What a trial does not repeat of a simulation: the
// delays of pairs are other draws of the same distribution, the rendezvous answers without them, and the source's uplink is
// limited by its cap alone.
//
// Where the scenario kills the source, its process is gone without a word, and comes back with the same data folder on the same ports:
// see source.go. What it has measured is added up over its lives, and restarts.go says how viewers went on.
//
// Two things may be measured beside the swarm. What is played out: the conductor reads from MediaMTX what it is given, some viewers
// keep what they play out, and package frames compares them. And what one would use instead: when the swarm has ended, as
// many readers take the same stream from the same MediaMTX, see package baseline.
//
// All that was started has ended when [Run] returns: a worker ends all of its nodes when it does not hear the conductor any more,
// and is killed when that takes it too long.
package trial
