package core_test

import (
	"fmt"
	"go/ast"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// coreImports is who may import whom inside core. A package that is not here
// does not belong in core until it is.
var coreImports = map[string][]string{
	"chunk":     {},
	"report":    {},
	"swarm":     {"chunk"},
	"event":     {"chunk", "swarm"},
	"scheduler": {"chunk", "swarm"},
	"budget":    {"chunk", "swarm", "scheduler"},
	"engine":    {"chunk", "swarm", "scheduler", "budget", "event", "report"},
	"sim":       {"chunk", "swarm", "scheduler", "budget", "event", "report", "engine"},
	"transport": {"chunk", "swarm"},
	"ingest":    {"chunk"},
	"egress":    {"chunk"},
	"node": {
		"chunk", "swarm", "scheduler", "budget", "event", "report", "engine", "transport", "ingest", "egress",
	},
}

// contracts are what implementations see of core.
var contracts = []string{"chunk", "swarm", "scheduler", "transport", "ingest", "egress", "event", "report"}

// importExceptions are imports that the rules would refuse, each with its reason.
var importExceptions = []struct{ from, to, reason string }{
	{"plugins/egress/material", "cmd/shoal/clip", "material for tests, cut from the bundled clips; only tests import it"},
	{"plugins/ingest/mpegts/mpegtstest", "cmd/shoal/clip", "the same, as MPEG-TS"},
	{"plugins/ingest/rtsp/rtsptest", "cmd/shoal/clip", "the same, over RTSP"},
	{"plugins/ingest/rtsp/rtsptest", "cmd/mediamtx/tool", "the server that it is sent to; only tests import it"},
}

// generatedProtobuf may be imported by plugins/bridge only.
const generatedProtobuf = "api/plugin/v1"

func TestImportsFollowTheLayers(t *testing.T) { report(t, layers(tree(t))) }

// layers checks the imports of everything but tests, which may reach anywhere
// except into the generated protobuf.
func layers(all []source) []finding {
	var found []finding
	for _, s := range all {
		for _, i := range s.imports() {
			if says := refuse(s, i); says != "" {
				found = append(found, s.at(i.spec, "%s", says))
			}
		}
	}
	return found
}

// refuse says why s may not import i, or nothing.
func refuse(s source, i imported) string {
	to, own := i.own()
	if own && to == generatedProtobuf && !s.in("plugins/bridge") && !s.in(generatedProtobuf) {
		return "only plugins/bridge imports the generated protobuf"
	}
	if s.isTest() {
		return ""
	}
	for _, e := range importExceptions {
		if s.in(e.from) && to == e.to {
			return ""
		}
	}
	switch top, _, _ := strings.Cut(s.path, "/"); {
	case top == "core" && !own && !i.standard():
		return fmt.Sprintf("core imports the standard library and core only, not %s", i.path)
	case !own || top == "cmd":
		return ""
	case top == "core":
		return refuseInCore(s.dir(), to)
	case within(to, "cmd"):
		return fmt.Sprintf("only cmd imports cmd, %s does not", top)
	case top == "transports" || top == "codecs":
		return refuseLeaf(s.dir(), to)
	case top == "api" && !within(to, "core") && !within(to, "codecs") && !within(to, "api"):
		return fmt.Sprintf("api imports core, codecs and api, not %s", to)
	case top == "plugins":
		return refuseInPlugins(s, to)
	}
	return ""
}

func refuseInCore(dir, to string) string {
	from := second(dir)
	if from == "" {
		return ""
	}
	allowed, known := coreImports[from]
	switch {
	case !known:
		return fmt.Sprintf("core/%s is not in the table of core/arch_test.go", from)
	case !within(to, "core"):
		return fmt.Sprintf("core imports the standard library and core only, not %s", to)
	case second(to) == from && to != "core/"+from && dir == "core/"+from:
		return fmt.Sprintf("%s imports its own suite %s", dir, to)
	case second(to) != from && !slices.Contains(allowed, second(to)):
		return fmt.Sprintf("core/%s may import %v of core, not %s", from, allowed, second(to))
	}
	return ""
}

// refuseLeaf is the rule for implementations: contracts, and nothing beside them.
func refuseLeaf(dir, to string) string {
	top, _, _ := strings.Cut(dir, "/")
	switch {
	case within(to, top+"/"+second(dir)):
		return ""
	case within(to, top):
		return fmt.Sprintf("%s do not import one another: not %s", top, to)
	case within(to, "core") && !slices.Contains(contracts, second(to)):
		return fmt.Sprintf("%s see the contracts of core, not core/%s", top, second(to))
	case !within(to, "core"):
		return fmt.Sprintf("%s import core's contracts only, not %s", top, to)
	}
	return ""
}

func refuseInPlugins(s source, to string) string {
	switch {
	case s.in("plugins/sdk") && within(to, "plugins/host"):
		return "plugins/sdk does not import plugins/host"
	case within(to, "api") && to != generatedProtobuf:
		return fmt.Sprintf("plugins do not import %s", to)
	case within(to, "core") && !slices.Contains(contracts, second(to)):
		return fmt.Sprintf("plugins see the contracts of core, not core/%s", second(to))
	}
	return ""
}

// examplesFolder holds modules of their own, written as third parties would.
const examplesFolder = "plugins/examples"

// forExamples is what an example may import of Shoal; forTheirTests is what its
// tests may beside it. Whatever else they needed would be missing from the SDK.
var (
	forExamples   = []string{"plugins/sdk", "core/chunk", "core/swarm", "core/transport", "core/scheduler", "core/ingest", "core/egress"}
	forTheirTests = []string{
		"plugins/plugintest", "core/transport/transporttest", "core/scheduler/schedulertest", "core/ingest/ingesttest", "core/egress/egresstest",
	}
)

func TestExamplesImportTheSDKAndContractsAlone(t *testing.T) {
	all := below(t, examplesFolder, func(string) bool { return false })
	report(t, append(exampleImports(all), importEffects(all)...))
}

func exampleImports(all []source) []finding {
	var found []finding
	for _, s := range all {
		for _, i := range s.imports() {
			to, own := i.own()
			switch {
			case !own || slices.Contains(forExamples, to) || s.isTest() && slices.Contains(forTheirTests, to):
			case slices.Contains(forTheirTests, to):
				found = append(found, s.at(i.spec, "only tests import %s", to))
			default:
				found = append(found, s.at(i.spec, "examples import plugins/sdk and the contracts of core only, not %s", to))
			}
		}
	}
	return found
}

// second is the second element of a path: scheduler of core/scheduler/schedulertest.
func second(p string) string {
	_, rest, _ := strings.Cut(p, "/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// processWide lists what reaches outside the program's own arguments, and so
// belongs to cmd. An empty name stands for the whole package.
var processWide = map[string][]string{
	"os": {
		"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv", "Clearenv", "Exit", "Args",
	},
	"flag": {""},
	"log":  {"Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln"},
}

// processExceptions are uses outside cmd, each with its reason.
var processExceptions = []struct{ folder, use, reason string }{
	{"plugins/sdk", "os.Getenv", "the host hands over the handshake cookie and the log level in the environment"},
	{"plugins/sdk", "os.Exit", "a plugin process ends itself when its host is gone, whatever main is doing"},
}

func TestOnlyCmdReadsTheEnvironmentAndExits(t *testing.T) { report(t, processUses(tree(t))) }

func processUses(all []source) []finding {
	var found []finding
	for _, s := range all {
		if s.isTest() || s.in("cmd") {
			continue
		}
		for _, i := range s.imports() {
			if slices.Contains(processWide[i.path], "") {
				found = append(found, s.at(i.spec, "only cmd imports %s", i.path))
			}
		}
		s.uses(func(n ast.Node, pkg, name string) {
			if slices.Contains(processWide[pkg], name) && !excepted(s, pkg+"."+name) {
				found = append(found, s.at(n, "only cmd calls %s.%s", pkg, name))
			}
		})
	}
	return found
}

func excepted(s source, use string) bool {
	for _, e := range processExceptions {
		if s.in(e.folder) && e.use == use {
			return true
		}
	}
	return false
}

func TestNothingRunsByBeingImported(t *testing.T) { report(t, importEffects(tree(t))) }

// importEffects finds init functions and blank imports. Generated code has its
// own habits; embed has no other form.
func importEffects(all []source) []finding {
	var found []finding
	for _, s := range all {
		if ast.IsGenerated(s.file) {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				found = append(found, s.at(f, "no init functions: put it in a table or a constructor"))
			}
		}
		for _, i := range s.imports() {
			if i.name == "_" && i.path != "embed" {
				found = append(found, s.at(i.spec, "no blank imports: name %s where it is used", i.path))
			}
		}
	}
	return found
}

// topLevel is every folder that may stand at the root. Those of tools begin
// with a dot and are not in git, but .ci.
var topLevel = []string{"core", "plugins", "transports", "codecs", "api", "cmd"}

func TestTopLevelHasOnlyTheKnownFolders(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name()+"/")
		} else {
			names = append(names, e.Name())
		}
	}
	for _, says := range strangers(names) {
		t.Error(says)
	}
}

// strangers names what does not belong at the root. Folders end with a slash.
func strangers(names []string) []string {
	var says []string
	for _, n := range names {
		folder, isFolder := strings.CutSuffix(n, "/")
		switch {
		case isFolder && !strings.HasPrefix(n, ".") && !slices.Contains(topLevel, folder):
			says = append(says, fmt.Sprintf("%s: the top level has %s and no other folder", n, strings.Join(topLevel, ", ")))
		case path.Ext(n) == ".go":
			says = append(says, fmt.Sprintf("%s: no Go files at the top level", n))
		}
	}
	return says
}
