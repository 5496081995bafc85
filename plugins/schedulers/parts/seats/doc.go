// Package seats grants and refuses the eager subscriptions of neighbours, and keeps the orders to push in step with them.
//
// A seat is one copy of one substream. Seats are granted while the commitments stay within the uplink, relays before
// leaves, and then by age, and somewhat beyond to whoever is fed by nobody (room.go). A source has so many for each substream,
// for those who feed others.
//
// A seat is taken back (evict.go) for one who feeds others by it, or is nearer to the source by it; from nobody who has had it
// for less than three seconds, but those who can feed nobody and, where a substream has hardly left the source, anybody who feeds
// nobody in his. Who has had it longer is told before, and pushed to until another feeder delivers.
//
// Where uplinks do not suffice for all (scarce.go), contributors come first, and of two alike the one that lacks less.
package seats
