// Command mediamtx obtains the real MediaMTX that the demo and the end-to-end
// tests run against, and prints the path of its binary on standard output:
//
//	MEDIAMTX_BIN=$(go run ./cmd/mediamtx) shoal demo
//
// The first run downloads the pinned source through the Go module proxy and
// builds it, which takes about two minutes on two cores; progress goes to
// standard error. Later runs answer at once and need no network.
//
// MEDIAMTX_BIN names another binary to use instead.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	path, err := tool.Path(ctx, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(path)
}
