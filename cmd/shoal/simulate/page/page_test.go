package page_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
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
	if plots, curves := strings.Count(text, "<svg"), strings.Count(text, "<polyline"); plots != 10 || curves != 10+5 {
		t.Errorf("%d plots with %d curves, want 10: of bars 4, of 2 curves 5, and one of 5", plots, curves)
	}
	if bars := strings.Count(text, "<rect"); bars != 2*(4+5+3+4) {
		t.Errorf("%d bars, want 2 for each of the 4 classes of uplinks, 5 delays, 3 misses and 4 costs", bars)
	}
	if dots := strings.Count(text, "<circle"); dots != 5*2 {
		t.Errorf("%d dots, want one for each seed on each of 5 curves", dots)
	}
	for _, want := range []string{"8 viewers, 3 s", "</i>substream<", "</i>edf<", "Continuity over time", "Delay against the number of viewers", "Compared: delay", "Upload by class", "delay p99 &lt; 1 s"} {
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

// of is a run that reached a delay p99, in milliseconds, with so many viewers.
func of(policy string, viewers int, p99 float64) *simulate.Run {
	r := &report.Report{Viewers: viewers, DelayMS: report.Percentiles{P50: p99 / 2, P99: p99}, BoundMS: report.Bounds{Burst: p99 / 4}}
	return &simulate.Run{Policy: policy, Viewers: viewers, Report: r}
}

func TestDelayIsDrawnAgainstTheLogarithmOfTheNumberOfViewers(t *testing.T) {
	text := drawn(t, []*simulate.Run{of("substream", 10, 100), of("substream", 100, 200), of("substream", 1000, 300)})
	svg := regexp.MustCompile(`(?s)<svg[^>]*Delay against.*?</svg>`).FindString(text)
	var x []float64
	for _, c := range regexp.MustCompile(`<circle cx="([0-9.]+)"`).FindAllStringSubmatch(svg, -1) {
		v, err := strconv.ParseFloat(c[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		x = append(x, v)
	}
	if len(x) != 9 || math.Abs((x[1]-x[0])-(x[2]-x[1])) > 0.2 || x[1]-x[0] < 100 {
		t.Errorf("10, 100 and 1,000 viewers stand at %v, want three times three that are as far from one another", x)
	}
	if n := strings.Count(text, "</i>substream, 1000 viewers<"); n != 1 || !strings.Contains(text, "<h1>10, 100, 1000 viewers") {
		t.Errorf("the page does not say which curve is whose:\n%s", text)
	}
	wellFormed(t, text)
}

func TestOfSeveralPoliciesAndNumbersTheGreatestIsShown(t *testing.T) {
	text := drawn(t, []*simulate.Run{of("substream", 10, 100), of("substream", 100, 200), of("edf", 10, 300), of("edf", 100, 400)})
	if keys := strings.Count(text, "</i>"); keys != 2 || !strings.Contains(text, "left and steep is good. With 100 viewers.") {
		t.Errorf("%d keys, want 2, and that 100 viewers are shown:\n%s", keys, text)
	}
	if !strings.Contains(text, ">400</text>") || strings.Contains(text, ">300</text><text") {
		t.Errorf("the bars are not those of 100 viewers:\n%s", text)
	}
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
