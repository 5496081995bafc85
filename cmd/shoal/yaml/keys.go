package yaml

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Keys knows on which line of a file each of its keys stands.
type Keys struct {
	file  string
	lines map[string]int // by key: "a.b[0].c"
}

// Parse reads YAML over the struct that to points to. name stands for the file in errors.
func Parse(name string, b []byte, to any) (*Keys, error) {
	k := &Keys{file: name, lines: make(map[string]int)}
	f, err := parser.ParseBytes(b, 0)
	if err != nil {
		return k, fmt.Errorf("%s: %w", name, err)
	}
	for _, doc := range f.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.NullType || doc.Body.Type() == ast.CommentType {
			continue
		}
		d := Decoder{k}
		if err := d.Decode(doc.Body, reflect.ValueOf(to).Elem(), ""); err != nil {
			return k, err
		}
	}
	return k, nil
}

// Errorf is an error about what stands at key. It names the line of the key or, where the file does not say it, of the nearest
// key above that it does say.
func (k *Keys) Errorf(key, format string, args ...any) error {
	line, above := 0, key
	for line == 0 && above != "" {
		line = k.lines[above]
		above = above[:max(strings.LastIndexAny(above, ".["), 0)]
	}
	return k.errorAt(line, key, fmt.Sprintf(format, args...))
}

// errorAt puts file, line and key before what is wrong; no line where none is known.
func (k *Keys) errorAt(line int, key, what string) error {
	where := k.file
	if line > 0 {
		where = fmt.Sprintf("%s:%d", k.file, line)
	}
	if key != "" {
		where += ": " + key
	}
	return fmt.Errorf("%s: %s", where, what)
}
