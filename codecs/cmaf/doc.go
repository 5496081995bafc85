// Package cmaf turns access units into CMAF fragments and back.
//
// A stream's epoch has one init segment (ftyp, moov) and then one fragment a group:
//
//	moof  mfhd                          sequence number, from 1 in each epoch
//	      traf  tfhd tfdt trun          one for each track that has samples in the group, video first
//	      traf  tfhd tfdt trun
//	mdat  samples of the first track, then of the second, in decoding order
//
// [Packager] cuts the groups at the source. [Unpackager] gives the samples back, at whoever plays. Samples are
// self-contained, so that both sides stay simple: an H.264 or H.265 sample is a list of NAL units with 4-byte lengths, and one that
// decoding can begin at starts with its parameter sets; an AV1 sample is a temporal unit without delimiter,
// which begins with a sequence header where decoding can begin; VP9, Opus and MPEG-4 audio samples are as they come.
//
// Time within a fragment is exact for presentation. Decoding times are continuous: a sample's duration is
// predicted, because the next one is not there yet, and what the prediction missed is added to the duration of
// the next sample. A decoder therefore never sees a hole in decoding time, which Media Source Extensions would take for a loss.
//
// Nothing here is safe for use by two goroutines at once, and nothing starts one.
package cmaf
