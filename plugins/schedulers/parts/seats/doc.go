// Package seats grants and refuses the eager subscriptions of neighbours, and keeps the orders to push in step with them.
//
// A seat is one copy of one substream. Seats are granted while the commitments stay within the uplink, relays before
// leaves, and then by age. Nobody who is served loses a seat to a later leaf, and only to a relay that can serve it in turn.
// A source has so many for each substream, and gives those that nobody has first.
package seats
