package page_test

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/cmd/shoal/scenario"
	"github.com/shoal-live/shoal/cmd/shoal/simulate"
	"github.com/shoal-live/shoal/cmd/shoal/simulate/page"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/plugins/schedulers/edf"
	"github.com/shoal-live/shoal/plugins/schedulers/substream"
)

func drawn(t *testing.T, runs []*simulate.Run) string {
	t.Helper()
	var b strings.Builder
	if err := page.Write(&b, runs, "delay p99 < 1 s"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestThePageHasACurveOfEveryPolicyInEveryPlotAndNeedsNothingElse(t *testing.T) {
	s, err := scenario.Parse("s.yml", []byte("duration: 3s\nstream: {bitrate: 500k}\nviewers: {count: 8}\njoin: {over: 1s}\n"),
		scenario.Known{Policies: []string{"substream"}})
	if err != nil {
		t.Fatal(err)
	}
	runs, err := simulate.All(t.Context(), simulate.Options{
		Scenario: s, Seeds: 2, Parallel: 2, Series: sim.PerSecond,
		Policies: []simulate.Policy{{Name: "substream", Factory: substream.New}, {Name: "edf", Factory: edf.New}},
	})
	if err != nil {
		t.Fatal(err)
	}
	text := drawn(t, runs)
	if plots, curves := strings.Count(text, "<svg"), strings.Count(text, "<polyline"); plots != 6 || curves != 10 {
		t.Errorf("%d plots with %d curves, want 6, and 2 in each but the last", plots, curves)
	}
	if bars := strings.Count(text, "<rect"); bars != 2*4 {
		t.Errorf("%d bars, want 2 for each of the 4 classes of uplinks", bars)
	}
	for _, want := range []string{"8 viewers, 3 s", "</i>substream<", "</i>edf<", "Continuity over time", "delay p99 &lt; 1 s"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if from := regexp.MustCompile(`(?i)<script|src=|href=|https?:|url\(|@import`).FindString(text); from != "" {
		t.Errorf("the page needs something else: %s", from)
	}
	if strings.Contains(text, ">-0<") {
		t.Error("an axis begins at -0")
	}
	wellFormed(t, text)
}

func TestARunWithoutAnyChunkIsDrawnAllTheSame(t *testing.T) {
	text := drawn(t, []*simulate.Run{{Policy: `<b>"&`, Report: new(report.Report)}})
	if strings.Contains(text, "<b>") || strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Errorf("the page is %s", text)
	}
	wellFormed(t, text)
}

// wellFormed reads every plot as XML.
func wellFormed(t *testing.T, text string) {
	t.Helper()
	for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(text, -1) {
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in %s", err, svg)
			}
		}
	}
}
