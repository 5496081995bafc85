// Package control is the operator's HTTP API, on loopback: what runs, how it is doing, and Prometheus metrics. It is in the manner of
// MediaMTX's: GET /v3/<things>/list and /get/<name>, pages by itemsPerPage and page, {"error": "..."} on failure.
//
//	GET /v3/info                  version, since when, uplink and its cap
//	GET /v3/streams/list          streams of this node
//	GET /v3/streams/get/<name>
//	GET /v3/peers/list            links of this node, on every stream
//	GET /v3/plugins/list          plugins: kind, isolation, process, restarts
//	GET /metrics                  Prometheus, prefix shoal_, base units, no label for each viewer
//	GET /healthz                  200 while the process answers
//	GET /readyz                   200 once the transports listen
package control
