// Package mesh is what the policies have in common under which chunks find their own way: everybody has a few neighbours
// at random, they tell one another what they hold, and which chunk goes over which link is decided chunk by chunk.
//
//	source --Copies--> seats --> mesh of neighbours --+--> pulls, in the order of rarest or edf
//	                                  ^    |          |
//	                                  +----+          +--> sends, newest first: latest
//	                               who holds what
//
// # Who does what
//
//   - the source pushes each substream to a few peers (inject.go), as in the models of Zhou, Chiu and Lui (ICNP 2007) and of
//     Bonald et al. (SIGMETRICS 2008), in which it hands every chunk to a peer or a few at random. Who has a seat says so, and
//     nobody keeps more than its share of them;
//   - everybody listens to some neighbours (listen.go): a lazy subscription asks for announcements;
//   - once a Turn a Chooser decides what travels. Puller (pull.go) is the one for policies that ask: how much one neighbour is
//     asked for at once follows from how long its answers wait (window.go);
//   - what nobody has thought of for a while the engine's repair asks for.
//
// # Cost
//
// Messages are the price of a mesh: announcements of about 120 bytes with headers and acknowledgement to each of Listen
// neighbours every Announce, and a request of 90 for every chunk or two. They are also its delay: a hop takes half an
// Announce, half a Turn and three trips, where a push takes one.
package mesh
