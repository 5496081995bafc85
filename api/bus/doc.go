// Package bus coordinates an operator's own processes over NATS: an embedded server, or a cluster by URL. It
// carries events, the registry of streams and publishing leases, and never media. Viewers never see it. When it
// is away, events wait in a bounded queue (what does not fit is dropped and counted), leases go on from a file, nothing else of
// Shoal stops, and when it is back, events flow and this origin's records are written again.
//
// # Subjects
//
//	shoal.v1.<what>.<who>.<past-tense-event>     built by Subject alone
//
//	shoal.v1.stream.<name>.available             shoal.v1.plugin.<name>.started
//	shoal.v1.stream.<name>.unavailable           shoal.v1.plugin.<name>.died
//	shoal.v1.stream.<name>.ingest-failed         shoal.v1.plugin.<name>.restarted
//	shoal.v1.viewer.<stream id>.playback-started shoal.v1.policy.<stream id>.replaced
//	shoal.v1.viewer.<stream id>.epoch-changed    shoal.v1.policy.<stream id>.returned
//	shoal.v1.viewer.<stream id>.group-missed     shoal.v1.part.<name>.failed
//	shoal.v1.peer.<peer>.joined                  shoal.v1.origin.<origin>.health-reported
//	shoal.v1.peer.<peer>.left                    shoal.v1.config.<origin>.changed
//	shoal.v1.peer.<peer>.chunk-rejected          shoal.v1.config.<origin>.rejected
//
// Beside events there is one question, by whoever stands by for a stream to the holder of its lease, which answers its name:
//
//	shoal.ask.v1.lease.<stream id>
//
// A name's characters that a subject token cannot hold are written as %XX.
//
// # Payloads
//
// JSON, one Envelope each; testdata holds a golden file for every event. Fields are added, never changed.
//
// # Buckets (JetStream KV)
//
//	shoal_streams   stream name -> Record: who publishes it, from where; fades a minute after its origin was killed
//	shoal_leases    StreamID -> Lease: the publishing lease: who has it publishes, others with the key stand by
//	shoal_config    node -> a JSON object with keys of its config file, which count over the file while it runs
//
// A bucket that an operator has made before, with other replicas or limits, is taken as it is.
package bus
