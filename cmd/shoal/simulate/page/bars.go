package page

import (
	"fmt"
	"html/template"
	"strings"
)

// bars are groups of bars that lie, one for each series.
type bars struct {
	title, note string
	colours     []string
	groups      []group
}

// group is a row of bars; a value below 0 has none.
type group struct {
	name   string
	values []float64
}

// What a bar measures, in pixels.
const (
	barHeight = 14
	barsLeft  = 130
	barsRight = 70
	between   = 10
)

// value is a number as it stands behind its bar.
func value(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// svg draws the bars, each with its value behind it.
func (b *bars) svg() template.HTML {
	most, y := 0.0, 4
	for _, g := range b.groups {
		for _, v := range g.values {
			most = max(most, v)
		}
	}
	if most == 0 {
		most = 1
	}
	h := axis{0, most, barsLeft, width - barsRight, linear}
	var s strings.Builder
	for _, g := range b.groups {
		fmt.Fprintf(&s, `<text x="%d" y="%d" text-anchor="end">%s</text>`,
			barsLeft-8, y+len(g.values)*barHeight/2+4, template.HTMLEscapeString(g.name))
		for i, v := range g.values {
			if v >= 0 {
				fmt.Fprintf(&s, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/><text x="%.1f" y="%d">%s</text>`,
					barsLeft, y, h.place(v)-barsLeft, barHeight-2, b.colours[i], h.place(v)+5, y+barHeight-3, value(v))
			}
			y += barHeight
		}
		y += between
	}
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %d %d" role="img" aria-label="%s">%s</svg>`,
		width, y, template.HTMLEscapeString(b.title), s.String())) // numbers, and text that was escaped
}
