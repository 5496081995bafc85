// Package credit is what a peer believes of what its neighbours say that they can give: a claim is as good as what has come
// of it. A newcomer is believed for a while, for nobody may have asked it for anything yet. After that, whoever pushes to this peer
// is believed, and whoever others have confirmed an uplink to; one that was asked and sent nothing is left alone, for longer
// each time, until something comes of it.
package credit
