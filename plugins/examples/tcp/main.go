package main

import (
	"fmt"
	"os"

	"github.com/shoal-live/shoal/plugins/sdk"
)

func main() {
	if err := sdk.Serve(sdk.Transport(scheme, New)); err != nil {
		fmt.Fprintln(os.Stderr, "shoal-tcp:", err)
		os.Exit(1)
	}
}
