package scaffold

import "github.com/shoal-live/shoal/plugins/bridge"

// kind is what differs between the kinds beside their templates. NAME stands for the plugin's name.
type kind struct {
	what     string // the plugin is
	plugin   string // the expression for sdk.Serve
	contract string // package below core
	use      string // how a node takes it
	files    []fileNote
}

func kinds() map[bridge.Kind]kind {
	return map[bridge.Kind]kind{
		bridge.KindTransport: {
			what: "it carries frames between nodes over TLS and TCP", plugin: `sdk.Transport("NAME", New)`, contract: "transport",
			use: "In `shoal.yml`, at the source and at every viewer:\n\n```yaml\ntransport:\n  name: NAME\n  path: ./NAME\n  listen: :9872\n```\n\n" +
				"Or see it at once: `shoal demo --transport ./NAME`.",
			files: []fileNote{
				{"main.go", "serves it"}, {"transport.go", "the endpoint: listening, dialing, its links"},
				{"greet.go", "frames, and who is at the other end"}, {"link.go", "one connection: its queues, its reader, its writer"},
				{"contract_test.go", "the contract"},
			},
		},
		bridge.KindPolicy: {
			what: "it decides who gets what from whom", plugin: `sdk.Policy("NAME", New)`, contract: "scheduler",
			use: "In `shoal.yml`, and any node may have its own:\n\n```yaml\npolicy:\n  name: NAME\n  path: ./NAME\n  params: {children: \"4\"}\n```\n\n" +
				"Or see it at once: `shoal demo --policy ./NAME`.",
			files: []fileNote{
				{"main.go", "serves it"}, {"policy.go", "links, feeders, children: one function each"}, {"contract_test.go", "the contract"},
			},
		},
		bridge.KindIngest: {
			what: "it brings media in: a test pattern, or a raw H.264 file, at its frame rate", contract: "ingest",
			plugin: `sdk.DiscoveringIngest("NAME", New, NewDiscoverer)`,
			use: "In `shoal.yml`, which then shares the stream `NAME`:\n\n```yaml\ningest:\n  name: NAME\n  path: ./NAME\n```\n\n" +
				"`shoal plugin test` has clauses about sources that fail: `--case absent=/no/such/file` shows it one.",
			files: []fileNote{
				{"main.go", "serves it"}, {"ingest.go", "reads, paces and packages; lists what there is"},
				{"annexb.go", "takes a raw H.264 file apart into pictures"}, {"pattern.h264", "2 s of test pattern"}, {"contract_test.go", "the contract"},
			},
		},
		bridge.KindEgress: {
			what: "it serves a stream as one endless MP4 file over HTTP", plugin: `sdk.Egress("NAME", New)`, contract: "egress",
			use: "At a viewer: `shoal watch --egress ./NAME,listen=127.0.0.1:8870 http://your.host:9870/cam1`, or the same in a file that\n" +
				"`shoal watch --config` follows. At the source, in `shoal.yml`, for every stream or under `streams.cam1` for one:\n\n" +
				"```yaml\negress:\n  NAME:\n    name: NAME\n    path: ./NAME\n    listen: 127.0.0.1:8870\n```\n\n" +
				"It says the URL at which a stream can be played: `mpv http://127.0.0.1:8870/cam1.mp4`, or the same in ffplay, VLC or a browser.",
			files: []fileNote{
				{"main.go", "serves it"}, {"egress.go", "the server, and a bounded queue for each player"}, {"contract_test.go", "the contract"},
			},
		},
	}
}
