package bus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/api/bus"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/swarm"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

var (
	stream = chunk.NewStreamID(make([]byte, 32), "cam/1")
	peer   = swarm.PeerID{1, 2, 3}
	all    = []event.Event{
		event.StreamAvailable{Name: "cam/1", Stream: stream, Epoch: 3, Tracks: []chunk.Track{
			{ID: 1, Kind: chunk.Video, Codec: "avc1.64001f", Timescale: 90000, Width: 1280, Height: 720},
			{ID: 2, Kind: chunk.Audio, Codec: "mp4a.40.2", Timescale: 48000, Rate: 48000, Channels: 2}}},
		event.StreamUnavailable{Name: "cam/1", Stream: stream, Cause: "stopped"},
		event.PeerJoined{Stream: stream, Peer: peer, Role: swarm.Viewer},
		event.PeerLeft{Stream: stream, Peer: peer, Cause: "timed out"},
		event.ChunkRejected{Stream: stream, Peer: peer, Chunk: chunk.ID{Epoch: 3, Number: 17}},
		event.EpochChanged{Stream: stream, Epoch: 4},
		event.GroupMissed{Stream: stream, Epoch: 3, Group: 9, Held: 3, Needed: 5},
		event.PlaybackStarted{Stream: stream, Startup: 420 * time.Millisecond},
		event.PolicyReplaced{Stream: stream, Policy: "rarest", Fallback: "substream", Cause: "no answer within 100ms"},
		event.PolicyReturned{Stream: stream, Policy: "rarest"},
		event.PluginStarted{Name: "quic", Kind: "transport", PID: 4242, After: 80 * time.Millisecond},
		event.PluginDied{Name: "quic", Kind: "transport", PID: 4242, Cause: "signal: killed"},
		event.PluginRestarted{Name: "quic", Kind: "transport", PID: 4343, Restarts: 1, After: 190 * time.Millisecond},
		event.IngestFailed{Name: "cam/1", Cause: "codec not supported: track 1: MJPEG", Retry: 5 * time.Second},
		event.PartFailed{Part: "hls", Cause: "port in use"},
		event.ConfigChanged{Way: "file", Changes: []string{"uplink: 5M -> 8M", "policy.name: substream -> rarest"}},
		event.ConfigRejected{Way: "control API", Cause: "config: policy.name: no policy \"clubz\" (have: clubs, rarest, substream)"},
		event.OriginHealth{Streams: 2, Peers: 9, UplinkCap: 625_000, Egress: 500_000},
	}
)

