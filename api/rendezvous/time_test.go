package rendezvous_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// wait lets virtual time pass.
func wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (h *house) join(t *testing.T, role swarm.Role, publisher ed25519.PrivateKey) *peer {
	t.Helper()
	return joinAs(t, h.config(t, publisher), node.Self{Role: role, Name: name})
}

func (h *house) call(t *testing.T) *raw {
	t.Helper()
	return call(t, houseURL, h.client("192.0.2.7"), nil)
}

func TestSilentConnectionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.join(t, swarm.Source, h.publisher).in(t)
		mute, quiet := h.call(t), h.call(t)
		quiet.send(quiet.hello())
		quiet.await("joined")
		began := time.Now()
		if _, err := mute.hear(); err == nil || time.Since(began) > 6*time.Second {
			t.Errorf("a connection that never joins ends after %v (%v)", time.Since(began), err)
		}
		for range 10 { // a sign of life in time keeps a member
			wait(20 * time.Second)
			quiet.send(said{"type": "time", "sent": 1})
			quiet.await("time")
		}
		began = time.Now()
		if _, err := quiet.hear(); err == nil || time.Since(began) > 31*time.Second {
			t.Errorf("a silent member ends after %v (%v)", time.Since(began), err)
		}
		wait(time.Second)
		if st, _ := h.server.Stream(name); st.Viewers != 0 || !st.Live {
			t.Errorf("the stream has %d viewers, live %t", st.Viewers, st.Live)
		}
	})
}

func TestSlowMemberIsKeptAndKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		source := h.join(t, swarm.Source, h.publisher).in(t)
		slow := h.call(t)
		slow.send(slow.hello())
		slow.await("joined") // and reads no more
		viewer := h.join(t, swarm.Viewer, nil).in(t)
		began := time.Now()
		for epoch := range uint32(150) {
			source.Describe(describe(t, h.publisher, epoch+1))
			source.Client.Signal(slow.peer(), fmt.Appendf(nil, "to the slow one %d", epoch))
			synctest.Wait()
		}
		for range 60 { // a flash crowd wants to punch
			crowd := h.call(t)
			crowd.send(crowd.hello())
			crowd.await("joined")
			_ = crowd.ws.CloseNow()
		}
		viewer.until(t, "the others hear of the last epoch", func() bool { return slices.Contains(viewer.epochs, 150) })
		if d := time.Since(began); d > 3*time.Second {
			t.Errorf("the others were kept waiting for %v", d)
		}
		wait(time.Second)
		kinds, last := map[string]int{}, ""
		slow.send(said{"type": "time", "sent": 7})
		for {
			m := slow.next()
			kind := m["type"].(string)
			kinds[kind]++
			if kind == "signal" {
				last = string(bytesOf(t, m["data"]))
			}
			if kind == "time" {
				break
			}
		}
		// One message may have been on its way before the newest took the place of those that waited.
		if kinds["descriptor"] > 2 || kinds["descriptor"] == 0 || kinds["signal"] > 65 || kinds["punch"] > 17 || last != "to the slow one 149" {
			t.Errorf("the slow one hears %v, and the last signal is %q", kinds, last)
		}
	})
}

func TestMemberThatReadsNothingIsGivenUpAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		source := h.join(t, swarm.Source, h.publisher).in(t)
		dead := h.call(t)
		dead.send(dead.hello())
		dead.await("joined")
		source.Describe(describe(t, h.publisher, 1))
		wait(12 * time.Second)
		if st, _ := h.server.Stream(name); st.Viewers != 0 {
			t.Error("it is still a member")
		}
	})
}

func TestFloodIsReadAsSlowlyAsTheLimitSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.join(t, swarm.Source, h.publisher).in(t)
		flooder, target := h.call(t), h.call(t)
		flooder.send(flooder.hello())
		target.send(target.hello())
		flooder.await("joined")
		target.await("joined")
		stop := make(chan struct{})
		go func() {
			defer close(stop)
			for flooder.write(websocket.MessageText, fmt.Appendf(nil, `{"type":"signal","peer":"%s","data":"eA=="}`, target.peer().Text())) == nil {
			}
		}()
		go func() {
			wait(10 * time.Second)
			_ = flooder.ws.CloseNow()
		}()
		heard := 0
		for {
			m, err := target.hear()
			if err != nil {
				break // idle at last
			}
			if m["type"] == "signal" {
				heard++
			}
		}
		<-stop
		if most := 10*rendezvous.MessagesPerSec + 4*rendezvous.MessagesPerSec + 10; heard > most || heard < most/2 {
			t.Errorf("%d messages came through in 10 s, of at most %d", heard, most)
		}
	})
}

