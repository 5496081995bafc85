package node

// A ledger counts the control frames of a link in each direction, over all connections that the link has had, and keeps
// the last ones that this end has sent. So when a connection is lost, both ends can tell whether they continue the same
// conversation, and send again what has not come. See resume.go.
type ledger struct {
	sent, heard tally
	kept        []entry // ring by number
}

// tally is a number of frames, and a sum over all of them in order.
type tally struct {
	count uint64
	sum   uint64
}

// entry is a frame that was sent, and the sum of those before it.
type entry struct {
	before uint64
	frame  []byte
}

// keptFrames is how many frames a ledger keeps: what a busy link says in a second. Whoever misses more begins anew.
const keptFrames = 128

// FNV-1a of 64 bits.
const (
	sumFirst = 14695981039346656037
	sumPrime = 1099511628211
)

// add counts a frame.
func (t *tally) add(frame []byte) {
	if t.count == 0 {
		t.sum = sumFirst
	}
	t.count++
	for _, b := range frame {
		t.sum = (t.sum ^ uint64(b)) * sumPrime
	}
	t.sum = (t.sum ^ uint64(len(frame))) * sumPrime
}

// says keeps a frame that is sent. It stays as it is from then on.
func (l *ledger) says(frame []byte) {
	e := entry{before: l.sent.sum, frame: frame}
	if len(l.kept) < keptFrames {
		l.kept = append(l.kept, e)
	} else {
		l.kept[l.sent.count%keptFrames] = e
	}
	l.sent.add(frame)
}

// after lists the frames that were sent after those that the other end has heard. ok is false where these are not what was
// sent, or too long ago.
func (l *ledger) after(heard tally) (frames [][]byte, ok bool) {
	switch missing := l.sent.count - heard.count; {
	case heard.count > l.sent.count || missing > uint64(len(l.kept)):
		return nil, false
	case missing == 0:
		return nil, heard.sum == l.sent.sum
	}
	if l.kept[heard.count%keptFrames].before != heard.sum {
		return nil, false
	}
	for n := heard.count; n < l.sent.count; n++ {
		frames = append(frames, l.kept[n%keptFrames].frame)
	}
	return frames, true
}