func open(t *testing.T, cfg bus.Config) *bus.Bus {
	t.Helper()
	if cfg.DataDir == "" {
		cfg.DataDir = t.TempDir()
	}
	b, err := bus.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func TestEveryEventKeepsItsSubjectAndPayload(t *testing.T) {
	seen := make(map[string]bool)
	for _, e := range all {
		subject := bus.Subject("origin-1", e)
		seen[subject] = true
		got, err := json.MarshalIndent(map[string]any{"subject": subject, "data": bus.Payload(e)}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(subject, ".")
		path := filepath.Join("testdata", parts[2]+"."+parts[len(parts)-1]+".json")
		if *rewrite {
			if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v (go test ./api/bus -rewrite writes it)", err)
		}
		if !bytes.Equal(bytes.TrimSpace(want), got) {
			t.Errorf("%s is now\n%s\nand was\n%s", path, got, want)
		}
	}
	if len(seen) != len(all) {
		t.Errorf("%d events share %d subjects", len(all), len(seen))
	}
}

func TestNamesBecomeOneTokenAndStayApart(t *testing.T) {
	seen := make(map[string]string)
	for _, name := range []string{"", "cam1", "cam.1", "cam/1", "cam 1", "cam*", "cam>", "cam%2E1", "käm"} {
		token := bus.Token(name)
		if strings.ContainsAny(token, ".*> ") || token == "" {
			t.Errorf("%q becomes %q, which no subject can hold", name, token)
		}
		if other, ok := seen[token]; ok {
			t.Errorf("%q and %q both become %q", name, other, token)
		}
		seen[token] = name
	}
}

func TestSubscriberInAnotherProcessHearsEvents(t *testing.T) {
	b := open(t, bus.Config{Origin: "origin-1"})
	other := open(t, bus.Config{URL: b.URL()})
	heard := make(chan bus.Envelope, len(all))
	cancel, err := other.Subscribe(bus.All, func(e bus.Envelope) { heard <- e })
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	if _, err := other.Registered(context.Background()); err != nil { // a round trip: the subscription is in force
		t.Fatal(err)
	}
	sink := b.Sink()
	for _, e := range all {
		sink(e)
	}
	for _, e := range all {
		select {
		case got := <-heard:
			if got.Subject != bus.Subject("origin-1", e) || got.Origin != "origin-1" || got.ID == "" {
				t.Fatalf("heard %+v, want %s", got, bus.Subject("origin-1", e))
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s was not heard", bus.Subject("origin-1", e))
		}
	}
}

func TestEpochsGrowOverRestartsAndWhileTheBusIsAway(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir, away := t.TempDir(), t.TempDir()
	first, err := bus.Open(ctx, bus.Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	guest := open(t, bus.Config{URL: first.URL(), DataDir: away})
	last := uint32(0)
	next := func(b *bus.Bus, who string) {
		t.Helper()
		epoch, err := b.NextEpoch(ctx, stream)
		if err != nil || epoch <= last {
			t.Fatalf("%s: epoch %d after %d (%v)", who, epoch, last, err)
		}
		last = epoch
	}
	next(first, "the first")
	next(guest, "another origin")
	next(first, "the first again")
	first.Close()
	held := last
	last = 2 // what the guest knows by itself
	next(guest, "the guest while the bus is away")
	last = max(held, last)
	again := open(t, bus.Config{DataDir: dir})
	next(again, "after a restart")
}

func TestRegistryHoldsWhoPublishesAndAnotherOriginsRecordStays(t *testing.T) {
	ctx := context.Background()
	b := open(t, bus.Config{Origin: "one"})
	other := open(t, bus.Config{URL: b.URL(), Origin: "two"})
	if err := b.Register(ctx, bus.Record{Name: "cam/1", Epoch: 1}); err != nil {
		t.Fatal(err)
	}
	if err := other.Register(ctx, bus.Record{Name: "cam/1", Epoch: 2}); err != nil {
		t.Fatal(err)
	}
	if err := b.Unregister(ctx, "cam/1"); err != nil {
		t.Fatal(err)
	}
	list, err := b.Registered(ctx)
	if err != nil || len(list) != 1 || list[0].Origin != "two" || list[0].Epoch != 2 {
		t.Fatalf("registry holds %+v (%v)", list, err)
	}
	if err := other.Unregister(ctx, "cam/1"); err != nil {
		t.Fatal(err)
	}
	if list, err := b.Registered(ctx); err != nil || len(list) != 0 {
		t.Fatalf("registry holds %+v (%v)", list, err)
	}
}

func TestPortInUseNamesItAndTheWayOut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = bus.Open(context.Background(), bus.Config{Listen: l.Addr().String(), DataDir: t.TempDir()})
	if !errors.Is(err, bus.ErrBus) || !strings.Contains(err.Error(), l.Addr().String()) || !strings.Contains(err.Error(), "bus.url") {
		t.Fatalf("error is %v", err)
	}
}

func TestExternalNATSThatIsAwayStopsNothingAndItsPasswordStaysHidden(t *testing.T) {
	b := open(t, bus.Config{URL: "nats://operator:secret@127.0.0.1:1"})
	for range 3000 {
		b.Sink()(all[0])
	}
	if strings.Contains(b.URL(), "secret") {
		t.Errorf("URL is %s", b.URL())
	}
	if epoch, err := b.NextEpoch(context.Background(), stream); err != nil || epoch != 1 {
		t.Errorf("epoch is %d (%v)", epoch, err)
	}
}

func TestSettingsAreFollowedFromWhatIsThereOn(t *testing.T) {
	b := open(t, bus.Config{})
	if v, err := b.Settings(t.Context(), "node/1"); err != nil || v != nil {
		t.Errorf("before the first: %q, %v", v, err)
	}
	heard := make(chan string, 8)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.FollowSettings(ctx, "node/1", func(v []byte) { heard <- string(v) })
	}()
	next := func(want string) {
		t.Helper()
		select {
		case got := <-heard:
			if got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("did not hear %q", want)
		}
	}
	next("")
	for _, v := range []string{"{}", `{"uplink":"5M"}`} {
		if err := b.PutSettings(t.Context(), "node/1", []byte(v)); err != nil {
			t.Fatal(err)
		}
		next(v)
	}
	if err := b.PutSettings(t.Context(), "node/2", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if v, err := b.Settings(t.Context(), "node/1"); err != nil || string(v) != `{"uplink":"5M"}` {
		t.Errorf("what stands there is %q, %v", v, err)
	}
	stop()
	<-ended
	if len(heard) > 0 {
		t.Errorf("heard %q of another node", <-heard)
	}
}
