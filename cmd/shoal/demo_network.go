package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/transports/quic/impair"
)

// demoNetwork is the bad network that a demo is given on purpose.
type demoNetwork struct {
	Latency      time.Duration `default:"0s" help:"One-way delay of every pair of nodes."`
	Sigma        float64       `default:"0" help:"Spread of --latency over pairs, that of its logarithm; then it is the median."`
	Jitter       time.Duration `default:"0s" help:"Greatest extra delay of a packet."`
	Loss         string        `default:"0" help:"Share of packets lost." placeholder:"PERCENT"`
	ViewerUplink string        `default:"0" help:"What a viewer's line carries upwards, in bits per second; 0 for no limit. Nodes are not told of it." placeholder:"RATE"`
}

// impairments are those of the source and of the viewers, as the transport takes them; "" for none.
func (n *demoNetwork) impairments(transport string) (source, viewers string, err error) {
	all, err := impair.Parse(fmt.Sprintf("latency=%v,sigma=%v,jitter=%v,loss=%s", n.Latency, n.Sigma, n.Jitter, n.Loss))
	if err != nil {
		return "", "", fmt.Errorf("demo: %w", err) // which names the key as the flag is called
	}
	rate, err := parseRate("viewer-uplink", n.ViewerUplink)
	if err != nil {
		return "", "", err
	}
	theirs := all
	theirs.Uplink = rate.Bytes()
	if err := theirs.Validate(); err != nil {
		return "", "", flagError("viewer-uplink", err)
	}
	if transport != "quic" && !theirs.Off() {
		return "", "", flagError("transport", errors.New("only the built-in quic can have a bad network: leave out --latency, --jitter, --loss and --viewer-uplink"))
	}
	return all.String(), theirs.String(), nil
}
