package cliptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/pmp4"
)

// ErrNoFFmpeg means that nothing was decoded because there is no ffmpeg. A test
// that gets it says so loudly and goes on.
var ErrNoFFmpeg = errors.New("no ffmpeg in PATH (apt-get install ffmpeg)")

// Decode lets ffmpeg decode every unit; dir holds the file in between. Any
// complaint of ffmpeg's is an error. Without ffmpeg it is [ErrNoFFmpeg].
func (r *Recording) Decode(ctx context.Context, dir string) error {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		return ErrNoFFmpeg
	}
	file := filepath.Join(dir, "received.mp4")
	if err := r.WriteMP4(file); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, ffmpeg, "-hide_banner", "-nostdin", "-v", "error", "-i", file, "-f", "null", "-")
	said, err := cmd.CombinedOutput()
	if err == nil && len(said) > 0 {
		err = errors.New("it complains")
	}
	if err != nil {
		return fmt.Errorf("cliptest: ffmpeg decodes %s: %w:\n%s", file, err, said)
	}
	return nil
}

// WriteMP4 writes the recording to a file. The tracks begin together there, so
// the file says nothing about their alignment; [Recording.Skew] does.
func (r *Recording) WriteMP4(path string) error {
	var mp4 pmp4.Presentation
	for i, t := range r.Tracks {
		track := &pmp4.Track{ID: i + 1, TimeScale: uint32(t.ClockRate), Codec: t.Codec}
		var step int64
		for n, u := range t.Units {
			if n+1 < len(t.Units) { // the last one keeps the step before it
				step = t.Units[n+1].DTS - u.DTS
			}
			if step < 0 {
				return fmt.Errorf("cliptest: track %T: decoding time of unit %d goes back by %d", t.Codec, n+1, -step)
			}
			track.Samples = append(track.Samples, &pmp4.Sample{
				Duration: uint32(step), PTSOffset: int32(u.Ticks - u.DTS), IsNonSyncSample: !u.Key,
				PayloadSize: uint32(len(u.Payload)), GetPayload: func() ([]byte, error) { return u.Payload, nil },
			})
		}
		mp4.Tracks = append(mp4.Tracks, track)
	}
	var buf bytes.Buffer
	if err := mp4.Marshal(&buf); err != nil {
		return fmt.Errorf("cliptest: write %s: %w", path, err)
	}
	return os.WriteFile(path, buf.Bytes(), 0o644)
}
