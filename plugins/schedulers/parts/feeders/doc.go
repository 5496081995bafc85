// Package feeders keeps the subscriptions of a peer that is pushed to: who feeds it which substream, who would not and until
// when it is left alone, how good a neighbour looks, and a few neighbours that announce what they do not push, so that what
// a feeder loses can be asked for. Whom to choose, and how many, is the policy's.
package feeders
