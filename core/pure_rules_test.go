package core_test

import (
	"go/token"
	"slices"
	"strings"
	"testing"
)

// body is a source with imports on line 3 and a statement on line 6.
func body(imports, statement string) string {
	if imports != "" {
		imports = `import "` + imports + `"`
	}
	return "package p\n\n" + imports + "\n\nfunc f(m map[string]int, c chan int, d D) {\n\t" + statement + "\n}\n\ntype D struct{ inner map[int]bool }\n\ntype named map[int]int\n"
}

// withoutChannel is body without the channel in its parameters.
func withoutChannel(imports, statement string) string {
	return strings.Replace(body(imports, statement), "c chan int, ", "", 1)
}

func TestPurityRule(t *testing.T) {
	const p = "core/engine/a.go"
	try(t, impurities, []ruleCase{
		{"time as a quantity", p, withoutChannel("time", "_ = 3 * time.Second"), ""},
		{"reading the clock", p, withoutChannel("time", "_ = time.Now()"), "6: time.Now"},
		{"sleeping", p, withoutChannel("time", "time.Sleep(1)"), "6: time.Sleep"},
		{"the clock as a value", p, withoutChannel("time", "now := time.Now; _ = now"), "6: time.Now"},
		{"an imported network", p, withoutChannel("net/netip", "_ = netip.Addr{}"), "3: does not import net/netip"},
		{"the operating system", p, withoutChannel("os", "_ = os.Stdout"), "3: does not import os"},
		{"a lock", p, withoutChannel("sync", "_ = sync.Mutex{}"), "3: does not import sync"},
		{"an atomic", p, withoutChannel("sync/atomic", "_ = atomic.Int64{}"), "3: does not import sync/atomic"},
		{"a context", p, withoutChannel("context", "_ = context.Background()"), "3: does not import context"},
		{"a logger", p, withoutChannel("log/slog", "slog.Info(``)"), "3: does not import log/slog"},
		{"a name that only begins like one", p, withoutChannel("ossuary", "_ = ossuary.X"), ""},
		{"global chance", p, withoutChannel("math/rand/v2", "_ = rand.IntN(3)"), "6: rand.IntN"},
		{"seeded chance", p, withoutChannel("math/rand/v2", "_ = rand.New(rand.NewPCG(1, 2))"), ""},
		{"a goroutine", p, withoutChannel("", "go f(nil, d)"), "6: a goroutine"},
		{"a channel", p, body("", ""), "5: a channel"},
		{"a send", "core/budget/a.go", withoutChannel("", "d.c <- 1"), "6: a send"},
		{"a receive", "core/budget/a.go", withoutChannel("", "<-d.c"), "6: a receive"},
		{"select", "core/budget/a.go", withoutChannel("", "select {}"), "6: select"},

		{"a range over a slice", p, withoutChannel("", "for range []int{1} {}"), ""},
		{"a range over a map", p, withoutChannel("", "for range m {}"), "6: a map has no order"},
		{"a range over a map in a struct", p, withoutChannel("", "for range d.inner {}"), "6: a map has no order"},
		{"a range over a named map", p, withoutChannel("", "for range (named{}) {}"), "6: a map has no order"},
		{"a range over a result", p, withoutChannel("", "for range func() map[int]int { return nil }() {}"), "6: a map has no order"},
		{"a range over a map of foreign things", p, withoutChannel("time", "for range map[time.Duration]time.Duration{} {}"), "6: a map has no order"},
		{"a reason on the line", p, withoutChannel("", "for range m {} // order-free: only counted"), ""},
		{"a reason above", p, withoutChannel("", "// order-free: only counted\n\tfor range m {}"), ""},
		{"a mark without a reason", p, withoutChannel("", "for range m {} // order-free:"), "6: a map has no order"},
		{"a reason for something else", p, withoutChannel("", "for range m {}\n\t// order-free: too late"), "6: a map has no order"},
		{"keys of a map", p, withoutChannel("maps", "for range maps.Keys(m) {}"), "6: maps.Keys has no order"},
		{"sorted keys", p, withoutChannel("maps", "// order-free: sorted\n\t_ = maps.Keys(m)"), ""},

		{"suites may do what they like", "core/engine/enginetest/a.go", body("time", "go func() { time.Sleep(1) }()"), ""},
		{"tests may", "core/engine/a_test.go", body("time", "go func() { time.Sleep(1) }()"), ""},
		{"the node may", "core/node/a.go", body("time", "go func() { time.Sleep(1) }()"), ""},
	})
}

// TestMapOfAnotherPackage looks through an import: the type is declared there.
func TestMapOfAnotherPackage(t *testing.T) {
	fset := token.NewFileSet()
	var all []source
	for _, f := range []struct{ path, content string }{
		{"core/swarm/a.go", "package swarm\n\ntype Peers map[int]string\n\ntype Known struct{ Peers Peers }\n"},
		{"core/engine/a.go", "package engine\n\nimport \"" + module + "/core/swarm\"\n\nfunc f(k *swarm.Known) {\n\tfor range k.Peers {\n\t}\n}\n"},
	} {
		s, err := parse(fset, f.path, f.content)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if found := mapRanges(all); len(found) != 1 || found[0].path != "core/engine/a.go" || found[0].line != 6 {
		t.Errorf("found %v, want core/engine/a.go:6", found)
	}
}

// TestPurePackagesImportPureOnes keeps the list whole: a package that a pure
// one imports must be held to the same.
func TestPurePackagesImportPureOnes(t *testing.T) {
	for _, s := range tree(t) {
		if !isPure(s) {
			continue
		}
		for _, i := range s.imports() {
			if to, own := i.own(); own && !slices.Contains(pure, to) {
				t.Error(s.at(i.spec, "%s is pure and imports %s, which is not", s.dir(), to))
			}
		}
	}
}
