package sim

import "slices"

// Cohorts are those of a viewer of a class, which is one of Groups: that of the class, one of freeRiders, poisoners, noUplink and
// contributors, early or late where classes join at different times, and stayers, where some go, of the early that do not.
func (c *Config) Cohorts(class *Class, v Vice, gone bool) []string { //nolint:revive // gone is a fact about the viewer, as its vice is
	var list []string
	if class.Cohort != "" {
		list = append(list, class.Cohort)
	}
	switch {
	case v == RidesFree:
		list = append(list, "freeRiders")
	case v == Poisons:
		list = append(list, "poisoners")
	case class.Uplink.Idle():
		list = append(list, "noUplink")
	default:
		list = append(list, "contributors")
	}
	if len(c.Groups) > 1 && c.staggered() {
		if class.At == c.Groups[0].At {
			list = append(list, "early")
		} else {
			list = append(list, "late")
		}
	}
	if !gone && class.At == c.Groups[0].At && slices.ContainsFunc(c.Faults, parts) {
		list = append(list, "stayers")
	}
	return list
}

// parts reports whether a fault makes viewers go.
func parts(f Fault) bool {
	switch f.(type) {
	case Kill, Leave:
		return true
	}
	return false
}

// staggered reports whether some classes of viewers join later than others.
func (c *Config) staggered() bool {
	for i := range c.Groups {
		if c.Groups[i].Kind == Viewer && c.Groups[i].At != c.Groups[0].At {
			return true
		}
	}
	return false
}
