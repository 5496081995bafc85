package budget

// What a share can count on. By weight alone, a stream of little weight could promise a viewer's uplink to nobody though the others
// hardly used it: streams weigh what they do at the source, but each is sent as often as it has viewers.

// slack is the part of what is bound that is kept free beside it: chunks come in bursts, and repairs on top.
const slack = 9

// Bind is as Source says.
func (s *Share) Bind(rate uint64) { s.bound = min(rate, MaxCap) }

// claim is what the share takes of the uplink, as it is bound.
func (s *Share) claim() uint64 { return s.bound + s.bound/slack }

// part is the share's part of a whole, if it wanted all of it: by weight, of what those leave that take less than theirs.
func (s *Share) part(whole uint64) uint64 {
	a := s.of
	rest, weights := whole, a.weights
	for range a.shares { // the more is left, the more of them take less than their part of it
		left, among := whole, a.weights
		for _, o := range a.shares {
			if o != s && o.claim()*weights < rest*o.weight {
				left, among = left-o.claim(), among-o.weight
			}
		}
		if among == weights {
			break
		}
		rest, weights = left, among
	}
	return rest * s.weight / max(weights, 1)
}
