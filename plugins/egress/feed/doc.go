// Package feed holds what every egress has to know of the items that it is fed: which epoch they belong to, which of
// their tracks can be decoded at the moment, and when they were born by the source's clock.
//
//	before Begin        nothing can be used
//	after Begin         nothing until the first random-access group
//	after that          everything
//	after Gap           audio at once, video from the next random-access group
//
// Nothing here is safe for use by two goroutines at once.
package feed
