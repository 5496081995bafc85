// Package page draws what runs of the simulator reached as one HTML page with its plots in it, which needs nothing else to be
// shown: no script, no other file, no network.
package page
