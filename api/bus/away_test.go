package bus_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/shoal-live/shoal/api/bus"
	"github.com/shoal-live/shoal/core/event"
)

// external is a NATS as an operator runs one, at a port that stays.
type external struct {
	t      *testing.T
	port   int
	dir    string
	server *server.Server
}

func newExternal(t *testing.T) *external {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := &external{t: t, port: l.Addr().(*net.TCPAddr).Port, dir: t.TempDir()}
	_ = l.Close()
	x.start()
	t.Cleanup(x.stop)
	return x
}

func (x *external) start() {
	x.t.Helper()
	s, err := server.NewServer(&server.Options{
		ServerName: "external", Host: "127.0.0.1", Port: x.port, JetStream: true, StoreDir: x.dir, NoSigs: true, NoLog: true,
		Username: "operator", Password: "secret",
	})
	if err != nil {
		x.t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		x.t.Fatal("the external NATS does not start")
	}
	x.server = s
}

func (x *external) stop() {
	x.server.Shutdown()
	x.server.WaitForShutdown()
}

func (x *external) url() string { return fmt.Sprintf("nats://operator:secret@127.0.0.1:%d", x.port) }

// records keeps every event that is ever told, whoever listens at the time.
func (x *external) records() jetstream.Stream {
	x.t.Helper()
	conn, err := nats.Connect(x.url(), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		x.t.Fatal(err)
	}
	s, err := js.CreateStream(context.Background(), jetstream.StreamConfig{Name: "recorder", Subjects: []string{bus.All}})
	if err != nil {
		x.t.Fatal(err)
	}
	return s
}

// poll asks until it is so.
func poll(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(15 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 15 s: %s", what)
		}
	}
}

// within fails when f takes longer.
func within(t *testing.T, d time.Duration, what string, f func()) {
	t.Helper()
	began := time.Now()
	f()
	if took := time.Since(began); took > d {
		t.Errorf("%s took %v", what, took)
	}
}

func TestEventsWaitForANATSThatIsRestarted(t *testing.T) {
	x := newExternal(t)
	recorder := x.records()
	b := open(t, bus.Config{URL: x.url(), Origin: "one"})
	sink := b.Sink()
	sink(event.OriginHealth{Streams: 1})
	count := func() uint64 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		info, err := recorder.Info(ctx)
		if err != nil {
			return 0
		}
		return info.State.Msgs
	}
	poll(t, "the first event is told", func() bool { return count() == 1 })
	x.stop()
	poll(t, "the bus notices", func() bool { return !b.Connected() })
	within(t, 2*time.Second, "telling 3000 events to nobody", func() {
		for i := range 3000 {
			sink(event.OriginHealth{Streams: i})
		}
	})
	if lost := b.Dropped(); lost < 1900 || lost > 2000 {
		t.Errorf("%d of 3000 events are counted as lost, where about a thousand can wait", lost)
	}
	x.start()
	poll(t, "those that waited are told", func() bool { return count() == 1+3000-b.Dropped() })
	sink(event.OriginHealth{Streams: 2})
	poll(t, "events flow again", func() bool { return count() == 2+3000-b.Dropped() })
}

func TestSubscriberHearsAgainAfterARestart(t *testing.T) {
	x := newExternal(t)
	b, listener := open(t, bus.Config{URL: x.url()}), open(t, bus.Config{URL: x.url()})
	heard := make(chan bus.Envelope, 10_000)
	cancel, err := listener.Subscribe(bus.All, func(e bus.Envelope) { heard <- e })
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	x.stop()
	x.start()
	poll(t, "an event is heard", func() bool {
		b.Sink()(event.OriginHealth{})
		return len(heard) > 0
	})
}

