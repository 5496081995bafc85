// Package bus coordinates an operator's own processes over NATS: an embedded server, or a cluster by URL. It
// carries events, the registry of streams and publishing leases, and never media. Viewers never see it. When it
// is away, events are dropped and counted, leases go on from a file, and nothing else of Shoal stops.
//
// # Subjects
//
//	shoal.v1.<what>.<who>.<past-tense-event>     built by Subject alone
//
//	shoal.v1.stream.<name>.available             shoal.v1.plugin.<name>.started
//	shoal.v1.stream.<name>.unavailable           shoal.v1.plugin.<name>.died
//	shoal.v1.stream.<name>.epoch-changed         shoal.v1.plugin.<name>.restarted
//	shoal.v1.stream.<name>.group-missed          shoal.v1.policy.<stream id>.replaced
//	shoal.v1.stream.<name>.ingest-failed         shoal.v1.policy.<stream id>.returned
//	shoal.v1.peer.<peer>.joined                  shoal.v1.part.<name>.failed
//	shoal.v1.peer.<peer>.left                    shoal.v1.origin.<origin>.health-reported
//	shoal.v1.peer.<peer>.chunk-rejected          shoal.v1.viewer.<stream id>.playback-started
//
// A name's characters that a subject token cannot hold are written as %XX.
//
// # Payloads
//
// JSON, one Envelope each; testdata holds a golden file for every event. Fields are added, never changed.
//
// # Buckets (JetStream KV)
//
//	shoal_streams   stream name -> Record: who publishes it, from where
//	shoal_leases    StreamID -> Lease: the publishing lease, whose revision is the epoch
package bus
