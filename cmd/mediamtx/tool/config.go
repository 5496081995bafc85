package tool

import (
	"fmt"
	"net"
	"strings"
)

// ports are the loopback ports of one server; 0 is a listener that is off.
type ports struct {
	rtsp, api, hls, webrtc, webrtcUDP int
}

// freePorts asks the system for ports nobody uses now. Somebody may take one
// before MediaMTX does, which is why Start tries again with others.
func freePorts(o Options) (ports, error) {
	var p ports
	want := []*int{&p.rtsp, &p.api}
	if o.HLS == On {
		want = append(want, &p.hls)
	}
	if o.WebRTC == On {
		want = append(want, &p.webrtc, &p.webrtcUDP)
	}
	var held []net.Listener // all at once, so that no two are the same
	defer func() {
		for _, l := range held {
			_ = l.Close() // only its number was wanted
		}
	}()
	for _, port := range want {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return ports{}, fmt.Errorf("mediamtx: find a free port on 127.0.0.1: %w", err)
		}
		held = append(held, l)
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

// config is the generated mediamtx.yml. Everything listens on loopback only.
func config(o Options, p ports) string {
	var b strings.Builder
	set := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }

	set("# Generated for one run; edits are lost.")
	set("logLevel: info")
	set("logDestinations: [stdout]")
	set("authMethod: internal")
	set("authInternalUsers:")
	set("%s", indent(o.Auth))
	set("%s", indent("- user: any\n  pass: \"\"\n  ips: ['127.0.0.1', '::1']\n  permissions:\n  - {action: api}"))

	set("api: true")
	set("apiAddress: 127.0.0.1:%d", p.api)
	set("rtsp: true")
	set("rtspTransports: [tcp]")
	set("rtspAddress: 127.0.0.1:%d", p.rtsp)
	for _, off := range []string{"rtmp", "srt", "moq", "playback", "metrics", "pprof"} {
		set("%s: false", off)
	}
	set("hls: %t", o.HLS == On)
	if o.HLS == On {
		set("hlsAddress: 127.0.0.1:%d", p.hls)
	}
	set("webrtc: %t", o.WebRTC == On)
	if o.WebRTC == On {
		set("webrtcAddress: 127.0.0.1:%d", p.webrtc)
		set("webrtcLocalUDPAddress: 127.0.0.1:%d", p.webrtcUDP)
		set("webrtcAdditionalHosts: [127.0.0.1]")
	}
	if o.Extra != "" {
		set("%s", strings.TrimRight(o.Extra, "\n"))
	}
	set("paths:")
	set("%s", indent(o.Paths))
	return b.String()
}

// indent moves a block of YAML two columns to the right.
func indent(block string) string {
	lines := strings.Split(strings.Trim(block, "\n"), "\n")
	return "  " + strings.Join(lines, "\n  ")
}
