// Package ingesttest judges an implementation of ingest.Ingest: each promise of the contract is one subtest.
//
//	func TestContract(t *testing.T) {
//		ingesttest.Suite(t, ingesttest.Harness{New: rtsp.New, Live: live, Absent: absent, ...})
//	}
//
// The same suite judges an ingest that is linked in and one that runs as a plugin's process. The harness brings the
// sources, real ones. What an ingest cannot be shown is left out of the harness, and its case is skipped and says so.
package ingesttest
