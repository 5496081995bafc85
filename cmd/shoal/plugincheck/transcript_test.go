package plugincheck

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// transcriptOf is what go test writes, with > for the mark.
func transcriptOf(t *testing.T, text, cause string) (*transcript, []Clause) {
	t.Helper()
	var got []Clause
	tr := newTranscript(func(c Clause) { got = append(got, c) })
	if err := tr.read(strings.NewReader(strings.ReplaceAll(text, ">", mark))); err != nil {
		t.Fatal(err)
	}
	tr.finish(cause)
	return tr, got
}

func TestTranscriptBecomesVerdicts(t *testing.T) {
	for _, c := range []struct {
		name, text, cause string
		want              []Clause
	}{
		{
			name: "a pass says nothing",
			text: ">=== RUN   contract\n>=== RUN   contract/it_works\n    a.go:1: by the way\n>--- PASS: contract/it_works (0.25s)\n",
			want: []Clause{{Sentence: "it works", Verdict: Pass, Seconds: 0.25}},
		},
		{
			name: "a failure says its messages without their place",
			text: ">=== RUN   contract/it_works\n    a_b.go:12: no,\n        it does not\n>--- FAIL: contract/it_works (1.00s)\n>--- FAIL: contract (1.00s)\n>FAIL\n",
			want: []Clause{{Sentence: "it works", Verdict: Fail, Reason: "no,\n    it does not", Seconds: 1}},
		},
		{
			name: "a skip says its reason alone",
			text: ">=== RUN   contract/it_works\n    a.go:1: first\n    a.go:2: SKIPPED: nothing to show\n>--- SKIP: contract/it_works (0.00s)\n",
			want: []Clause{{Sentence: "it works", Verdict: NotApplicable, Reason: "nothing to show"}},
		},
		{
			name: "what is deeper belongs to its clause",
			text: ">=== RUN   contract/it_works\n>=== RUN   contract/it_works/seed_1\n    a.go:1: bad\n>--- FAIL: contract/it_works/seed_1 (0.00s)\n" +
				">=== NAME  contract/it_works\n>--- FAIL: contract/it_works (0.50s)\n",
			want: []Clause{{Sentence: "it works", Verdict: Fail, Reason: "bad", Seconds: 0.5}},
		},
		{
			name: "clauses that run at once keep their messages apart",
			text: ">=== RUN   contract/one\n>=== PAUSE contract/one\n>=== RUN   contract/two\n>=== PAUSE contract/two\n>=== CONT  contract/one\n" +
				">=== CONT  contract/two\n    a.go:1: of two\n>=== NAME  contract/one\n    a.go:1: of one\n>--- FAIL: contract/one (0.00s)\n>--- FAIL: contract/two (0.00s)\n",
			want: []Clause{{Sentence: "one", Verdict: Fail, Reason: "of one"}, {Sentence: "two", Verdict: Fail, Reason: "of two"}},
		},
		{
			name: "a verdict within a message is a message",
			text: ">=== RUN   contract/it_works\n    a.go:1: the plugin says\n        --- PASS: contract/it_works (0.00s)\n>--- FAIL: contract/it_works (0.00s)\n",
			want: []Clause{{Sentence: "it works", Verdict: Fail, Reason: "the plugin says\n    --- PASS: contract/it_works (0.00s)"}},
		},
		{
			name: "a panic in a clause is its reason",
			text: ">=== RUN   contract/it_works\n>--- FAIL: contract/it_works (0.00s)\n>--- FAIL: contract (0.00s)\n", cause: "panic: boom",
			want: []Clause{{Sentence: "it works", Verdict: Fail, Reason: "panic: boom"}},
		},
		{
			name: "a crash fails what was running, and not what waited",
			text: ">=== RUN   contract/one\n>=== PAUSE contract/one\n>=== RUN   contract/two\n>=== PAUSE contract/two\n>=== CONT  contract/two\n", cause: "killed",
			want: []Clause{{Sentence: "two", Verdict: Fail, Reason: "killed"}},
		},
		{
			name: "a failure before a crash of another keeps its own reason",
			text: ">=== RUN   contract/one\n    a.go:1: bad\n>--- FAIL: contract/one (0.00s)\n>=== RUN   contract/two\n", cause: "killed",
			want: []Clause{{Sentence: "one", Verdict: Fail, Reason: "bad"}, {Sentence: "two", Verdict: Fail, Reason: "killed"}},
		},
		{name: "nothing is no verdict"},
		{name: "rubbish is no verdict", text: ">--- FAIL: \n>---\n>=== \nhello\n>--- PASS: contract/never_began (0.00s)\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, got := transcriptOf(t, c.text, c.cause); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestTranscriptBoundsWhatItKeeps(t *testing.T) {
	var text strings.Builder
	text.WriteString(">=== RUN   contract/it_works\n")
	for i := range 10 * mostReason {
		fmt.Fprintf(&text, "    a.go:1: line %d\n", i)
	}
	text.WriteString("    " + strings.Repeat("x", 3*longestLine) + "\n>--- FAIL: contract/it_works (0.00s)\n")
	_, got := transcriptOf(t, text.String(), "")
	if len(got) != 1 || strings.Count(got[0].Reason, "\n") != mostReason || !strings.HasSuffix(got[0].Reason, "and more") {
		t.Errorf("got %d clauses, the first of %d lines", len(got), strings.Count(got[0].Reason, "\n"))
	}
}

func FuzzTranscript(f *testing.F) {
	f.Add(mark+"=== RUN   contract/a\n    a.go:1: x\n"+mark+"--- FAIL: contract/a (0.10s)\n", "panic")
	f.Fuzz(func(t *testing.T, text, cause string) {
		told := 0
		tr := newTranscript(func(c Clause) {
			told++
			if c.Verdict == "" {
				t.Errorf("a clause without a verdict: %+v", c)
			}
		})
		if err := tr.read(strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		tr.finish(cause)
		if over := len(tr.judged()); told != over {
			t.Errorf("%d clauses are over, %d were told", over, told)
		}
	})
}
