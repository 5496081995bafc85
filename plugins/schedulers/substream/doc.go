// Package substream is the default policy: push over substreams along many shallow trees, with announcements and
// pulls to mend what a tree loses.
//
// Where it comes from: the stream is split into S stripes, and a peer is an inner node in few of them and a leaf in
// the rest, as in SplitStream (Castro et al., SOSP 2003) and CoopNet (Padmanabhan et al., NOSSDAV 2002); inside a
// stripe the inner nodes form a mesh rather than one tree, pushing eagerly over some links and announcing over
// others, as in Plumtree (Leitao et al., SRDS 2007), mTreebone (Wang et al., 2007) and the push-pull mesh of GridMedia
// (Zhang et al., 2005) and CoolStreaming (Li et al., INFOCOM 2008). Capacity claims count once they are shown.
//
//	source --copies--> relays of substream k --one each--> everybody else
//	                      ^ |
//	                      +-+ a relay without a seat at the source has two eager feeders
//	            lazy: a few neighbours announce what they hold, and gaps are pulled from them
//
// # What a peer decides
//
//   - neighbours (package neighbours): about a dozen, the source among them while it has room, chosen at random by the seed;
//   - responsibility (relays.go): it relays the substreams for which few neighbours with room are seen, one at
//     least when its uplink carries a copy; none when it does not. A swarm that begins has no relays: whoever has a
//     seat at the source becomes one;
//   - feeders (feeds.go, package feeders): for each substream one eager feeder, or two inside its own, by advertised delay, round trip
//     and room; never one that it feeds. A feeder that is late by more than Lateness against the best offer gets a
//     rival, and the later of the two is dropped a second later, so that nothing is missed;
//   - children (package seats): subscriptions are granted while the commitments stay within the uplink (package uplink),
//     relays before leaves. Whoever is refused looks elsewhere; nobody who is served loses the seat to a later
//     leaf, and only to a relay that can serve it in turn.
//
// # Parameters
//
// See Params: each field's comment gives the name in the config, unit, default and limits.
package substream
