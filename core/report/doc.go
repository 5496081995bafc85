// Package report is the one report of Shoal: what `shoal demo`, `shoal trial` and `shoal sim` write. Every
// field has one formula, given in its comment. Rates, ratios and caps count wire bits: IP headers, acknowledgements,
// handshakes, control and repair included. Pure.
package report
