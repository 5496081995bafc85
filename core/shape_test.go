package core_test

import (
	"go/ast"
	"path"
	"slices"
	"testing"
)

// builtins is the catalogue of the plugins that come with Shoal.
const builtins = "plugins/builtin/catalog.go"

// pluginFiles is the file with the New of a plugin, by the folder that those of its kind are in.
var pluginFiles = map[string]string{
	"transports": "transport.go", "plugins/schedulers": "policy.go", "plugins/ingest": "ingest.go", "plugins/egress": "egress.go",
}

// allPluginsHave is what is beside it: the page to read first, what it takes, and its contract by every way.
var allPluginsHave = []string{"doc.go", "config.go", "contract_test.go"}

func TestPluginsOfAllKindsHaveOneShape(t *testing.T) { report(t, shapes(tree(t))) }

// shapes checks the folders of what the catalogue imports.
func shapes(all []source) []finding {
	files := make(map[string]source)
	for _, s := range all {
		files[s.path] = s
	}
	var found []finding
	catalogue := files[builtins]
	for _, i := range catalogue.imports() {
		folder, own := i.own()
		main, kind := pluginFiles[path.Dir(folder)]
		if !own || !kind {
			continue
		}
		for _, name := range append(slices.Clone(allPluginsHave), main) {
			if _, there := files[folder+"/"+name]; !there {
				found = append(found, catalogue.at(i.spec, "%s has no %s: those of all plugins are called alike", folder, name))
			}
		}
		if f, there := files[folder+"/"+main]; there && !f.declares("New") {
			found = append(found, f.at(f.file, "New is not here: it is in %s of every plugin of the kind", main))
		}
		if f, there := files[folder+"/contract_test.go"]; there && !f.importsOwn("plugins/plugintest") {
			found = append(found, f.at(f.file, "the contract is not judged by every way: run its suite within plugintest.Every"))
		}
	}
	return found
}

// declares reports whether a function of that name is in the file.
func (s source) declares(name string) bool {
	return slices.ContainsFunc(s.file.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		return ok && f.Recv == nil && f.Name.Name == name
	})
}

func (s source) importsOwn(folder string) bool {
	return slices.ContainsFunc(s.imports(), func(i imported) bool {
		to, own := i.own()
		return own && to == folder
	})
}
