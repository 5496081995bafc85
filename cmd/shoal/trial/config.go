package trial

import (
	"maps"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/config"
)

// serverConfig is that of `shoal serve`, on free ports of the loopback: the same ones in each life, if it has several.
func (t *trial) serverConfig() (config.Config, error) {
	c := config.Default()
	var ports [6]int // any
	if len(t.plan.outages) > 0 {
		free, err := freePorts(len(ports))
		if err != nil {
			return c, err
		}
		ports = [6]int(free)
	}
	address := func(i int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i])) }
	s := &t.opts.Scenario.Stream
	c.DataDir = filepath.Join(t.opts.Dir, "source")
	c.MediaMTX.API = t.media.APIURL()
	c.MediaMTX.Poll = 250 * time.Millisecond
	c.Rendezvous.Listen = address(0)
	c.Rendezvous.STUN = []string{address(1), address(2)}
	c.Bus.Listen = address(3)
	c.Control.Listen = address(4)
	c.Transport = t.transport(0)
	c.Transport.Listen, c.Transport.Isolation = address(5), config.Process
	c.Policy = t.policy()
	c.Policy.Isolation = config.Process
	c.Uplink = config.Rate(8 * t.plan.sim.Source.Cap)
	c.Stream.Group, c.Stream.ChunkSize = s.Group, s.ChunkSize
	c.Stream.Parity = config.Percent(strconv.Itoa(s.Parity.Percent()) + "%")
	return c, nil
}

// transport is that of a node whose line carries so many bytes per second upwards; 0 for no limit.
func (t *trial) transport(uplink uint64) config.Plugin {
	p := config.Plugin{Name: "quic"}
	if network := t.plan.network(uplink); !network.Off() {
		p.Params = map[string]string{"impair": network.String()}
	}
	return p
}

// policy is that of all nodes, with the copies that leave the source unasked where it is built in and was given none.
func (t *trial) policy() config.Plugin {
	p := t.opts.Policy
	if _, given := p.Params["copies"]; given || p.Path != "" {
		return p
	}
	p.Params = maps.Clone(p.Params)
	if p.Params == nil {
		p.Params = make(map[string]string)
	}
	p.Params["copies"] = strconv.Itoa(t.opts.Scenario.Source.Copies)
	return p
}
