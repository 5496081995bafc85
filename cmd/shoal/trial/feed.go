package trial

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
)

// paths has MediaMTX pass the publisher's clock on, so that delays are from the capture.
const paths = "all_others:\n  useAbsoluteTimestamp: true"

// mediaOptions are MediaMTX's: HLS is on only where it is read, for what is off takes nothing of the processor.
func (t *trial) mediaOptions() (tool.Options, error) {
	o := tool.Options{Dir: filepath.Join(t.opts.Dir, "mediamtx"), Progress: t.opts.Out, Paths: paths}
	if t.opts.Baseline > 0 {
		o.HLS = tool.On
	}
	return o, os.MkdirAll(o.Dir, 0o755)
}

// fill is what the clip is filled up to.
func (t *trial) fill() (clip.Options, error) {
	s := &t.plan.sim.Stream
	name, err := clip.ForRate(s.Mean())
	if err != nil {
		return clip.Options{}, fmt.Errorf("%w: stream.bitrate: %w", ErrScenario, err)
	}
	return clip.Options{Name: name, Fill: &clip.Fill{Span: s.Group, Sizes: s.Sizes()}}, nil
}

// publish keeps the stream coming.
func (t *trial) publish(ctx context.Context, o clip.Options) {
	for ctx.Err() == nil {
		if err := clip.Publish(ctx, t.media.RTSPURL(streamName), o); err != nil && ctx.Err() == nil {
			t.opts.Log.Warn("clip", "error", err)
		}
		pause(ctx, time.Second)
	}
}
