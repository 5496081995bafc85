package plugincheck

import (
	"bytes"
	"testing"
	"time"
)

func TestPrinterWritesACheckForPeople(t *testing.T) {
	var b bytes.Buffer
	p := Printer{W: &b}
	r := &Result{
		Plugin: "./mine", Kind: "policy", Name: "mine", Protocol: 1, Seconds: 12.34,
		Clauses: []Clause{
			{Sentence: "it starts", Verdict: Pass, Seconds: 0.05},
			{Sentence: "it answers", Verdict: Fail, Reason: "no\nnot at all", Seconds: 2},
			{Sentence: "it waits", Verdict: NotApplicable, Reason: "give --source URL"},
		},
		Timing: &Timing{
			Ready:    spread([]time.Duration{40 * time.Millisecond, 1500 * time.Millisecond}),
			Policy:   &PolicyTiming{Step: spread(make([]time.Duration, 500)), Largest: 6.5, Changes: 8192},
			Problems: []string{"call: it died"},
		},
	}
	r.count()
	p.Start(r)
	for _, c := range r.Clauses {
		p.Clause(c)
	}
	p.End(r)
	const want = `./mine: policy/mine, version unknown, protocol 1

pass  it starts (0.05 s)
FAIL  it answers (2.00 s)
      no
      not at all
n/a   it waits (0.00 s)
      give --source URL

start to ready   p50 40 ms, p95 1.5 s (2 times)
empty batch      p50 0 us, p95 0 us, p99 0 us (500 times)
largest batch    6.5 ms for 8192 changes; the host waits 100ms
not measured     call: it died

1 pass, 1 fail, 1 not applicable, in 12.3 s
`
	if b.String() != want {
		t.Errorf("it wrote\n%s\nwant\n%s", b.String(), want)
	}
}