func TestRecordsAreBackAfterTheStoreWasLost(t *testing.T) {
	ctx := context.Background()
	x := newExternal(t)
	b := open(t, bus.Config{URL: x.url(), Origin: "one"})
	for _, name := range []string{"cam1", "studio/a"} {
		if err := b.Register(ctx, bus.Record{Name: name, Epoch: 3}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Unregister(ctx, "studio/a"); err != nil {
		t.Fatal(err)
	}
	x.stop()
	poll(t, "the bus notices", func() bool { return !b.Connected() })
	within(t, time.Second, "registering while NATS is away", func() {
		if err := b.Register(ctx, bus.Record{Name: "cam2", Epoch: 1}); !errors.Is(err, bus.ErrBus) {
			t.Errorf("registering while NATS is away gets %v", err)
		}
	})
	x.dir = t.TempDir()
	x.start()
	poll(t, "what this origin publishes is registered again, and nothing else", func() bool {
		list, err := b.Registered(ctx)
		return err == nil && len(list) == 2 && list[0].Name == "cam1" && list[1].Name == "cam2" && list[0].Epoch == 3 && list[0].Origin == "one"
	})
}

func TestTakenOverStreamIsNotFoughtFor(t *testing.T) {
	ctx := context.Background()
	x := newExternal(t)
	one, two := open(t, bus.Config{URL: x.url(), Origin: "one"}), open(t, bus.Config{URL: x.url(), Origin: "two"})
	if err := one.Register(ctx, bus.Record{Name: "cam1", Epoch: 1}); err != nil {
		t.Fatal(err)
	}
	if err := two.Register(ctx, bus.Record{Name: "cam1", Epoch: 2}); err != nil {
		t.Fatal(err)
	}
	x.stop()
	x.start()
	poll(t, "both are back", func() bool { return one.Connected() && two.Connected() })
	poll(t, "the origin that was taken over from is told so", func() bool {
		err := one.Register(ctx, bus.Record{Name: "cam1", Epoch: 1})
		return errors.Is(err, bus.ErrBus) && strings.Contains(err.Error(), "two has taken it over")
	})
	if err := one.Unregister(ctx, "cam1"); err != nil {
		t.Error(err)
	}
	list, err := two.Registered(ctx)
	if err != nil || len(list) != 1 || list[0].Origin != "two" {
		t.Errorf("the registry holds %+v (%v)", list, err)
	}
	if err := one.Register(ctx, bus.Record{Name: "cam1", Epoch: 3}); err != nil {
		t.Errorf("taking it back with a higher epoch gets %v", err)
	}
}

func TestRecordCanComeAgainAfterItWasTakenOut(t *testing.T) {
	ctx := context.Background()
	b := open(t, bus.Config{})
	for range 3 {
		within(t, time.Second, "coming and going", func() {
			if err := errors.Join(b.Register(ctx, bus.Record{Name: "cam1"}), b.Unregister(ctx, "cam1")); err != nil {
				t.Fatal(err)
			}
		})
	}
	if list, err := b.Registered(ctx); err != nil || len(list) != 0 {
		t.Errorf("the registry holds %+v (%v)", list, err)
	}
}

func TestRecordsFadeAndBucketsOfTheOperatorStayAsTheyAre(t *testing.T) {
	ctx := context.Background()
	x := newExternal(t)
	conn, err := nats.Connect(x.url())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: "shoal_leases", History: 1, MaxBytes: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	b := open(t, bus.Config{URL: x.url()})
	if err := b.Register(ctx, bus.Record{Name: "cam1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.NextEpoch(ctx, stream); err != nil {
		t.Fatal(err)
	}
	status := func(bucket string) jetstream.KeyValueStatus {
		kv, err := js.KeyValue(ctx, bucket)
		if err != nil {
			t.Fatal(err)
		}
		s, err := kv.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if ttl := status("shoal_streams").TTL(); ttl <= 0 || ttl > 2*time.Minute {
		t.Errorf("records of a killed origin stay for %v", ttl)
	}
	if s := status("shoal_leases"); s.History() != 1 || s.TTL() != 0 {
		t.Errorf("the operator's bucket is %v by now", s)
	}
}

func TestClosedOriginLeavesNoRecords(t *testing.T) {
	ctx := context.Background()
	x := newExternal(t)
	one, err := bus.Open(ctx, bus.Config{URL: x.url(), DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Register(ctx, bus.Record{Name: "cam1"}); err != nil {
		t.Fatal(err)
	}
	one.Close()
	one.Close() // twice is once
	if list, err := open(t, bus.Config{URL: x.url()}).Registered(ctx); err != nil || len(list) != 0 {
		t.Errorf("the registry holds %+v (%v)", list, err)
	}
}

func TestEpochsOfRivalsNeverRepeat(t *testing.T) {
	ctx := context.Background()
	x := newExternal(t)
	var mu sync.Mutex
	var all []uint32
	var group sync.WaitGroup
	for range 4 {
		b := open(t, bus.Config{URL: x.url()})
		group.Go(func() {
			last := uint32(0)
			for range 15 {
				epoch, err := b.NextEpoch(ctx, stream)
				if err != nil || epoch <= last {
					t.Errorf("epoch %d after %d (%v)", epoch, last, err)
					return
				}
				last = epoch
				mu.Lock()
				all = append(all, epoch)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("epochs repeat: %v", all)
	}
}

func TestEpochsGrowThroughOutagesAndALostStore(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := newExternal(t)
	dir := t.TempDir()
	last := uint32(0)
	for round := range 3 {
		b, err := bus.Open(ctx, bus.Config{URL: x.url(), DataDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		next := func(when string) {
			t.Helper()
			within(t, 2*time.Second, "an epoch "+when, func() {
				epoch, err := b.NextEpoch(ctx, stream)
				if err != nil || epoch <= last {
					t.Fatalf("round %d, %s: epoch %d after %d (%v)", round, when, epoch, last, err)
				}
				last = epoch
			})
		}
		next("while NATS answers")
		x.stop()
		poll(t, "the bus notices", func() bool { return !b.Connected() })
		next("while NATS is away")
		next("still")
		if round == 1 {
			x.dir = t.TempDir()
		}
		x.start()
		poll(t, "NATS is back", b.Connected)
		next("when NATS is back")
		b.Close()
	}
}

func TestEpochIsRefusedWhereItCouldBeGivenTwice(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	b := open(t, bus.Config{DataDir: dir})
	file := filepath.Join(dir, "epochs.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.NextEpoch(ctx, stream); !errors.Is(err, bus.ErrBus) || !strings.Contains(err.Error(), file) {
		t.Errorf("a broken file gets %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if epoch, err := b.NextEpoch(ctx, stream); err != nil || epoch != 1 {
		t.Errorf("without the file: epoch %d (%v)", epoch, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "epochs-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	nowhere, err := bus.Open(ctx, bus.Config{URL: "nats://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	defer nowhere.Close()
	if _, err := nowhere.NextEpoch(ctx, stream); !errors.Is(err, bus.ErrBus) || !strings.Contains(err.Error(), "data folder") {
		t.Errorf("neither bus nor folder gets %v", err)
	}
}

func TestOpenSaysWhatIsWrongAndNeverAPassword(t *testing.T) {
	x := newExternal(t)
	for what, c := range map[string]struct {
		cfg  bus.Config
		want []string
	}{
		"a wrong password":        {bus.Config{URL: strings.Replace(x.url(), "secret", "hunter2", 1)}, []string{"127.0.0.1", "bus.url", "password"}},
		"no password":             {bus.Config{URL: strings.Replace(x.url(), "operator:secret@", "", 1)}, []string{"bus.url"}},
		"no URL":                  {bus.Config{URL: "operator:hunter2@host"}, []string{"bus.url", "nats://"}},
		"a URL with a blank":      {bus.Config{URL: "nats://operator:hunter2@ho st"}, []string{"bus.url"}},
		"another scheme":          {bus.Config{URL: "http://operator:hunter2@host:4222"}, []string{"bus.url"}},
		"a broken one of several": {bus.Config{URL: x.url() + ",nats://"}, []string{"bus.url"}},
		"all interfaces":          {bus.Config{Listen: "0.0.0.0:0", DataDir: t.TempDir()}, []string{"bus.listen", "0.0.0.0:0", "bus.url"}},
		"every address":           {bus.Config{Listen: ":0", DataDir: t.TempDir()}, []string{"bus.listen", "loopback"}},
		"no port":                 {bus.Config{Listen: "127.0.0.1", DataDir: t.TempDir()}, []string{"bus.listen", "127.0.0.1"}},
		"a port that is none":     {bus.Config{Listen: "127.0.0.1:http", DataDir: t.TempDir()}, []string{"bus.listen"}},
		"no folder":               {bus.Config{}, []string{"data folder"}},
		"a folder that is a file": {bus.Config{DataDir: os.Args[0]}, []string{"NATS"}},
	} {
		t.Run(what, func(t *testing.T) {
			b, err := bus.Open(context.Background(), c.cfg)
			if err == nil {
				b.Close()
				t.Fatal("it opens")
			}
			if !errors.Is(err, bus.ErrBus) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "secret") {
				t.Fatalf("error is %v", err)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
		})
	}
}

func TestCloseEndsWhateverNATSDoes(t *testing.T) {
	t.Parallel()
	mute, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	x := newExternal(t)
	for what, url := range map[string]string{"mute": "nats://" + mute.Addr().String(), "away": "nats://127.0.0.1:1", "there": x.url()} {
		b, err := bus.Open(context.Background(), bus.Config{URL: url, DataDir: t.TempDir()})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for range 2000 {
			b.Sink()(event.OriginHealth{})
		}
		if what == "there" {
			x.stop()
		}
		within(t, 5*time.Second, "closing, with NATS "+what, b.Close)
		if what != "there" && b.Dropped() != 2000 {
			t.Errorf("%s: %d of 2000 events are counted as lost", what, b.Dropped())
		}
		b.Sink()(event.OriginHealth{}) // takes it, or drops it, and never blocks
	}
	x.start()
}

func TestEmbeddedBusComesBackAtItsPortWithWhatItHeld(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	first, err := bus.Open(ctx, bus.Config{DataDir: dir, Origin: "one"})
	if err != nil {
		t.Fatal(err)
	}
	listen := strings.TrimPrefix(first.URL(), "nats://")
	guest := open(t, bus.Config{URL: first.URL(), Origin: "guest"})
	if err := guest.Register(ctx, bus.Record{Name: "cam2", Epoch: 4}); err != nil {
		t.Fatal(err)
	}
	heard := make(chan bus.Envelope, 10_000)
	cancel, err := guest.Subscribe(bus.All, func(e bus.Envelope) { heard <- e })
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	first.Close()
	poll(t, "the guest notices", func() bool { return !guest.Connected() })
	second := open(t, bus.Config{DataDir: dir, Listen: listen, Origin: "one"})
	poll(t, "the guest is back", guest.Connected)
	poll(t, "its record is there", func() bool {
		list, err := second.Registered(ctx)
		return err == nil && len(list) == 1 && list[0].Name == "cam2"
	})
	poll(t, "it hears events", func() bool {
		second.Sink()(event.OriginHealth{})
		return len(heard) > 0
	})
}

func BenchmarkSink(b *testing.B) {
	bench, err := bus.Open(context.Background(), bus.Config{DataDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer bench.Close()
	sink := bench.Sink()
	b.ReportAllocs()
	for b.Loop() {
		sink(event.OriginHealth{Streams: 1})
	}
}
