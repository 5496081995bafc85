// Package desk is where a policy works: the view of one peer, the answer that is being written, and chance.
//
//	func (p *policy) Step(b *scheduler.Batch) scheduler.Answer {
//		p.Open(b)                     // folds the batch in
//		p.Do(scheduler.Connect{...})  // adds to the answer, and folds that in too
//		return p.Answer(p.Now + time.Second)
//	}
//
// A Desk keeps nothing of a batch, and reads neither a clock nor a generator: equal batches give equal answers. Not safe
// for concurrent use.
package desk
