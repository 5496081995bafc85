// Package control is the operator's HTTP API, on loopback: what runs, how it is doing, and Prometheus metrics. It is in the manner of
// MediaMTX's: GET /v3/<things>/list and /get/<name>, {"status": "error", "error": "..."} on failure.
//
//	GET /v3/info                  version, since when, uplink and its cap
//	GET /v3/streams/list          streams of this node
//	GET /v3/streams/get/<name>
//	GET /v3/peers/list            links of this node, on every stream
//	GET /v3/plugins/list          plugins: kind, isolation, process, restarts, latency of calls
//	POST /v3/plugins/reset/policy/mine    starts a plugin again that failed too often, without waiting
//	GET /v3/config/get            configuration in effect, secrets left out
//	GET /v3/config/overlay        what counts over file and environment
//	PATCH /v3/config/patch        changes it while everything plays: JSON with the keys of shoal.yml, null takes one back
//	GET /metrics                  Prometheus, prefix shoal_, base units, no label for each viewer
//	GET /healthz                  200 while the process answers
//	GET /readyz                   200 once the transports listen, 503 before
//
// A list comes in pages: itemsPerPage (1 to 1000, default 100) and page (from 0); the answer is {itemCount, pageCount, items}. A page
// beyond the last is empty. Fields are added, never changed; testdata holds a golden answer of each endpoint.
//
// It asks for no password, so it is for loopback or a network that is the operator's own; a change is taken from loopback
// alone, and never says which executable is run.
package control
