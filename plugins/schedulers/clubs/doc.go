// Package clubs is the policy of BitTorrent Live as published: the stream is dealt to six clubs, every peer is a member of
// two and floods their chunks, and gets the rest by one hop from a member of each of the others.
//
// Where it comes from: US patent 9094263 (Cohen, "Peer-to-Peer Live Streaming", 2015) describes the protocol, and Rueckert,
// Knierim and Hausheer ("Clubbing with the Peers: A Measurement Study of BitTorrent Live", IEEE P2P 2014) measured it. The
// README of the repository has a note on the patents.
//
//	source --Copies--> members of club c --one hop, after the flood--> everybody else
//	                        |       ^
//	                        +-flood-+  each takes the club's chunks from Mates others
//
// # What a peer decides
//
//   - clubs (clubs.go): substream number mod Clubs. A peer joins those whose members have least left, as far as it sees. Where
//     the published protocol has everybody join two, who cannot send one copy of a club's part joins none here;
//   - flood (feed.go): a member subscribes to Mates members. Who has got a chunk tells the others that push the same
//     substream at once, so that they leave it out: the have-notification of the published protocol is the engine's Cancel.
//     More than one mate is taken only where there is plenty of room;
//   - the rest: one eager feeder, a member with room; such pushes leave after those to members (package seats);
//   - gaps: a few neighbours announce, and the engine repairs, which the published protocol does not describe.
//
// # When to choose it
//
// To compare with what was deployed, and where uplinks are ample and peers unreliable: a member loses nothing when a mate goes.
// At a resource index of 2 it is about as quick as substream, for a third more duplicates.
//
// Not where uplinks are tight: what a peer has beyond the needs of its two clubs is of no use to the other four, so some
// clubs starve while others have room. At a resource index of 1.4 and 100 viewers continuity falls to 0.57 (README); substream
// gives a strong peer more to do.
//
// # Parameters
//
// See Params: each field's comment gives the name in the config, unit, default and limits.
package clubs
