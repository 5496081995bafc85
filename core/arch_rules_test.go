package core_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// file is a source that imports one package.
func file(importing string) string { return "package p\n\nimport \"" + importing + "\"\n" }

func ours(p string) string { return file(module + "/" + p) }

func TestLayerRule(t *testing.T) {
	try(t, layers, []ruleCase{
		{"core imports the standard library", "core/chunk/a.go", file("time"), ""},
		{"core imports no library", "core/chunk/a.go", file("github.com/pion/rtp"), "3: standard library and core only, not github.com/pion/rtp"},
		{"a core suite imports no library", "core/transport/transporttest/a.go", file("github.com/pion/rtp"), "3: standard library"},
		{"core imports no codec", "core/node/a.go", ours("codecs/sign"), "3: not codecs/sign"},
		{"node sees no implementation", "core/node/a.go", ours("transports/memory"), "3: not transports/memory"},
		{"node sees contracts", "core/node/a.go", ours("core/transport"), ""},
		{"node does not see the simulator", "core/node/a.go", ours("core/sim"), "3: not sim"},
		{"swarm imports chunk", "core/swarm/a.go", ours("core/chunk"), ""},
		{"chunk does not import swarm", "core/chunk/a.go", ours("core/swarm"), "3: core/chunk may import [] of core, not swarm"},
		{"scheduler does not import engine", "core/scheduler/a.go", ours("core/engine"), "3: not engine"},
		{"engine imports budget", "core/engine/a.go", ours("core/budget"), ""},
		{"budget does not import engine", "core/budget/a.go", ours("core/engine"), "3: not engine"},
		{"engine does not import node", "core/engine/a.go", ours("core/node"), "3: not node"},
		{"a suite imports its contract", "core/scheduler/schedulertest/a.go", ours("core/scheduler"), ""},
		{"a suite obeys the layer of its contract", "core/scheduler/schedulertest/a.go", ours("core/engine"), "3: not engine"},
		{"a contract does not import its suite", "core/scheduler/a.go", ours("core/scheduler/schedulertest"), "3: its own suite"},
		{"core has no unknown package", "core/utils/a.go", ours("core/chunk"), "3: core/utils is not in the table"},
		{"a test reaches anywhere", "core/engine/a_test.go", ours("transports/memory"), ""},

		{"the bridge imports the protobuf", "plugins/bridge/a.go", ours("api/plugin/v1"), ""},
		{"the host does not import the protobuf", "plugins/host/a.go", ours("api/plugin/v1"), "3: only plugins/bridge"},
		{"cmd does not import the protobuf", "cmd/shoal/a.go", ours("api/plugin/v1"), "3: only plugins/bridge"},
		{"a test does not import the protobuf", "plugins/host/a_test.go", ours("api/plugin/v1"), "3: only plugins/bridge"},

		{"a transport imports its contract", "transports/quic/a.go", ours("core/transport"), ""},
		{"a transport imports its own parts", "transports/quic/a.go", ours("transports/quic/part"), ""},
		{"a transport imports libraries", "transports/quic/a.go", file("github.com/quic-go/quic-go"), ""},
		{"a transport does not import another", "transports/quic/a.go", ours("transports/memory"), "3: do not import one another"},
		{"a transport does not see the engine", "transports/quic/a.go", ours("core/engine"), "3: not core/engine"},
		{"a transport imports no codec", "transports/quic/a.go", ours("codecs/sign"), "3: not codecs/sign"},
		{"a codec does not import another", "codecs/cmaf/a.go", ours("codecs/zstd"), "3: do not import one another"},
		{"a codec imports its own parts", "codecs/cmaf/rtptrack/a.go", ours("codecs/cmaf"), ""},

		{"the sdk does not import the host", "plugins/sdk/a.go", ours("plugins/host"), "3: plugins/sdk does not import plugins/host"},
		{"the host imports the bridge", "plugins/host/a.go", ours("plugins/bridge"), ""},
		{"the catalogue imports a transport", "plugins/builtin/a.go", ours("transports/quic"), ""},
		{"a plugin does not see the node", "plugins/ingest/rtsp/a.go", ours("core/node"), "3: not core/node"},
		{"a plugin does not use the bus", "plugins/host/a.go", ours("api/bus"), "3: plugins do not import api/bus"},
		{"a plugin does not import cmd", "plugins/host/a.go", ours("cmd/shoal/config"), "3: only cmd imports cmd"},
		{"the material for tests has its exception", "plugins/egress/material/a.go", ours("cmd/shoal/clip"), ""},

		{"api imports core", "api/control/a.go", ours("core/node"), ""},
		{"api imports no plugin", "api/control/a.go", ours("plugins/host"), "3: not plugins/host"},
		{"api does not import cmd", "api/control/a.go", ours("cmd/shoal/config"), "3: only cmd imports cmd"},
		{"cmd wires everything", "cmd/shoal/a.go", ours("transports/quic"), ""},
	})
}

