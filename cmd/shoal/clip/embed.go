package clip

import (
	"bytes"
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

//go:embed *.mp4
var files embed.FS

// Default is the name of the demo's clip.
const Default = "clock"

// Names lists the bundled clips, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic("clip: the embedded folder cannot be read: " + err.Error()) // a bug: it is in the binary
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), path.Ext(e.Name())))
	}
	slices.Sort(names)
	return names
}

// Bytes returns the MP4 file of a bundled clip, for those who want the file
// itself; the caller may change it. An unknown name is [ErrUnknown].
func Bytes(name string) ([]byte, error) {
	data, err := files.ReadFile(name + ".mp4")
	if err != nil {
		return nil, fmt.Errorf("clip: open %q: %w (have: %s)", name, ErrUnknown, strings.Join(Names(), ", "))
	}
	return data, nil
}

// Open reads a bundled clip. An unknown name is [ErrUnknown].
func Open(name string) (*Clip, error) {
	data, err := Bytes(name)
	if err != nil {
		return nil, err
	}
	return read(name, bytes.NewReader(data), nil)
}
