package engine

// ordered is what a heap holds.
type ordered[T any] interface{ before(T) bool }

// heap is a binary heap, the first in front. It allocates nothing once it has grown.
type heap[T ordered[T]] []T

func (h *heap[T]) push(x T) {
	s := append(*h, x)
	*h = s
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !x.before(s[up]) {
			break
		}
		s[i] = s[up]
		i = up
	}
	s[i] = x
}

// pop takes the first out; the heap must not be empty.
func (h *heap[T]) pop() T {
	s := *h
	first, last := s[0], s[len(s)-1]
	var zero T
	s[len(s)-1] = zero
	s = s[:len(s)-1]
	*h = s
	if len(s) == 0 {
		return first
	}
	i := 0
	for {
		down := 2*i + 1
		if down >= len(s) {
			break
		}
		if right := down + 1; right < len(s) && s[right].before(s[down]) {
			down = right
		}
		if !s[down].before(last) {
			break
		}
		s[i] = s[down]
		i = down
	}
	s[i] = last
	return first
}
