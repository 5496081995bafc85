// Package uplink is what a peer may commit of its own uplink, and what it tells its neighbours of that. Capacity counts
// once receipts have shown it: a policy only sees what it has used, so an uplink without a cap is trusted with a
// little more than it sends, and with no more than it carried when chunks waited for it.
package uplink
