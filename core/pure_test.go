package core_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

// pure are the packages that are held to purity, without their suites: those of
// DESIGN section 4 and what they import.
var pure = []string{
	"core/chunk", "core/swarm", "core/scheduler", "core/engine", "core/budget", "core/sim", "core/event", "core/report",
}

// impureImports are refused with everything below them.
var impureImports = []string{
	"net", "os", "sync", "context", "log", "syscall", "runtime", "testing", "embed", "crypto/rand", "unsafe", "plugin",
}

// clockUses are the names of time that read a clock or wait for one.
var clockUses = []string{
	"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Timer", "Ticker",
}

// seededRand are the names of math/rand that take their chance from a source
// that was passed in. The other functions use a global one.
var seededRand = []string{
	"New", "NewPCG", "NewChaCha8", "NewZipf", "NewSource", "Rand", "Source", "Source64", "PCG", "ChaCha8", "Zipf",
}

func TestPurePackagesArePure(t *testing.T) { report(t, impurities(tree(t))) }

func isPure(s source) bool { return slices.Contains(pure, s.dir()) && !s.isTest() }

// impurities checks the pure packages of all, and only those.
func impurities(all []source) []finding {
	var found []finding
	for _, s := range all {
		if !isPure(s) {
			continue
		}
		found = append(found, impureImportsOf(s)...)
		found = append(found, impureUsesOf(s)...)
		found = append(found, concurrencyOf(s)...)
	}
	return append(found, mapRanges(all)...)
}

func impureImportsOf(s source) []finding {
	var found []finding
	for _, i := range s.imports() {
		for _, bad := range impureImports {
			if within(i.path, bad) {
				found = append(found, s.at(i.spec, "%s is pure: it does not import %s", s.dir(), i.path))
			}
		}
	}
	return found
}

func impureUsesOf(s source) []finding {
	var found []finding
	s.uses(func(n ast.Node, pkg, name string) {
		switch {
		case pkg == "time" && slices.Contains(clockUses, name):
			found = append(found, s.at(n, "%s is pure: the time is passed in, not read by time.%s", s.dir(), name))
		case (pkg == "math/rand" || pkg == "math/rand/v2") && !slices.Contains(seededRand, name):
			found = append(found, s.at(n, "%s is pure: chance comes from a generator passed in, not from rand.%s", s.dir(), name))
		case pkg == "maps" && slices.Contains([]string{"Keys", "Values", "All"}, name) && !orderFree(s, n):
			found = append(found, s.at(n, "maps.%s has no order: sort, or say why it cannot show in a comment `// order-free: ...`", name))
		}
	})
	return found
}

// concurrencyOf finds goroutines and channels in any form.
func concurrencyOf(s source) []finding {
	var found []finding
	ast.Inspect(s.file, func(n ast.Node) bool {
		what := ""
		switch n := n.(type) {
		case *ast.GoStmt:
			what = "a goroutine"
		case *ast.ChanType:
			what = "a channel"
		case *ast.SelectStmt:
			what = "select"
		case *ast.SendStmt:
			what = "a send"
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				what = "a receive"
			}
		}
		if what != "" {
			found = append(found, s.at(n, "%s is pure: it has no use for %s", s.dir(), what))
		}
		return true
	})
	return found
}

// orderFree says whether a comment on the line of n or on the one above says
// why order cannot show there.
func orderFree(s source, n ast.Node) bool {
	line := s.fset.Position(n.Pos()).Line
	for _, group := range s.file.Comments {
		for _, c := range group.List {
			_, reason, marked := strings.Cut(c.Text, "// order-free:")
			at := s.fset.Position(c.End()).Line
			if marked && strings.TrimSpace(reason) != "" && (at == line || at == line-1) {
				return true
			}
		}
	}
	return false
}

// mapRanges finds loops over maps, which needs types: the pure packages are
// type-checked from their sources.
func mapRanges(all []source) []finding {
	var found []finding
	checked := newChecker(all)
	for _, s := range all {
		if !isPure(s) {
			continue
		}
		info := checked.info(s.dir())
		ast.Inspect(s.file, func(n ast.Node) bool {
			loop, ok := n.(*ast.RangeStmt)
			if ok && overMap(info.TypeOf(loop.X)) && !orderFree(s, loop) {
				found = append(found, s.at(loop, "a map has no order: sort its keys, or say why it cannot show in a comment `// order-free: ...`"))
			}
			return true
		})
	}
	return found
}

// overMap says whether a loop over t visits a map, for type parameters too.
func overMap(t types.Type) bool {
	if t == nil {
		return false
	}
	if p, ok := types.Unalias(t).(*types.TypeParam); ok {
		t = p.Constraint()
	}
	switch u := t.Underlying().(type) {
	case *types.Map:
		return true
	case *types.Interface:
		for e := range u.EmbeddedTypes() {
			if union, ok := e.(*types.Union); ok && union.Len() > 0 && overMap(union.Term(0).Type()) {
				return true
			}
		}
	}
	return false
}

// checker type-checks packages of ours from parsed sources. What it cannot
// find (the standard library, anything broken meanwhile) it leaves out: a map
// type that is spelled in our sources is known without.
type checker struct {
	files    map[string][]*ast.File // by folder
	fset     *token.FileSet
	packages map[string]*types.Package
	infos    map[string]*types.Info
}

func newChecker(all []source) *checker {
	c := &checker{
		files: make(map[string][]*ast.File), fset: token.NewFileSet(),
		packages: make(map[string]*types.Package), infos: make(map[string]*types.Info),
	}
	for _, s := range all {
		c.fset = s.fset
		if !s.isTest() {
			c.files[s.dir()] = append(c.files[s.dir()], s.file)
		}
	}
	return c
}

// info has the types of every expression in the package of folder dir.
func (c *checker) info(dir string) *types.Info {
	if info, done := c.infos[dir]; done {
		return info
	}
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object)}
	c.infos[dir] = info
	conf := types.Config{Importer: c, Error: func(error) {}} // the compiler reports errors
	c.packages[dir], _ = conf.Check(module+"/"+dir, c.fset, c.files[dir], info)
	return info
}

// Import implements [types.Importer].
func (c *checker) Import(importPath string) (*types.Package, error) {
	dir, own := strings.CutPrefix(importPath, module+"/")
	if !own || len(c.files[dir]) == 0 {
		return nil, fmt.Errorf("%s is not among the sources", importPath)
	}
	c.info(dir)
	return c.packages[dir], nil
}
