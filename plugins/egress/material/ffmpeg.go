package material

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
)

// Played is what ffmpeg got from a URL or file: the packets of each track, video first, all of them decoded.
type Played struct {
	Tracks     []PlayedTrack
	Complaints string // of ffmpeg's demuxers and decoders; "" is good
}

// PlayedTrack is one elementary stream.
type PlayedTrack struct {
	Video   bool
	Packets []Packet
}

// Packet is one access unit as ffmpeg hands it to a decoder.
type Packet struct {
	PTS  time.Duration
	Size int
	Hash string
}

// FFmpeg is the player. Where there is none the test is skipped, and says so.
func FFmpeg(tb testing.TB) string {
	tb.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		tb.Skip("SKIPPED: nothing was played: no ffmpeg in PATH (apt-get install ffmpeg)")
	}
	return path
}

// FFplay lets ffmpeg read input and decode all of it, for length of media. stdin is for the input "pipe:0" and may be nil.
func FFplay(ctx context.Context, tb testing.TB, input []string, length time.Duration, stdin io.Reader) (*Played, error) {
	list := filepath.Join(tb.TempDir(), "packets")
	seconds := strconv.FormatFloat(length.Seconds(), 'f', 3, 64)
	args := append([]string{"-hide_banner", "-nostdin", "-v", "error"}, input...)
	args = append(args,
		"-map", "0:v:0?", "-map", "0:a:0?", "-t", seconds, "-c", "copy", "-f", "framehash", "-hash", "md5", list,
		"-map", "0:v:0?", "-map", "0:a:0?", "-t", seconds, "-f", "null", "-")
	cmd := exec.CommandContext(ctx, FFmpeg(tb), args...)
	cmd.Stdin = stdin
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("ffmpeg %s: %w: %s", strings.Join(input, " "), err, said.String())
	}
	data, err := os.ReadFile(list)
	if err != nil {
		return nil, err
	}
	p, err := parsePackets(data)
	if err == nil {
		p.Complaints = said.String()
	}
	return p, err
}

// FFdecode lets ffmpeg read and decode input for length of media, and answers how many pictures came and what ffmpeg
// complained of.
func FFdecode(ctx context.Context, tb testing.TB, input []string, length time.Duration) (pictures int, complaints string, err error) {
	list := filepath.Join(tb.TempDir(), "pictures")
	seconds := strconv.FormatFloat(length.Seconds(), 'f', 3, 64)
	args := append([]string{"-hide_banner", "-nostdin", "-v", "error"}, input...)
	args = append(args, "-map", "0:v:0", "-t", seconds, "-f", "framehash", "-hash", "adler32", list,
		"-map", "0:a:0?", "-t", seconds, "-f", "null", "-")
	said, err := exec.CommandContext(ctx, FFmpeg(tb), args...).CombinedOutput()
	if err != nil {
		return 0, "", fmt.Errorf("ffmpeg %s: %w: %s", strings.Join(input, " "), err, said)
	}
	data, err := os.ReadFile(list)
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "#") {
			pictures++
		}
	}
	return pictures, string(said), err
}

// parsePackets reads ffmpeg's framehash format: "#tb 0: 1/90000", "#media_type 0: video", then lines of
// "stream, dts, pts, duration, size, hash".
func parsePackets(data []byte) (*Played, error) {
	p := &Played{}
	var bases []float64
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, "#tb "); ok {
			var i int
			var num, den float64
			if _, err := fmt.Sscanf(rest, "%d: %g/%g", &i, &num, &den); err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
			bases = append(bases, num/den)
			p.Tracks = append(p.Tracks, PlayedTrack{})
		}
		if rest, ok := strings.CutPrefix(line, "#media_type "); ok {
			i, kind, _ := strings.Cut(rest, ": ")
			n, err := strconv.Atoi(i)
			if err != nil || n >= len(p.Tracks) {
				return nil, fmt.Errorf("%q: unexpected", line)
			}
			p.Tracks[n].Video = kind == "video"
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, ",")
		if len(f) < 6 {
			return nil, fmt.Errorf("%q: unexpected", line)
		}
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		stream, err := strconv.Atoi(f[0])
		if err != nil || stream >= len(p.Tracks) {
			return nil, fmt.Errorf("%q: unexpected", line)
		}
		pts, err := strconv.ParseFloat(f[2], 64)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		size, err := strconv.Atoi(f[4])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		t := &p.Tracks[stream]
		t.Packets = append(t.Packets, Packet{
			PTS: time.Duration(pts * bases[stream] * float64(time.Second)), Size: size, Hash: f[5],
		})
	}
	return p, lines.Err()
}

