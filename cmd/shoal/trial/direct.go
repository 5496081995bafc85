package trial

import (
	"context"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/trial/baseline"
	"github.com/shoal-live/shoal/core/report"
)

// Way is one way in which the same viewers have the same stream, with what the operator's machine and they spend on it: a column of the
// table, and an entry of the report's list. Times are milliseconds.
type Way struct {
	Way         string  `json:"way"`          // Shoal, MediaMTX RTSP or MediaMTX LL-HLS
	Viewers     int     `json:"viewers"`      // that were to come
	NeverPlayed int     `json:"never_played"` // of them
	WindowS     float64 `json:"window_s"`     // measured: of Shoal the whole trial, of the others when all have come

	// EgressBps are the bits on the wire that leave the operator's machine a second. Of Shoal: what its source sends, and what
	// MediaMTX sends to the source, with such headers as readers over RTSP had. Of the others: what all readers got.
	EgressBps  float64 `json:"egress_bps"`
	ServerCPU  float64 `json:"server_cpu"`  // cores: MediaMTX, and of Shoal the source too
	ReadersCPU float64 `json:"readers_cpu"` // cores: all viewers, who in Shoal feed each other as well, and helpers

	// CaptureMS is Shoal's, from the capture of the last picture in a group until the group is born at the source, where its delays begin.
	CaptureMS *report.Percentiles `json:"capture_ms,omitempty"`
	// DelayMS is Shoal's delay_ms. Of the others it is from the capture until the access unit is complete at a reader.
	DelayMS    report.Percentiles  `json:"delay_ms"`
	PlayoutMS  *report.Percentiles `json:"playout_delay_ms,omitempty"` // of Shoal
	HoldBackMS float64             `json:"hold_back_ms,omitempty"`     // of LL-HLS, by which players stay behind DelayMS
	StartupMS  report.Percentiles  `json:"startup_ms"`
	Continuity float64             `json:"continuity"`
	Lost       int                 `json:"lost"`             // readers of MediaMTX that ended by themselves
	Reason     string              `json:"reason,omitempty"` // what the first of them said
}

// leastJoin has MediaMTX cut its first segments before the window, which it begins for the first reader over HLS.
const leastJoin = 4 * time.Second

// direct has as many readers as there were viewers read MediaMTX itself, in one way after the other, beside what the swarm measured.
// nil when ctx ends before.
func (t *trial) direct(ctx context.Context, r *Result) ([]Way, error) {
	rtsp, err := t.read(ctx, BaselineCall{Way: baseline.RTSP, URL: t.media.RTSPURL(streamName)})
	if rtsp == nil || err != nil {
		return nil, err
	}
	hls, err := t.read(ctx, BaselineCall{Way: baseline.LLHLS, URL: t.media.HLSURL(streamName)})
	if hls == nil || err != nil {
		return nil, err
	}
	headers := 1.0
	if counted := rtsp.Result.Server.Egress; counted > 0 {
		headers = float64(rtsp.Result.WireBytes) / float64(counted)
	}
	return []Way{own(r, headers), rtsp.way(), hls.way()}, nil
}

// read runs the readers of one way in a process of their own.
func (t *trial) read(ctx context.Context, call BaselineCall) (*BaselineAnswer, error) {
	seats := t.plan.seats
	call.Readers, call.For = len(seats), t.opts.Baseline
	call.Join = max(seats[len(seats)-1].at-seats[0].at, leastJoin)
	call.Server = baseline.Server{API: t.media.APIURL(), Path: streamName, PID: t.media.PID()}
	t.say("%d readers read MediaMTX over %v, for %v", call.Readers, call.Way, (call.Join + call.For).Round(time.Second))
	h, err := hire(t.opts.Worker, t.opts.Dir, fmt.Sprintf("readers-%v", call.Way))
	if err != nil {
		return nil, err
	}
	defer h.dismiss()
	var answer BaselineAnswer
	if err := h.call(ctx, "Baseline", call, &answer); err != nil {
		if ctx.Err() != nil {
			return nil, nil
		}
		return nil, fmt.Errorf("trial: %w", err)
	}
	return &answer, nil
}

// fed is what MediaMTX has sent to the source so far; 0 where it does not say.
func (t *trial) fed(ctx context.Context) uint64 {
	n, err := baseline.Egress(ctx, t.media.APIURL(), streamName, baseline.RTSP)
	if err != nil {
		return 0
	}
	if t.input != nil {
		n /= 2 // the conductor reads the same
	}
	return n
}

// own is Shoal's column.
func own(r *Result, headers float64) Way {
	rep := r.Report
	w := Way{
		Way: "Shoal", Viewers: rep.Viewers, NeverPlayed: rep.NeverPlayed, WindowS: rep.DurationS,
		CaptureMS: &rep.IngestMS, DelayMS: rep.DelayMS, PlayoutMS: &rep.PlayoutMS, StartupMS: rep.StartupMS, Continuity: rep.Continuity.Mean,
	}
	w.EgressBps = rep.SourceEgressRatio*rep.StreamBps + 8*headers*float64(r.Fed)/rep.DurationS
	for _, u := range r.Used {
		switch u.Part {
		case partMedia, partSource:
			w.ServerCPU += u.CPU
		case partViewers:
			w.ReadersCPU += u.CPU
		}
	}
	return w
}

// way is the column of a way.
func (a *BaselineAnswer) way() Way {
	r := &a.Result
	seconds := r.Window.Seconds()
	return Way{
		Way: "MediaMTX " + a.Way.String(), Viewers: r.Readers, NeverPlayed: r.NeverRead, WindowS: seconds,
		EgressBps: 8 * float64(r.WireBytes) / seconds, ServerCPU: r.Server.CPU.Seconds() / seconds, ReadersCPU: r.CPU.Seconds() / seconds,
		DelayMS: r.Delay.Percentiles(), HoldBackMS: float64(r.HoldBack) / float64(time.Millisecond), StartupMS: r.Startup.Percentiles(),
		Continuity: r.Continuity, Lost: r.Lost, Reason: a.Failed,
	}
}
