// Package trial is `shoal trial`: a scenario of the simulator with real nodes, over the real transport and real sockets, fed by a
// real MediaMTX, on one machine.
//
// One process conducts: it runs MediaMTX, publishes the scenario's stream into it, lets viewers join and things go wrong when the
// scenario says so, and makes the report. The source and the viewers are in processes of their own, the crew, which it talks to
// over their standard input and output (net/rpc): the source is what `shoal serve` is, a viewer what `shoal watch` is.
//
// The network is bad on purpose, at the sockets: see transports/quic/impair. What a trial does not repeat of a simulation: the
// delays of pairs are other draws of the same distribution, the rendezvous answers without them, and the source's uplink is
// limited by its cap alone.
package trial
