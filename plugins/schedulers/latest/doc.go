// Package latest is the policy of the epidemic push: to a neighbour at random goes the newest chunk that is of use to it.
//
// Where it comes from: Bonald, Massoulie, Mathieu, Perino and Twigg ("Epidemic Live Streaming: Optimal Performance
// Trade-Offs", SIGMETRICS 2008) prove that random peer, latest useful chunk spreads at the optimal rate and within the
// optimal delay but for a constant, where a sender knows what its target holds. Sanghavi, Hajek and Massoulie ("Gossiping
// with Multiple Messages", INFOCOM 2007) study latest first pushes without that knowledge. Karp, Schindelhauer, Shenker
// and Voecking ("Randomized Rumor Spreading", FOCS 2000) show that a push is good until half know a rumor and wasteful
// then, when asking is better: hence Known and the repair.
//
// What it is here: package mesh does all but the choice. Once a Turn a peer sends, while its share of the uplink lasts, one
// chunk at a time to a listener drawn at random (push.go). What a neighbour holds is known from its announcements,
// late by a trip and up to Announce, so two senders often choose the same target: that is the price, a third to a half of
// the chunks where uplinks are ample. Whom no push reaches the engine's repair helps, which may take the whole rate here.
//
// # Cost
//
// The contract has no standing order for a choice by chunk: every copy is a one-off Send, decided on holdings that are told
// in a batch a Turn. At 20 ms that is 50 batches a second a peer, on top of those for what else happens.
//
// # When to choose it
//
// Where the delay of a mesh must be low and uplinks are ample: between homes its median delay is two thirds of that of the
// pulls, and there is no structure that departures could tear.
//
// Not where uplinks are tight: duplicates are bytes that somebody lacks (README).
//
// # Parameters
//
// See Params and mesh.Params: each field's comment gives the name in the config, unit, default and limits.
package latest
