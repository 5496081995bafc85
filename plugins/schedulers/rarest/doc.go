// Package rarest is the policy of the mesh pull: what is missing is asked for, the chunk that fewest neighbours hold first.
//
// Where it comes from: rarest first is how BitTorrent chooses pieces (Cohen, "Incentives Build Robustness in BitTorrent",
// 2003); CoolStreaming brought it to live streams, asking for the chunk with the fewest suppliers first and from the
// supplier with most to give (Zhang, Liu, Li and Yum, "CoolStreaming/DONet", INFOCOM 2005). Zhou, Chiu and Lui ("A Simple
// Model for Analyzing P2P Streaming Protocols", ICNP 2007) compare it with asking for what is due first: rarest first spreads
// a new chunk quickest and so scales with the audience.
//
// What it is here: package mesh does all but the order. In a live stream few hold what is new, so rarest first is mostly
// newest first; equals are taken at random, and each peer by its own chance, so that neighbours have different
// chunks to give one another. What is older than Urgent goes first, as in the mixed strategy of the same authors: by rarity
// alone a gap in front, which everybody else has filled, would be asked for last, and never where uplinks are tight.
//
// # When to choose it
//
// Where whole groups count more than delay: there are hardly any duplicates, for nobody gets what it did not ask for, there is
// nothing to rebuild when peers come and go, and of all policies it keeps most groups whole where uplinks are tight.
//
// Not for low delay: a hop takes an announcement, a request and an answer where a push takes one trip, and the messages
// for that take 13 to 18 % of all bytes at 1 Mb/s. At a resource index of 1.4 and 100 viewers the delay is two seconds at the
// median (README).
//
// # Parameters
//
// See Params and mesh.Params: each field's comment gives the name in the config, unit, default and limits.
package rarest
