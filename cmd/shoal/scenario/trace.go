package scenario

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/shoal-live/shoal/cmd/shoal/yaml"
	"github.com/shoal-live/shoal/core/chunk"
)

// readTrace reads the file that stream.trace names.
func (s *Scenario) readTrace(keys *yaml.Keys, open func(string) ([]byte, error)) error {
	if s.Stream.Trace == "" {
		return nil
	}
	b, err := open(s.Stream.Trace)
	if err != nil {
		return keys.Errorf("stream.trace", "%v (a file with the bytes of one group on each line)", err)
	}
	if s.sizes, err = parseTrace(string(b)); err != nil {
		return keys.Errorf("stream.trace", "%s:%v", s.Stream.Trace, err)
	}
	return nil
}

// parseTrace reads the bytes of each group: the last column of each line. The first of them may be a heading; lines that are
// empty or begin with # say nothing.
func parseTrace(text string) ([]int, error) {
	var sizes []int
	first := true
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		size, err := strconv.Atoi(strings.TrimSpace(line[strings.LastIndex(line, ",")+1:]))
		heading := first && err != nil
		first = false
		if heading {
			continue
		}
		if err != nil || size < 1 || size > chunk.MaxGroupSize {
			return nil, fmt.Errorf("%d: %q does not end in the bytes of a group, 1..%d", i+1, line, chunk.MaxGroupSize)
		}
		sizes = append(sizes, size)
	}
	if len(sizes) == 0 {
		return nil, fmt.Errorf("1: no group; want its bytes on each line")
	}
	return sizes, nil
}
