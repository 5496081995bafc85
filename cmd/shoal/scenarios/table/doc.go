// Command table runs the cases that Shoal's scheduling is judged by, one scenario of this folder each, and prints what was
// asked beside what `shoal sim` measured, as one Markdown table:
//
//	make table                        # every case with five seeds, the small ones first
//	make table SEEDS=1 CASES=small-2,small-5
//	make table TABLE=--kept           # judge the reports that are there, run nothing
//
// What is asked stands in asked.go. Of each figure the mean over the seeds counts, and where it is marked "every run" that of
// each seed; beside it stand the least and the greatest. A case has three files in --out: the report, what sim printed,
// and what the run took. The exit status is 1 when a figure is not met, or a case could not be run.
//
// # Formulas
//
// A figure is a field of the report, whose formula package report gives, or one of these:
//
//   - last 10 s, of delay p99 and of continuity: the mean of the last ten entries of the series. The totals hold what was measured while viewers joined too.
//   - missing chunks: 1 - chunk_continuity.
//   - startup of all: the greatest of startup_ms, with never_played beside it.
//   - back: the time from a fault to the first second from which on three in a row are well.
//     After a kill, well is a delay p99 within 20 % of the mean p99 of the five seconds before; after capacity's return it is a
//     continuity of 0.995.
//   - against another run: the quotient or the difference of the two reports of the same seed.
//   - honest viewers: the cohorts contributors and noUplink together, weighted by their viewers.
//   - forged chunks later than 5 s: rejected_chunks, less that of the same run ended five seconds after the poison began. Runs
//     of a seed are equal until then.
//   - time, memory and processor: wall clock, greatest resident set, and user and system time of the process, as the
//     system accounts for it; a delivered chunk is a sample of delay_ms.
//
// What there is no measurement for (nobody in a cohort, no chunk at all) is "none", and no figure that was asked is met by it.
package main
