package core_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path of the main module.
const module = "github.com/shoal-live/shoal"

// source is one parsed file.
type source struct {
	path string // from the root, with slashes
	file *ast.File
	fset *token.FileSet
}

// dir is the folder of the file, which is its package without the module.
func (s source) dir() string { return path.Dir(s.path) }

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// in says whether the file lies in folder or below.
func (s source) in(folder string) bool { return within(s.dir(), folder) }

func within(dir, folder string) bool { return dir == folder || strings.HasPrefix(dir, folder+"/") }

// finding is one broken rule.
type finding struct {
	path string
	line int
	says string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", f.path, f.line, f.says) }

// at makes a finding about node.
func (s source) at(node ast.Node, format string, args ...any) finding {
	return finding{s.path, s.fset.Position(node.Pos()).Line, fmt.Sprintf(format, args...)}
}

// imported is one import of a file.
type imported struct {
	path string
	name string // by which the file refers to it
	spec *ast.ImportSpec
}

// own is the import path from the root, if it is ours.
func (i imported) own() (string, bool) {
	if i.path == module {
		return ".", true
	}
	return strings.CutPrefix(i.path, module+"/")
}

// standard says whether the import is of the standard library.
func (i imported) standard() bool {
	first, _, _ := strings.Cut(i.path, "/")
	return !strings.Contains(first, ".")
}

func (s source) imports() []imported {
	var all []imported
	for _, spec := range s.file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err) // the parser has read it already
		}
		i := imported{path: p, name: strings.TrimSuffix(path.Base(p), "/v2"), spec: spec}
		if path.Base(p) == "v2" {
			i.name = path.Base(path.Dir(p))
		}
		if spec.Name != nil {
			i.name = spec.Name.Name
		}
		all = append(all, i)
	}
	return all
}

// uses visits each use of pkg.Name where pkg is an import of the file.
func (s source) uses(visit func(node ast.Node, importPath, name string)) {
	byName := make(map[string]string)
	for _, i := range s.imports() {
		byName[i.name] = i.path
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := sel.X.(*ast.Ident)
		if p, known := byName[fmt.Sprint(id)]; ok && known && id.Obj == nil {
			visit(sel, p, sel.Sel.Name)
		}
		return true
	})
}

// parse reads one file from memory.
func parse(fset *token.FileSet, name, content string) (source, error) {
	f, err := parser.ParseFile(fset, name, content, parser.ParseComments)
	return source{path: name, file: f, fset: fset}, err
}

// tree parses every Go file of the main module: no hidden folders, testdata or
// nested modules.
func tree(t *testing.T) []source { return below(t, ".", hasModule) }

// below parses every Go file below a folder of the root, hidden folders,
// testdata and what skip answers true for left out.
func below(t *testing.T, folder string, skip func(dir string) bool) []source {
	t.Helper()
	root := ".."
	fset := token.NewFileSet()
	var all []source
	err := filepath.WalkDir(filepath.Join(root, folder), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata" || skip(p)) {
				return filepath.SkipDir
			}
			return nil
		}
		if path.Ext(rel) != ".go" {
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		s, err := parse(fset, rel, string(data))
		if err != nil {
			return err
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func hasModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// report fails the test with each finding on a line that an editor can follow.
func report(t *testing.T, found []finding) {
	t.Helper()
	slices.SortFunc(found, func(a, b finding) int {
		return strings.Compare(fmt.Sprintf("%s:%06d", a.path, a.line), fmt.Sprintf("%s:%06d", b.path, b.line))
	})
	for _, f := range found {
		t.Error(f)
	}
}

// ruleCase is a small source and what a rule must say about it: "" for
// nothing, else "line: words".
type ruleCase struct {
	name, path, content, want string
}

// try runs one rule over each case.
func try(t *testing.T, rule func([]source) []finding, cases []ruleCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, err := parse(token.NewFileSet(), c.path, c.content)
			if err != nil {
				t.Fatal(err)
			}
			found := rule([]source{s})
			if c.want == "" {
				if len(found) > 0 {
					t.Errorf("found %v, want nothing", found)
				}
				return
			}
			line, words, _ := strings.Cut(c.want, ": ")
			if len(found) != 1 || strconv.Itoa(found[0].line) != line || found[0].path != c.path || !strings.Contains(found[0].says, words) {
				t.Errorf("found %v, want one at %s:%s", found, c.path, c.want)
			}
		})
	}
}
