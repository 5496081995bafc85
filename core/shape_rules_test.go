package core_test

import (
	"go/token"
	"strings"
	"testing"
)

func TestShapeRule(t *testing.T) {
	const folder = "plugins/egress/mine"
	good := map[string]string{
		builtins:                     ours(folder),
		folder + "/doc.go":           "package mine\n",
		folder + "/config.go":        "package mine\n",
		folder + "/egress.go":        "package mine\n\nfunc New() {}\n",
		folder + "/contract_test.go": ours("plugins/plugintest"),
	}
	for name, c := range map[string]struct {
		file, content string // instead of what is good; "" for none
		says          string // "" where nothing is wrong
	}{
		"all as it should be":        {builtins, good[builtins], ""},
		"no page to read first":      {folder + "/doc.go", "", "has no doc.go"},
		"no contract":                {folder + "/contract_test.go", "", "has no contract_test.go"},
		"another name for its file":  {folder + "/egress.go", "", "has no egress.go"},
		"New somewhere else":         {folder + "/egress.go", "package mine\n", "New is not here"},
		"a contract inline alone":    {folder + "/contract_test.go", "package mine\n", "by every way"},
		"a plugin of no known kind":  {builtins, ours("plugins/other/mine"), ""},
		"what only looks like a New": {folder + "/egress.go", "package mine\n\ntype t struct{}\n\nfunc (t) New() {}\n", "New is not here"},
	} {
		t.Run(name, func(t *testing.T) {
			fset := token.NewFileSet()
			var all []source
			for file, content := range good { // order-free: they are found by name
				if file == c.file {
					content = c.content
				}
				if content == "" {
					continue
				}
				s, err := parse(fset, file, content)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, s)
			}
			found := shapes(all)
			switch {
			case c.says == "" && len(found) > 0:
				t.Errorf("it finds %v", found)
			case c.says != "" && (len(found) != 1 || !strings.Contains(found[0].says, c.says)):
				t.Errorf("it finds %v, want one that says %q", found, c.says)
			}
		})
	}
}
