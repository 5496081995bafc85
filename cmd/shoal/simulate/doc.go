// Package simulate runs a scenario in virtual time: once for each policy, number of viewers and seed, several at once, each by
// itself and so the same whatever else runs. When there are more cores than runs, each run uses several; a report does not
// depend on how many. A policy that is an executable runs as a process of the plugin host, in lockstep: virtual time stands
// still until it has answered. Everything that Run starts has ended when it returns.
package simulate
