// Package tool obtains and runs the real MediaMTX, for the demo and for tests.
//
// [Path] answers with the path of a MediaMTX binary of exactly [Version]. The
// first call builds it, later calls find it in a cache inside the checkout:
//
//	cmd/mediamtx/pin/go.mod       which version, and the hash of its source
//	        |  go mod download    (module cache; checked against pin/go.sum)
//	        v
//	a copy of the source + the generated files that its embeds need
//	        |  go build           (checked against MediaMTX's own go.sum)
//	        v
//	.cache/mediamtx/VERSION-OS-ARCH/mediamtx     renamed into place when whole
//
// Two processes that ask at the same time build once: the second waits on a
// lock file. A build that is interrupted leaves nothing that a later one could
// mistake for a result.
//
// [Start] runs that binary in a folder of the caller's, on free loopback
// ports, and returns once its control API answers. On Linux the process dies
// with the process that started it, whatever kills that one.
//
// All of Path, Start and the methods of [Server] may be called from several
// goroutines. This package belongs to cmd: it reads the environment
// (MEDIAMTX_BIN) and starts processes, so nothing outside cmd imports it
// except tests.
package tool
