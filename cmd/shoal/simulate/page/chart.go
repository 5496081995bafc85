package page

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// line is one curve.
type line struct {
	colour string
	dash   string // as of stroke-dasharray; "" for a solid line
	points []point
	dots   []point // beside the curve, each a small circle
}

type point struct{ x, y float64 }

// chart is a plot of several curves over one pair of axes.
type chart struct {
	title  string
	x, y   string // what the axes show, with its unit
	least  float64
	most   float64 // of y; 0 for what the curves reach
	scale  scale   // of x
	curves []line
}

// scale says how an axis goes.
type scale uint8

const (
	linear      scale = iota // from 0
	logarithmic              // over the values, which are above 0
)

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
type axis struct {
	from, to, first, last float64
	scale                 scale
}

// place is the pixel of a value.
func (a axis) place(v float64) float64 {
	from, to := a.from, a.to
	if a.scale == logarithmic {
		from, to, v = math.Log(from), math.Log(to), math.Log(v)
	}
	return a.first + (v-from)/(to-from)*(a.last-a.first)
}

// ticks are where the axis has a number.
func (a axis) ticks() []float64 {
	if a.scale == logarithmic {
		return decades(a.from, a.to)
	}
	return ticks(a.from, a.to)
}

// svg draws the chart.
func (c *chart) svg() template.HTML {
	h, v := c.axes()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, width, height, template.HTMLEscapeString(c.title))
	for _, t := range h.ticks() {
		x := h.place(t)
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`,
			x, above, x, height-low, x, height-low+16, short(t))
	}
	for _, t := range v.ticks() {
		y := v.place(t)
		fmt.Fprintf(&b, `<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`,
			left, y, width-right, y, left-6, y+4, short(t))
	}
	for _, l := range c.curves {
		l.draw(&b, h, v)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, (left+width-right)/2, height-8, template.HTMLEscapeString(c.x))
	fmt.Fprintf(&b, `<text transform="translate(14 %d) rotate(-90)" text-anchor="middle">%s</text></svg>`,
		(above+height-low)/2, template.HTMLEscapeString(c.y))
	return template.HTML(b.String()) // numbers, and text that was escaped
}

// draw draws the curve and its dots.
func (l *line) draw(b *strings.Builder, h, v axis) {
	dash := ""
	if l.dash != "" {
		dash = fmt.Sprintf(` stroke-dasharray="%s"`, l.dash)
	}
	fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="2"%s points="`, l.colour, dash)
	for _, p := range l.points {
		fmt.Fprintf(b, "%.1f,%.1f ", h.place(p.x), v.place(min(max(p.y, v.from), v.to)))
	}
	b.WriteString(`"/>`)
	for _, p := range l.dots {
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`, h.place(p.x), v.place(min(max(p.y, v.from), v.to)), l.colour)
	}
}

// axes are those on which all of the curves have room.
func (c *chart) axes() (h, v axis) {
	least, most, top := math.Inf(1), 0.0, c.most
	for _, l := range c.curves {
		for _, list := range [][]point{l.points, l.dots} {
			for _, p := range list {
				least, most = min(least, p.x), max(most, p.x)
				if c.most == 0 {
					top = max(top, p.y*1.05)
				}
			}
		}
	}
	if most == 0 {
		least, most = 1, 1
	}
	if top <= c.least {
		top = c.least + 1
	}
	h = axis{0, most, left, width - right, linear}
	if c.scale == logarithmic {
		h = axis{least / 1.25, most * 1.25, left, width - right, logarithmic}
	}
	return h, axis{c.least, top, height - low, above, linear}
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

// decades are 1, 2, 5, 10, 20 and so on between two numbers above 0.
func decades(from, to float64) []float64 {
	var list []float64
	for ten := math.Pow(10, math.Floor(math.Log10(from))); ten <= to; ten *= 10 {
		for _, f := range []float64{1, 2, 5} {
			if v := ten * f; from <= v && v <= to {
				list = append(list, v)
			}
		}
	}
	return list
}

// short is a number as an axis has it.
func short(v float64) string {
	if v >= 10_000 {
		return fmt.Sprintf("%.5gk", v/1000)
	}
	return fmt.Sprintf("%.5g", v)
}