func TestExampleRule(t *testing.T) {
	try(t, exampleImports, []ruleCase{
		{"an example imports the sdk", "plugins/examples/tcp/a.go", ours("plugins/sdk"), ""},
		{"an example imports its contract", "plugins/examples/tcp/a.go", ours("core/transport"), ""},
		{"an example imports what its contract needs", "plugins/examples/tcp/a.go", ours("core/swarm"), ""},
		{"an example imports libraries", "plugins/examples/tcp/a.go", file("golang.org/x/sys/unix"), ""},
		{"an example does not see the node", "plugins/examples/tcp/a.go", ours("core/node"), "3: not core/node"},
		{"an example does not import the bridge", "plugins/examples/tcp/a.go", ours("plugins/bridge"), "3: not plugins/bridge"},
		{"an example does not import a built-in", "plugins/examples/tcp/a.go", ours("transports/quic"), "3: not transports/quic"},
		{"an example imports no suite", "plugins/examples/tcp/a.go", ours("core/transport/transporttest"), "3: only tests import"},
		{"its tests import the suite", "plugins/examples/tcp/a_test.go", ours("core/transport/transporttest"), ""},
		{"its tests import the harness", "plugins/examples/tcp/a_test.go", ours("plugins/plugintest"), ""},
		{"its tests do not import the host", "plugins/examples/tcp/a_test.go", ours("plugins/host"), "3: not plugins/host"},
	})
}

func TestProcessRule(t *testing.T) {
	use := func(imports, call string) string {
		return "package p\n\nimport \"" + imports + "\"\n\nfunc f() {\n\t" + call + "\n}\n"
	}
	try(t, processUses, []ruleCase{
		{"core does not read the environment", "core/node/a.go", use("os", `_ = os.Getenv("X")`), "6: os.Getenv"},
		{"plugins do not exit", "plugins/host/a.go", use("os", `os.Exit(1)`), "6: os.Exit"},
		{"nobody dies by logging", "api/bus/a.go", use("log", `log.Fatalf("x")`), "6: log.Fatalf"},
		{"nobody imports flag", "codecs/cmaf/a.go", use("flag", `flag.Parse()`), "3: only cmd imports flag"},
		{"another name does not hide it", "core/node/a.go", "package p\n\nimport sys \"os\"\n\nvar a = sys.Args\n", "5: os.Args"},
		{"a variable called os is no package", "core/node/a.go", "package p\n\nfunc f(os struct{ Args int }) int { return os.Args }\n", ""},
		{"files may be written", "plugins/egress/pipe/a.go", use("os", `_, _ = os.Create("x")`), ""},
		{"cmd may", "cmd/shoal/a.go", use("os", `os.Exit(1)`), ""},
		{"tests may", "core/node/a_test.go", use("os", `_ = os.Getenv("X")`), ""},
	})
}

func TestImportEffectRule(t *testing.T) {
	try(t, importEffects, []ruleCase{
		{"init", "core/node/a.go", "package p\n\nfunc init() {}\n", "3: no init functions"},
		{"init in a test", "core/node/a_test.go", "package p\n\nfunc init() {}\n", "3: no init functions"},
		{"a method of that name", "core/node/a.go", "package p\n\ntype t int\n\nfunc (t) init() {}\n", ""},
		{"a blank import", "cmd/shoal/a.go", "package p\n\nimport _ \"image/png\"\n", "3: name image/png"},
		{"embed", "cmd/shoal/a.go", "package p\n\nimport _ \"embed\"\n", ""},
		{"generated code", "api/plugin/v1/a.pb.go", "// Code generated by protoc. DO NOT EDIT.\npackage p\n\nfunc init() {}\n", ""},
	})
}

func TestTopLevelRule(t *testing.T) {
	good := []string{"core/", "plugins/", "transports/", "codecs/", "api/", "cmd/", ".ci/", ".git/", ".cache/", "go.mod", "README.md", "demo.json"}
	if got := strangers(good); len(got) > 0 {
		t.Errorf("strangers(%v) = %v, want none", good, got)
	}
	for _, bad := range []string{"internal/", "pkg/", "utils/", "docs/", "main.go"} {
		if got := strangers(append(good, bad)); len(got) != 1 || !strings.HasPrefix(got[0], bad) {
			t.Errorf("strangers with %s = %v, want that one", bad, got)
		}
	}
}

// TestExceptionsAreNeeded fails when an exception has outlived its reason.
func TestExceptionsAreNeeded(t *testing.T) {
	all := tree(t)
	for _, e := range importExceptions {
		used := !slices.ContainsFunc(all, func(s source) bool { return s.in(e.from) }) // not there yet
		for _, s := range all {
			for _, i := range s.imports() {
				to, _ := i.own()
				used = used || s.in(e.from) && to == e.to
				if to == e.from && !s.isTest() && !s.in("cmd/shoal/plugincheck") { // which runs the suites from the binary
					t.Errorf("%s: %s is for tests only (%s)", s.path, e.from, e.reason)
				}
			}
		}
		if !used {
			t.Errorf("no import of %s in %s: remove the exception", e.to, e.from)
		}
	}
	for _, e := range processExceptions {
		used := !slices.ContainsFunc(all, func(s source) bool { return s.in(e.folder) }) // not there yet
		for _, s := range all {
			s.uses(func(_ ast.Node, pkg, name string) {
				used = used || s.in(e.folder) && !s.isTest() && pkg+"."+name == e.use
			})
		}
		if !used {
			t.Errorf("no %s in %s: remove the exception", e.use, e.folder)
		}
	}
}