// Check compares what was played with a clip: every packet from the first that can be told from others is there, in order,
// no complaint came, and sound and picture are no further apart than in the clip, by more than most. least is
// how many packets of video there must be.
func (p *Played) Check(tb testing.TB, name string, most time.Duration, least int) error {
	tb.Helper()
	data, err := clip.Bytes(name)
	if err != nil {
		return err
	}
	file := filepath.Join(tb.TempDir(), name+".mp4")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return err
	}
	c, err := clip.Open(name)
	if err != nil {
		return err
	}
	want, err := FFplay(tb.Context(), tb, []string{"-i", file}, c.Duration+time.Second, nil)
	switch {
	case err != nil:
		return err
	case p.Complaints != "":
		return fmt.Errorf("ffmpeg complains: %s", p.Complaints)
	case len(p.Tracks) != len(want.Tracks):
		return fmt.Errorf("%d tracks, want %d", len(p.Tracks), len(want.Tracks))
	}
	offsets := make([]time.Duration, len(p.Tracks))
	for i, t := range p.Tracks {
		if t.Video && len(t.Packets) < least {
			return fmt.Errorf("%d pictures, want at least %d", len(t.Packets), least)
		}
		if offsets[i], err = t.follow(&want.Tracks[i], c.Duration); err != nil {
			return fmt.Errorf("track %d: %w", i, err)
		}
	}
	if len(offsets) == 2 {
		skew := (offsets[1] - offsets[0]) % c.Duration
		if skew > c.Duration/2 {
			skew -= c.Duration
		} else if skew < -c.Duration/2 {
			skew += c.Duration
		}
		tb.Logf("%s: sound is %v late", name, skew)
		if skew.Abs() > most {
			return fmt.Errorf("sound is %v late against the picture", skew)
		}
	}
	return nil
}

// follow walks along the clip's packets and answers how much later t is than the clip, modulo its duration. Random-access
// packets differ, by the parameter sets that were put before them.
func (t *PlayedTrack) follow(clip *PlayedTrack, loop time.Duration) (time.Duration, error) {
	number := map[string]int{}
	for i, p := range clip.Packets {
		if _, twice := number[p.Hash]; twice {
			i = -1
		}
		number[p.Hash] = i
	}
	at, matched := -1, 0
	var offsets []time.Duration
	for n, p := range t.Packets {
		i, known := number[p.Hash]
		unique := known && i >= 0
		if at >= 0 {
			at = (at + 1) % len(clip.Packets)
			switch {
			case unique && i != at:
				return 0, fmt.Errorf("packet %d is number %d of the clip, want %d of %d", n, i, at, len(clip.Packets))
			case !known && !t.Video:
				return 0, fmt.Errorf("packet %d is none of the clip", n)
			case !known && p.Size <= clip.Packets[at].Size:
				return 0, fmt.Errorf("packet %d is none of the clip: number %d was expected", n, at)
			}
		} else if unique {
			at = i
		}
		if unique {
			matched++
			offsets = append(offsets, ((p.PTS-clip.Packets[i].PTS)%loop+loop)%loop)
		}
	}
	if matched == 0 {
		return 0, fmt.Errorf("no packet of %d can be told from the others", len(t.Packets))
	}
	// On a circle of length loop: turn so that the first is in the middle.
	turn := offsets[0] - loop/2
	for i := range offsets {
		offsets[i] = ((offsets[i]-turn)%loop + loop) % loop
	}
	slices.Sort(offsets)
	return offsets[len(offsets)/2] + turn, nil
}
