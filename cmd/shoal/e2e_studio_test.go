//go:build unix

package main_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
)

// studioClip is the variable by which this program is a studio: it names the clip.
const studioClip = "SHOAL_E2E_STUDIO"

// studio runs MediaMTX and a camera that sends a clip to its path cam1, until it is told to end. It is a process because it
// must be on another machine than the tests.
func studio(name string) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := record(ctx, name); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func record(ctx context.Context, name string) error {
	dir, err := os.MkdirTemp("", "studio")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	media, err := tool.Start(ctx, tool.Options{Dir: dir})
	if err != nil {
		return err
	}
	defer media.Stop()
	fmt.Fprintf(os.Stdout, "api: %s\n", media.APIURL())
	return clip.Publish(ctx, media.RTSPURL("cam1"), clip.Options{Name: name})
}
