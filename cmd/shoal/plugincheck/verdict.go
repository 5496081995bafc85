package plugincheck

import "time"

// Verdict on one clause.
type Verdict string

// The verdicts.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	Flaky         Verdict = "flaky"          // it failed beside other clauses and passed alone
	NotApplicable Verdict = "not applicable" // it could not be shown here
)

// Clause is one promise of a contract, and how it was kept.
type Clause struct {
	Sentence string  `json:"clause"`
	Verdict  Verdict `json:"verdict"`
	Reason   string  `json:"reason,omitempty"` // of a verdict other than pass; lines
	Seconds  float64 `json:"seconds"`
}

// Result is all that a check found.
type Result struct {
	Plugin        string   `json:"plugin"` // path, or kind/name of a built-in
	Kind          string   `json:"kind"`
	Name          string   `json:"name"`
	Version       string   `json:"version"`
	Protocol      int      `json:"protocol"`
	SHA256        string   `json:"sha256"`
	Clauses       []Clause `json:"clauses"`
	Passed        int      `json:"passed"`
	Failed        int      `json:"failed"`
	Flaky         int      `json:"flaky"`
	NotApplicable int      `json:"notApplicable"`
	Seconds       float64  `json:"seconds"`
	Timing        *Timing  `json:"timing,omitempty"` // nil when it could not be started
}

func (r *Result) count() {
	r.Passed, r.Failed, r.Flaky, r.NotApplicable = 0, 0, 0, 0
	for _, c := range r.Clauses {
		switch c.Verdict {
		case Pass:
			r.Passed++
		case Fail:
			r.Failed++
		case Flaky:
			r.Flaky++
		case NotApplicable:
			r.NotApplicable++
		}
	}
}

// Failures are the sentences of the clauses that failed, for a line that names them.
func (r *Result) Failures() []string {
	var list []string
	for _, c := range r.Clauses {
		if c.Verdict == Fail {
			list = append(list, c.Sentence)
		}
	}
	return list
}

// Timing is how fast the plugin is. A part that is nil was not measured, for the reason in Problems.
type Timing struct {
	Ready    *Spread        `json:"ready,omitempty"`    // from exec to ready
	Call     *Spread        `json:"call,omitempty"`     // one small unary call there and back
	Policy   *PolicyTiming  `json:"policy,omitempty"`   // of a policy
	Carrying *CarryingTimes `json:"carrying,omitempty"` // of a transport
	Problems []string       `json:"problems,omitempty"` // what could not be measured, and why
}

// Spread is a distribution, in milliseconds.
type Spread struct {
	P50   float64 `json:"p50_ms"`
	P95   float64 `json:"p95_ms"`
	P99   float64 `json:"p99_ms"`
	Count int     `json:"count"`
}

// PolicyTiming is how long a policy takes for its answers.
type PolicyTiming struct {
	Step    *Spread `json:"step"`       // of a batch without changes
	Largest float64 `json:"largest_ms"` // of the largest batch that there is, best of five
	Changes int     `json:"changes"`    // in it
}

// CarryingTimes is how a transport carries chunk frames between two processes on this machine.
type CarryingTimes struct {
	Frame     int     `json:"frame"`      // bytes of a chunk frame
	Rate      float64 `json:"rate_bps"`   // of the paced stream
	Delay     *Spread `json:"delay"`      // of its frames, from SendChunks to Received
	Lost      float64 `json:"lost"`       // of them, share
	MostBps   float64 `json:"most_bps"`   // received when sent as fast as they are taken
	MostLost  float64 `json:"most_lost"`  // of those, share
	LinkUp    float64 `json:"link_up_ms"` // from Dial to Up at the dialing end
	Processes int     `json:"processes"`
}

// milliseconds of a duration.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
