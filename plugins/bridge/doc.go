// Package bridge carries the four contracts of core across a process boundary: transport, policy, ingest and egress.
// It is the only package that imports the generated protobuf.
//
//	host process                                          plugin process
//	core contract <- Remote (client end)  == messages ==  Register (server end) -> implementation
//
// Each instance is one gRPC call, and each message a protobuf message of api/plugin/v1. Where both ends can, the
// messages travel on a data channel of the instance instead (package pipe), in the same order: what is large is
// neither marshalled nor copied by the bridge, since its field is the last of its message (see wire.go).
//
// # What a caller in the node can rely on
//
//   - Nothing that the node calls waits for the plugin. Dial is the one exception: its errors come at once, so it
//     waits for at most dialPatience, once; a plugin that did not answer in time is not waited for again.
//   - Errors keep their identity: errors.Is gives the same answer on both sides for every sentinel of the table in
//     errors.go.
//   - The death of a plugin is an ordinary error: Run, or the policy's Done, tells at once, wrapping ErrPluginDied.
//     A transport's links go down first, each with that cause.
//   - What a plugin says is checked against its contract: a link that was never up, a frame that is too long, or an answer that
//     nobody asked for ends the instance with ErrProtocol, or is passed over where the contract allows it.
package bridge
