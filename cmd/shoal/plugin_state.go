package main

import (
	"cmp"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"time"

	"github.com/shoal-live/shoal/api/control"
)

// The states of a plugin that no node tells.
const (
	stateNoNode = "not running" // the control API of the config does not answer
	stateUnused = "not in use"  // it answers, and does not know the plugin
	stateBroken = "cannot start"
)

// askTime is how long a control API may take to answer.
const askTime = time.Second

// pluginStates is what a running node says of its plugins. nil: there is none.
type pluginStates []control.Plugin

// askStates asks the node whose control API listens at an address.
func askStates(ctx context.Context, listen string) pluginStates {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, stop := context.WithTimeout(ctx, askTime)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/v3/plugins/list?itemsPerPage=1000", nil)
	if err != nil {
		return nil
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil // nobody is there
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	var page struct {
		Items []control.Plugin `json:"items"`
	}
	if resp.StatusCode != http.StatusOK || json.NewDecoder(http.MaxBytesReader(nil, resp.Body, 1<<20)).Decode(&page) != nil {
		return nil // another program, or another version
	}
	return append(pluginStates{}, page.Items...)
}

// fill sets the state of one plugin.
func (s pluginStates) fill(p *listedPlugin) {
	p.State = stateNoNode
	if s != nil {
		p.State = stateUnused
	}
	for _, item := range s {
		if item.Kind == p.Kind && item.Name == p.Name {
			p.State = item.State
			p.Error = cmp.Or(p.Error, item.Error)
			return
		}
	}
	if p.Error != "" {
		p.State = stateBroken
	}
}
