package trial

import (
	"fmt"
	"io"
	"time"
)

// Poison is how long honest viewers had poisoners for neighbours.
type Poison struct {
	Began float64         `json:"began_s"` // when the first forged
	Links []PoisonedLinks `json:"links"`   // second by second, from then on
	// GoneS is after how many seconds no honest viewer had a poisoner for a neighbour any more, to the second; -1 when one had at the end.
	GoneS float64 `json:"gone_s"`
}

// PoisonedLinks are those between honest viewers and poisoners at a time.
type PoisonedLinks struct {
	At        float64 `json:"at_s"`
	Poisoners int     `json:"poisoners"` // that play
	Links     int     `json:"links"`
}

// poison collects a Poison.
type poison struct {
	began time.Duration // 0 before
	links []PoisonedLinks
}

// note takes a sample.
func (p *poison) note(at time.Duration, s *Sample) {
	if p.began == 0 || s.Neighbours == nil {
		return
	}
	one := PoisonedLinks{At: at.Seconds(), Poisoners: len(s.Poisoners)}
	for _, peer := range s.Poisoners {
		one.Links += s.Neighbours[peer]
	}
	p.links = append(p.links, one)
}

func (p *poison) result() *Poison {
	if p.began == 0 {
		return nil
	}
	r := &Poison{Began: p.began.Seconds(), Links: p.links, GoneS: -1}
	for i := len(p.links); i > 0 && p.links[i-1].Links == 0; i-- {
		r.GoneS = p.links[i-1].At - r.Began
	}
	return r
}

// printPoison writes how soon poisoners were gone.
func printPoison(w io.Writer, p *Poison) error {
	if p == nil || len(p.Links) == 0 {
		return nil
	}
	most := 0
	for _, l := range p.Links {
		most = max(most, l.Links)
	}
	last := p.Links[len(p.Links)-1]
	when := fmt.Sprintf("none any more %.0f s after they began", p.GoneS)
	if p.GoneS < 0 {
		when = fmt.Sprintf("%d at the end", last.Links)
	}
	_, err := fmt.Fprintf(w, "\n%d poisoners: at most %d links with honest viewers, %s\n", last.Poisoners, most, when)
	return err
}
