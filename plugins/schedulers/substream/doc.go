// Package substream is the default policy: push over substreams along many shallow trees, with announcements and
// pulls to mend what a tree loses.
//
// Where it comes from: the stream is split into S stripes, and a peer is an inner node in few of them and a leaf in
// the rest, as in SplitStream (Castro et al., SOSP 2003) and CoopNet (Padmanabhan et al., NOSSDAV 2002); inside a
// stripe the inner nodes form a mesh rather than one tree, pushing eagerly over some links and announcing over
// others, as in Plumtree (Leitao et al., SRDS 2007), mTreebone (Wang et al., 2007) and the push-pull mesh of GridMedia
// (Zhang et al., 2005) and CoolStreaming (Li et al., INFOCOM 2008). Capacity claims count once they are shown.
//
//	source --copies--> relays of substream k --fanout each--> everybody else, and further relays of k
//	            lazy: a few neighbours announce what they hold, and gaps are pulled from them
//
// # What a peer decides
//
//   - neighbours (package neighbours): about a dozen, the source among them while it has room, chosen at random by the seed;
//   - responsibility (relays.go): it sets out to relay as many substreams as its seats suffice for, those for which few
//     neighbours with room are seen first, one at least when its uplink carries a copy; none when it does not;
//   - feeders (feeds.go, package feeders): for each substream one, by its hops from the source in it, its round trip and its
//     room (depth.go), of those who say that they have room in it; never one that is further from the source, as long as this
//     peer has children: circles cannot close. A second one, where Feeders asks for it, only once every substream has been
//     fed for a while. Who finds none seeks further neighbours;
//   - seats at the source (place.go): as many as this peer can feed others from; the source's links are left to the strongest;
//   - better places (compare.go): a feeder is left for one that is a hop and more nearer, once that delivers, so that nothing is
//     missed; one that has been cut off is left soon, but by its children no sooner than it can have mended it itself;
//   - children (package seats): subscriptions are granted while the commitments stay within the uplink (package uplink), to
//     those who are fed themselves, and somewhat beyond to one who is fed by nobody. Whoever is refused looks elsewhere;
//     when a seat is taken back says package seats, and who comes first where uplinks do not suffice for all;
//   - trust (package credit): a neighbour that claims room and sends nothing, or whose uplink no receipt has shown for a while, is
//     asked after all others, and counts as one that gives nothing;
//   - pauses (pause.go): while the stream pauses nobody is left or sought but the source, and who had seats there takes them again;
//   - giving up (rest.go): who lacks several substreams for long plays nothing, and leaves what it is fed to others for a while, the
//     sooner the less it gives them.
//
// # Parameters
//
// See Params: each field's comment gives the name in the config, unit, default and limits.
package substream
