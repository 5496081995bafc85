// This module only pins the MediaMTX that the demo and the end-to-end tests
// run. It is apart from the main module because MediaMTX is all `internal`: it
// is a tool that we build, never a library that we import.
module github.com/shoal-live/shoal/cmd/mediamtx/pin

go 1.26.0

require github.com/bluenviron/mediamtx v1.20.1
