package quic

import "sync"

// maxEarly is the most chunk frames that wait for their link to be reported up; what is beyond is lost.
const maxEarly = 64

// early holds the chunk frames of a link that is being reported up. A node may tell its peer of the link before the call that
// reports it has returned here, when the two are in different processes, and the peer's first frames come then.
type early struct {
	mu     sync.Mutex
	frames [][]byte
	over   bool // the link was reported
}

// hold keeps a frame, and answers false once the link was reported.
func (e *early) hold(frame []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over {
		return false
	}
	if len(e.frames) < maxEarly {
		e.frames = append(e.frames, frame)
	}
	return true
}

// end gives what has come while the link was being reported.
func (e *early) end() [][]byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	frames := e.frames
	e.frames, e.over = nil, true
	return frames
}
