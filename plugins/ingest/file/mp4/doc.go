// Package mp4 reads MP4 of any length without holding it: what its tracks are, and where their samples lie.
//
//	moov  mvhd  trak: tkhd mdia/hdlr mdhd stsd edts/elst     Movie, Track, Edit
//	            stbl: stts ctts stss stsc stsz stco|co64     the index of a progressive file (samples.go)
//	      mvex: trex                                         defaults of fragments
//	moof  traf: tfhd tfdt trun                               fragments (fragments.go)
//
// Of a table one page of 4 KB is in memory, of the fragments the samples of one for each track that is walked. Whatever the boxes
// say, what is kept and the number of steps are bounded by the bytes that are there. Payloads are not read: a [Sample] says
// where they are.
//
// Nothing here is safe for use by two goroutines at once, and nothing starts one.
package mp4
