package simulate

// Set is what one policy reached with one number of viewers: a run for each seed.
type Set struct {
	Policy  string
	Viewers int
	Runs    []*Run // at least one, by seed
}

// Sets groups runs that are as All gives them; their order stays.
func Sets(runs []*Run) []Set {
	var list []Set
	for _, r := range runs {
		if n := len(list); n == 0 || list[n-1].Policy != r.Policy || list[n-1].Viewers != r.Viewers {
			list = append(list, Set{Policy: r.Policy, Viewers: r.Viewers})
		}
		last := &list[len(list)-1]
		last.Runs = append(last.Runs, r)
	}
	return list
}

// sizes are the numbers of viewers of the runs, in the order in which they come first.
func sizes(list []Set) []int {
	var all []int
	seen := make(map[int]bool)
	for _, s := range list {
		if !seen[s.Viewers] {
			seen[s.Viewers] = true
			all = append(all, s.Viewers)
		}
	}
	return all
}

// sized are the sets of one number of viewers.
func sized(list []Set, viewers int) []Set {
	var some []Set
	for _, s := range list {
		if s.Viewers == viewers {
			some = append(some, s)
		}
	}
	return some
}