func TestReportsAreTakenAtMostOnceASecondAndTheLonelyAreIntroduced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		for range 6 {
			m := h.call(t)
			m.send(m.sourceHello(h.publisher))
			m.await("joined")
		}
		lonely := h.call(t)
		lonely.send(lonely.hello())
		joined := lonely.await("joined")
		if joined["report_ms"] != 2000.0 || joined["observed"] != "192.0.2.7" {
			t.Errorf("joined says %v", joined)
		}
		offers := 0
		for i := range 10 {
			lonely.send(said{"type": "report", "report": said{"neighbours": i}})
			lonely.send(said{"type": "report", "report": said{"neighbours": 1, "delay_ms": 5000}}) // too soon
			lonely.send(said{"type": "time", "sent": 1})
			for m := lonely.next(); m["type"] != "time"; m = lonely.next() {
				if m["type"] == "candidates" && len(m["candidates"].([]any)) > 0 {
					offers++
				}
			}
			wait(time.Second)
		}
		if offers != 1 { // at the report of 3 neighbours, 3 s after the join
			t.Errorf("introduced unasked %d times", offers)
		}
		sw := must(h.server.Swarm(name, 100))
		if r := sw.Members[len(sw.Members)-1].Report; r.Neighbours != 9 || r.DelayMS != 0 {
			t.Errorf("the last report that counts is %+v", r)
		}
	})
}

func TestViewerWaitsForAStreamThatIsAboutToBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		early := h.join(t, swarm.Viewer, nil)
		wait(8 * time.Second)
		h.join(t, swarm.Source, h.publisher).in(t)
		wait(6 * time.Second)
		if !early.connected {
			t.Fatal("the viewer has not joined")
		}
	})
}

func TestUnknownStreamIsSaidAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		began := time.Now()
		p := h.join(t, swarm.Viewer, nil)
		err := <-p.ended
		if d := time.Since(began); !errors.Is(err, node.ErrUnknownStream) || !strings.Contains(err.Error(), name) || d < 10*time.Second || d > 20*time.Second {
			t.Errorf("after %v: %v", d, err)
		}
	})
}

func TestClientTriesForEverWhileTheServerIsAwayAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{network: newNetwork(), publisher: newKey(t)}
		_ = h.network.Close()
		p := h.join(t, swarm.Source, h.publisher)
		wait(10 * time.Minute)
		select {
		case err := <-p.ended:
			t.Fatalf("it gave up: %v", err)
		default:
		}
		if p.away == nil {
			t.Error("it does not say that the server is away")
		}
		p.stop()
		if err := <-p.ended; err != nil {
			t.Errorf("it ends with %v", err)
		}
		p.Report(node.Statistics{}) // does nothing, and does not block
		p.Introduce(3)
		p.Reachable(nil)
	})
}

func TestServerThatSaysNothingOrNonsenseIsLeftAndTriedAgain(t *testing.T) {
	for what, script := range map[string]func(ctx context.Context, ws *websocket.Conn){
		"nothing": func(ctx context.Context, ws *websocket.Conn) { _, _, _ = ws.Read(ctx) },
		"no JSON": func(ctx context.Context, ws *websocket.Conn) {
			_ = ws.Write(ctx, websocket.MessageText, []byte("hello"))
		},
		"a short nonce": func(ctx context.Context, ws *websocket.Conn) {
			_ = ws.Write(ctx, websocket.MessageText, []byte(`{"type":"challenge","nonce":"AAAA"}`))
		},
		"another stream": func(ctx context.Context, ws *websocket.Conn) {
			_ = ws.Write(ctx, websocket.MessageText, []byte(`{"type":"challenge","nonce":"`+strings.Repeat("A", 43)+`="}`))
			_, _, _ = ws.Read(ctx)
			_ = ws.Write(ctx, websocket.MessageText, []byte(`{"type":"joined","stream":"00","name":"cam/1"}`))
		},
		"an oversized message": func(ctx context.Context, ws *websocket.Conn) {
			_ = ws.Write(ctx, websocket.MessageText, make([]byte, rendezvous.MaxMessage+1))
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				calls := make(chan struct{}, 1000)
				h.answer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					ws, err := websocket.Accept(w, r, nil)
					if err != nil {
						return
					}
					defer func() { _ = ws.CloseNow() }()
					calls <- struct{}{}
					script(r.Context(), ws)
				}))
				p := joinAs(t, h.config(t, nil), node.Self{Role: swarm.Viewer, Name: name, Stream: [16]byte{1}})
				wait(9 * time.Second)
				if len(calls) < 2 || len(calls) > 40 || p.connected {
					t.Errorf("in 9 s it called %d times; connected: %t", len(calls), p.connected)
				}
			})
		})
	}
}

func TestTwoProcessesWithOneKeyDoNotFightForTheSeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.join(t, swarm.Source, h.publisher).in(t)
		cfg := h.config(t, nil)
		one := joinAs(t, cfg, node.Self{Role: swarm.Viewer, Name: name}).in(t)
		two := joinAs(t, cfg, node.Self{Role: swarm.Viewer, Name: name}).in(t)
		wait(2 * time.Minute)
		if joins := one.joins + two.joins; joins > 12 {
			t.Errorf("they joined %d times in two minutes", joins)
		}
		if st, _ := h.server.Stream(name); st.Viewers != 1 {
			t.Errorf("they count as %d viewers", st.Viewers)
		}
	})
}

func TestNameStaysItsPublishersUntilItIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := newKey(t)
		h := newHouse(t, func(c *rendezvous.Config) { c.Publishers = append(c.Publishers, public(other)) })
		source := h.join(t, swarm.Source, h.publisher).in(t)
		taker := h.join(t, swarm.Source, other)
		if err := <-taker.ended; !errors.Is(err, node.ErrRefused) || !strings.Contains(err.Error(), "another key") {
			t.Fatalf("another publisher gets %v while the stream is live", err)
		}
		viewer := joinAs(t, h.config(t, nil), node.Self{Role: swarm.Viewer, Name: name, Stream: must(h.server.Stream(name)).ID}).in(t)
		source.stop()
		wait(10 * time.Minute)
		taker = h.join(t, swarm.Source, other)
		if err := <-taker.ended; !errors.Is(err, node.ErrRefused) {
			t.Fatalf("another publisher gets %v while viewers wait", err)
		}
		wait(6 * time.Minute)
		h.join(t, swarm.Source, other).in(t)
		wait(time.Second)
		if !errors.Is(viewer.away, node.ErrUnknownStream) {
			t.Errorf("a viewer of the first stream is told %v", viewer.away)
		}
		st := must(h.server.Stream(name))
		if st.Viewers != 0 || !st.Live || !slices.Equal(st.Publisher, public(other)) {
			t.Errorf("the stream is %+v", st)
		}
		h.join(t, swarm.Viewer, nil).in(t)
	})
}

func TestEmptyStreamIsForgottenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		source := h.join(t, swarm.Source, h.publisher).in(t)
		source.stop()
		wait(time.Second)
		if list := h.server.Streams(); len(list) != 0 {
			t.Errorf("the server holds %+v", list)
		}
	})
}

func TestDescriptorsOfOldEpochsAndRepeatsGoNoFurther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		source := h.join(t, swarm.Source, h.publisher).in(t)
		viewer := h.join(t, swarm.Viewer, nil).in(t)
		for _, epoch := range []uint32{3, 3, 2, 5, 4, 5} {
			source.Describe(describe(t, h.publisher, epoch))
			wait(time.Second)
		}
		if !slices.Equal(viewer.epochs, []uint32{3, 5}) {
			t.Errorf("the viewer hears of epochs %v", viewer.epochs)
		}
		late := h.join(t, swarm.Viewer, nil).in(t)
		wait(time.Second)
		if !slices.Equal(late.epochs, []uint32{5}) {
			t.Errorf("a later viewer hears of epochs %v", late.epochs)
		}
	})
}

func TestDescriptorOfAnotherStreamIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		source := h.join(t, swarm.Source, h.publisher).in(t)
		source.Describe(describeNamed(t, h.publisher, "cam/2", 1))
		if err := <-source.ended; !errors.Is(err, node.ErrRefused) {
			t.Errorf("the source gets %v", err)
		}
	})
}

func TestForgedDescriptorReachesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		keeper := h.call(t)
		keeper.send(keeper.sourceHello(h.publisher))
		keeper.await("joined")
		v := h.join(t, swarm.Viewer, nil).in(t)
		signed := describe(t, h.publisher, 1)
		signed[len(signed)-1] ^= 1
		keeper.send(said{"type": "describe", "descriptor": append([]byte{0}, signed...)})
		if m := keeper.await("error"); m["code"] != "malformed" {
			t.Errorf("the server answers %v", m)
		}
		wait(time.Second)
		if st := must(h.server.Stream(name)); st.Signed != nil || len(v.epochs) > 0 {
			t.Errorf("the descriptor is taken")
		}
	})
}

func TestEverybodyIsBackSoonAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		source := h.join(t, swarm.Source, h.publisher).in(t)
		source.Describe(describe(t, h.publisher, 7))
		var viewers []*peer
		for range 40 {
			viewers = append(viewers, h.join(t, swarm.Viewer, nil).in(t))
		}
		h.server.Close()
		h.answer(http.NotFoundHandler())
		wait(3 * time.Second) // nobody answers
		second := rendezvous.NewServer(rendezvous.Config{Publishers: []ed25519.PublicKey{public(h.publisher)}})
		t.Cleanup(second.Close)
		h.answer(second)
		wait(7 * time.Second)
		st, ok := second.Stream(name)
		if !ok || !st.Live || st.Viewers != len(viewers) || st.Epoch != 7 {
			t.Errorf("the stream is live: %t, with %d viewers and epoch %d", st.Live, st.Viewers, st.Epoch)
		}
	})
}
