package sim

import "slices"

// publishing lets the source take part, with the epoch that each stream is in.
func (w *lane) publishing() error {
	source := w.peers[0]
	if err := w.begin(source); err != nil {
		return err
	}
	for i, m := range w.streams {
		if err := source.parts[i].engine.Describe(w.now, m.signed); err != nil {
			return err
		}
		w.advance(&source.parts[i])
	}
	return nil
}

// comeBack lets the source begin anew. The rendezvous tells all who take part of it, and their transports find that it knows nothing of the links
// that they had.
func (w *lane) comeBack() error {
	source, before := w.peers[0], w.peers[0].finals
	source.gone, source.finals = false, nil
	for _, m := range w.streams {
		if err := w.nextEpoch(m); err != nil {
			return err
		}
	}
	if err := w.publishing(); err != nil {
		return err
	}
	for i := range source.parts {
		source.parts[i].chunks = before[i].ChunkSent
	}
	for _, index := range w.alive {
		p := w.peers[index]
		if index == 0 {
			continue
		}
		if h := p.linkTo(0); h != nil {
			p.unlink(h.id)
			for i := range p.parts {
				if h.up.has(i) {
					p.parts[i].engine.PeerDown(w.now, h.id, "begun anew")
				}
			}
		}
		if slices.ContainsFunc(p.dialing, func(d dialing) bool { return d.far == 0 }) { // its handshake is sent again
			w.add(beat(w.now+3*w.delay(p.index, 0), p, source), happening{what: doLinked, peer: p.index})
		}
		for i := range p.parts {
			w.introduce(&p.parts[i], sampled)
			w.advance(&p.parts[i])
		}
	}
	return nil
}
