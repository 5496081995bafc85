package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/shoal-live/shoal/core/report"
)

func TestASampleHasAllPoliciesOfItsSeedAndTheSameSeedOfTheOtherCase(t *testing.T) {
	c := &command{Out: t.TempDir(), Scenarios: t.TempDir()}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keep := func(name, policies string, list []report.Report) {
		t.Helper()
		write(c.scenario(name), "duration: 20s\npolicy: "+policies+"\n")
		scenario, err := digest(c.scenario(name))
		if err != nil {
			t.Fatal(err)
		}
		for file, v := range map[string]any{
			c.recordOf(name):       record{Seeds: 2, Scenario: scenario, Files: []string{name + ".json"}, Costs: []cost{{}}},
			c.file(name + ".json"): list,
		} {
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			write(file, string(b))
		}
	}
	one := func(policy string, seed uint64, rejected uint64) report.Report {
		return report.Report{Policy: policy, Seed: seed, DurationS: 20, RejectedChunks: rejected}
	}
	keep("several", "[substream, edf]", []report.Report{one("substream", 1, 11), one("substream", 2, 12), one("edf", 1, 21), one("edf", 2, 22)})
	keep("before", "substream", []report.Report{one("substream", 1, 3), one("substream", 2, 5)})
	c.Kept = true
	sum := func(s *sample) float64 {
		return rejected(s) + 100*under("edf", rejected)(s) + 10_000*in("before", rejected)(s)
	}
	res, err := c.one(t.Context(), &row{name: "several", needs: "before", figures: []figure{{of: sum}}})
	if err != nil {
		t.Fatal(err)
	}
	if v := res.verdicts[0]; v.least != 32_111 || v.most != 52_212 {
		t.Errorf("from %v to %v", v.least, v.most)
	}
}
