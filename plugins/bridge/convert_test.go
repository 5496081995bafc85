package bridge

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// filled sets every field of a value to something that is not zero and that the protocol allows.
func filled(r *rand.Rand, v reflect.Value) {
	switch v.Type() {
	case reflect.TypeFor[swarm.Role](), reflect.TypeFor[scheduler.Side](), reflect.TypeFor[chunk.Kind](), reflect.TypeFor[ingest.Access](),
		reflect.TypeFor[swarm.Mode](), reflect.TypeFor[swarm.Reason](), reflect.TypeFor[scheduler.Class](), reflect.TypeFor[swarm.ByeCause](),
		reflect.TypeFor[scheduler.RefusedReason]():
		v.SetUint(1 + r.Uint64N(2))
		return
	case reflect.TypeFor[scheduler.Again]():
		v.SetUint(1)
		return
	case reflect.TypeFor[scheduler.Action]():
		a := reflect.New(reflect.TypeFor[scheduler.Push]()).Elem()
		filled(r, a)
		v.Set(a)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			filled(r, v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			filled(r, v.Index(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			filled(r, v.Index(i))
		}
	case reflect.String:
		v.SetString(string(rune('a' + r.IntN(26))))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(r.Float64() + 0.1)
	case reflect.Int, reflect.Int64:
		v.SetInt(1 + r.Int64N(60))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1 + r.Uint64N(250))
	default:
		panic("filled: " + v.Type().String())
	}
}

func random(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 2))
}

// over carries a message to the other side.
func over[M proto.Message](t *testing.T, m, to M) M {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(b, to); err != nil {
		t.Fatal(err)
	}
	return to
}

func changes() []scheduler.Change {
	return []scheduler.Change{
		scheduler.Stream{}, scheduler.Capacity{}, scheduler.Candidates{}, scheduler.LinkUp{}, scheduler.LinkDown{}, scheduler.DialFailed{},
		scheduler.PeerStatus{}, scheduler.LinkMeasured{}, scheduler.SubstreamMeasured{}, scheduler.Subscribed{}, scheduler.Unsubscribed{},
		scheduler.Feeding{}, scheduler.Silent{}, scheduler.Held{}, scheduler.Holds{}, scheduler.Late{}, scheduler.Order{}, scheduler.Refused{},
	}
}

func actions() []scheduler.Action {
	return []scheduler.Action{
		scheduler.Push{}, scheduler.Announce{}, scheduler.Repair{}, scheduler.Subscribe{}, scheduler.Refuse{}, scheduler.Pull{}, scheduler.Send{},
		scheduler.Connect{}, scheduler.Disconnect{}, scheduler.Introduce{}, scheduler.Tell{}, scheduler.Watch{},
	}
}

func TestEveryChangeCrossesTheBoundaryWhole(t *testing.T) {
	r := random(t)
	if len(changes()) != (&pb.Change{}).ProtoReflect().Descriptor().Fields().Len() {
		t.Errorf("%d changes are tested of %d", len(changes()), (&pb.Change{}).ProtoReflect().Descriptor().Fields().Len())
	}
	batch := &scheduler.Batch{Revision: 9, Now: time.Second, Snapshot: true}
	for _, c := range changes() {
		v := reflect.New(reflect.TypeOf(c)).Elem()
		filled(r, v)
		batch.Changes = append(batch.Changes, v.Interface().(scheduler.Change))
	}
	got, err := batchFrom(over(t, batchOf(batch), &pb.Batch{}))
	if err != nil {
		t.Fatal(err)
	}
	if got.Revision != 9 || got.Now != time.Second || !got.Snapshot || len(got.Changes) != len(batch.Changes) {
		t.Fatalf("got %+v", got)
	}
	for i, want := range batch.Changes {
		if !reflect.DeepEqual(got.Changes[i], want) {
			t.Errorf("%T:\n got %+v\nwant %+v", want, got.Changes[i], want)
		}
	}
}

func TestEveryActionCrossesTheBoundaryWhole(t *testing.T) {
	r := random(t)
	if len(actions()) != (&pb.Action{}).ProtoReflect().Descriptor().Fields().Len() {
		t.Errorf("%d actions are tested of %d", len(actions()), (&pb.Action{}).ProtoReflect().Descriptor().Fields().Len())
	}
	answer := &scheduler.Answer{Revision: 9, WakeAt: time.Minute}
	for _, a := range actions() {
		v := reflect.New(reflect.TypeOf(a)).Elem()
		filled(r, v)
		answer.Actions = append(answer.Actions, v.Interface().(scheduler.Action))
	}
	got, err := answerFrom(over(t, answerOf(answer), &pb.Answer{}))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&got, answer) {
		t.Errorf("got  %+v\nwant %+v", &got, answer)
	}
}

func TestDescriptorTracksAndSourcesCrossTheBoundaryWhole(t *testing.T) {
	r := random(t)
	var d chunk.Descriptor
	filled(r, reflect.ValueOf(&d).Elem())
	got, err := descriptorFrom(over(t, descriptorOf(&d), &pb.Descriptor{}))
	if err != nil || !reflect.DeepEqual(got, &d) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, &d)
	}
	var m ingest.Media
	filled(r, reflect.ValueOf(&m).Elem())
	if got, err := mediaFrom(over(t, mediaOf(&m), &pb.TracksEvent{})); err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, m)
	}
	delays := []time.Duration{time.Second, -time.Millisecond} // clocks differ
	if got, err := delaysFrom(over(t, delaysOf(delays), &pb.DelaysEvent{})); err != nil || !reflect.DeepEqual(got, delays) {
		t.Errorf("got  %v, %v\nwant %v", got, err, delays)
	}
	sources := make([]ingest.Source, 2)
	for i := range sources {
		filled(r, reflect.ValueOf(&sources[i]).Elem())
	}
	f := ingest.Found{Sources: sources}
	if got, err := foundFrom(over(t, foundOf(&f), &pb.FoundEvent{})); err != nil || !reflect.DeepEqual(got, f) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, f)
	}
}

func TestAnAnswerThatNoPolicyMayGiveIsRefused(t *testing.T) {
	many := &pb.Answer{}
	for range 2*scheduler.MaxActions + 1 {
		many.Actions = append(many.Actions, &pb.Action{Action: &pb.Action_Introduce{Introduce: &pb.IntroduceAction{Count: 1}}})
	}
	one := func(a *pb.Action) *pb.Answer { return &pb.Answer{Actions: []*pb.Action{a}} }
	for name, m := range map[string]*pb.Answer{
		"too many actions":     many,
		"a pull of too many":   one(&pb.Action{Action: &pb.Action_Pull{Pull: &pb.PullAction{Numbers: make([]uint64, swarm.MaxWant+1)}}}),
		"a substream too high": one(&pb.Action{Action: &pb.Action_Push{Push: &pb.PushAction{Substream: 1 << 31}}}),
		"a peer without a key": one(&pb.Action{Action: &pb.Action_Connect{Connect: &pb.ConnectAction{Peer: []byte("me")}}}),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := answerFrom(m); err == nil {
				t.Error("it was taken")
			}
		})
	}
	later := &pb.Answer{Actions: []*pb.Action{{}}}
	if a, err := answerFrom(later); err != nil || len(a.Actions) != 0 {
		t.Errorf("an action of a later version: %+v, %v; want it passed over", a, err)
	}
}
