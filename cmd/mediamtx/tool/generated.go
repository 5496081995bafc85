package tool

import (
	"fmt"
	"os"
	"path/filepath"
)

// generated lists the files that MediaMTX's go:generate steps would make and
// that its go:embed lines need. Each of those steps wants a git repository or a
// download; what we put there instead is enough for everything we use.
var generated = []struct{ path, content string }{
	// The version that `mediamtx --version` prints; no line end, it is printed as it is.
	{"internal/core/VERSION", Version},
	// The player of MediaMTX's own HLS page, which we never open. Its playlists and
	// parts are not affected.
	{"internal/servers/hls/hls.min.js", "// placeholder: hls.js is not bundled in this build\n"},
	// Camera programs for the Raspberry Pi, embedded on linux/arm64 and linux/arm only.
	{"internal/staticsources/rpicamera/mtxrpicam_64/placeholder", "not bundled in this build\n"},
	{"internal/staticsources/rpicamera/mtxrpicam_32/placeholder", "not bundled in this build\n"},
}

// addGenerated writes the generated files below src.
func addGenerated(src string) error {
	for _, g := range generated {
		path := filepath.Join(src, filepath.FromSlash(g.path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("add %s: %w", g.path, err)
		}
		if err := os.WriteFile(path, []byte(g.content), 0o644); err != nil {
			return fmt.Errorf("add %s: %w", g.path, err)
		}
	}
	return nil
}
