package page

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// line is one curve.
type line struct {
	name   string
	points []point
}

type point struct{ x, y float64 }

// chart is a plot of several curves over one pair of axes.
type chart struct {
	title  string
	x, y   string // what the axes show, with its unit
	least  float64
	most   float64 // of y; 0 for what the curves reach
	curves []line
}

// What a chart measures, in pixels.
const (
	width, height           = 640, 320
	left, right, above, low = 64, 16, 16, 44
)

// colour is that of a curve, in turn; they are told apart by most who see colours differently (Okabe and Ito).
func colour(i int) string {
	list := [...]string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"}
	return list[i%len(list)]
}

// axis says which pixels the values of one direction have.
type axis struct{ from, to, first, last float64 }

// place is the pixel of a value.
func (a axis) place(v float64) float64 { return a.first + (v-a.from)/(a.to-a.from)*(a.last-a.first) }

// svg draws the chart.
func (c *chart) svg() template.HTML {
	toX, toY := c.ranges()
	h, v := axis{0, toX, left, width - right}, axis{c.least, toY, height - low, above}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, width, height, template.HTMLEscapeString(c.title))
	for _, t := range ticks(0, toX) {
		x := h.place(t)
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/><text x="%.1f" y="%d" text-anchor="middle">%.5g</text>`,
			x, above, x, height-low, x, height-low+16, t)
	}
	for _, t := range ticks(c.least, toY) {
		y := v.place(t)
		fmt.Fprintf(&b, `<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">%.5g</text>`,
			left, y, width-right, y, left-6, y+4, t)
	}
	for i, l := range c.curves {
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, colour(i))
		for _, p := range l.points {
			fmt.Fprintf(&b, "%.1f,%.1f ", h.place(p.x), v.place(min(max(p.y, c.least), toY)))
		}
		b.WriteString(`"/>`)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, (left+width-right)/2, height-8, template.HTMLEscapeString(c.x))
	fmt.Fprintf(&b, `<text transform="translate(14 %d) rotate(-90)" text-anchor="middle">%s</text></svg>`,
		(above+height-low)/2, template.HTMLEscapeString(c.y))
	return template.HTML(b.String()) // numbers, and text that was escaped
}

// ranges are where the axes end.
func (c *chart) ranges() (toX, toY float64) {
	toY = c.most
	for _, l := range c.curves {
		for _, p := range l.points {
			toX = max(toX, p.x)
			if c.most == 0 {
				toY = max(toY, p.y*1.05)
			}
		}
	}
	if toX == 0 {
		toX = 1
	}
	if toY <= c.least {
		toY = c.least + 1
	}
	return toX, toY
}

// ticks are about six round numbers between two.
func ticks(from, to float64) []float64 {
	step := math.Pow(10, math.Floor(math.Log10((to-from)/6)))
	for _, f := range []float64{1, 2, 5, 10} {
		if (to-from)/(step*f) <= 7 {
			step *= f
			break
		}
	}
	var list []float64
	for i := int(math.Ceil(from/step - 1e-9)); float64(i)*step <= to*(1+1e-9); i++ {
		list = append(list, float64(i)*step)
	}
	return list
}
