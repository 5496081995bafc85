package rendezvous

import (
	"bytes"
	"compress/gzip"
	"sync"
	"time"
)

// shown keeps answers that cost time in proportion to a swarm, so that a thousand visitors of a page cost as much as one,
// and the operator's uplink is spent on media.
type shown struct {
	mu      sync.Mutex
	answers map[string]shownAnswer
}

// shownAnswer is one answer, in both forms.
type shownAnswer struct {
	at            time.Time
	plain, zipped []byte // nil when there is nothing of the kind
}

// get answers what build makes, at most showEvery old. build answers nil when there is nothing to show.
func (s *shown) get(key string, build func() any) shownAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	a, ok := s.answers[key]
	if ok && now.Sub(a.at) < showEvery {
		return a
	}
	v := build()
	if v == nil {
		delete(s.answers, key)
		return shownAnswer{}
	}
	a = shownAnswer{at: now, plain: marshal(v)}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write(a.plain) // a buffer takes everything
	_ = w.Close()
	a.zipped = zipped.Bytes()
	if s.answers == nil {
		s.answers = make(map[string]shownAnswer)
	}
	for k, old := range s.answers { // order-free: each on its own
		if now.Sub(old.at) >= showEvery {
			delete(s.answers, k)
		}
	}
	s.answers[key] = a
	return a
}
