// Package mesh is what the policies have in common under which chunks find their own way: everybody has a few neighbours
// at random, they tell one another what they hold, and which chunk goes over which link is decided chunk by chunk.
//
//		source --Copies--> seats --+         Holds          +--> pulls, in the order of rarest or edf
//		                           +--> mesh of neighbours --+
//		                              (lazy subscriptions)  +--> sends, newest first: latest
//
//	  - the source pushes each substream to a few peers (inject.go), as in the models of Zhou, Chiu and Lui (ICNP 2007) and of
//	    Bonald et al. (SIGMETRICS 2008), in which it hands every chunk to a peer or a few at random. Who has a seat tells, and
//	    nobody keeps more than its share of them;
//	  - everybody listens to some neighbours (listen.go): a lazy subscription asks for announcements;
//	  - once a Turn a Chooser decides what travels. Puller (pull.go) is the one for policies that ask;
//	  - what is asked for and does not come, and what nobody has thought of for Slack, the engine's repair asks for
//	    elsewhere, the source at last. A choice is the policy's, a second try the engine's.
//
// # Cost
//
// Announcements are the price of a mesh: to each of Listen neighbours every Announce, about 150 bytes with headers and
// acknowledgement. They are also its delay: a hop takes half an Announce, half a Turn and three trips, where a push
// takes one.
package mesh
