package plugincheck

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Bounds of what is kept of a transcript.
const (
	longestLine  = 1 << 20
	mostReason   = 20  // different lines of one clause
	widestReason = 500 // bytes of one of them
)

// transcript follows what go test writes with -test.v=test2json:
//
//	\x16=== RUN   contract/Dial_gives_Up     a test begins; PAUSE and CONT as they say
//	\x16=== NAME  contract/Dial_gives_Up     what follows is of this test
//	    file.go:12: message                  a message, longer ones indented
//	\x16--- PASS: contract/Dial_gives_Up (0.31s)
//
// A clause is a test below the root; what is deeper belongs to it. Lines that are none of these are messages of the test
// that was named last: nothing in them can be taken for a verdict, for the mark never begins an indented line.
type transcript struct {
	clauses map[string]*entry
	order   []string
	current string       // name of the clause that speaks
	outside []string     // messages of the root
	failed  bool         // the root did
	held    *entry       // failed just now: should a crash follow, it says why
	done    func(Clause) // told of each clause that is over
}

type entry struct {
	name    string // as go test writes it
	lines   []string
	more    bool // lines were not kept
	running bool
	over    bool
	clause  Clause
}

const mark = "\x16"

// position is what go test puts before a message.
var position = regexp.MustCompile(`^    [A-Za-z0-9_.-]+\.go:\d+: `)

func newTranscript(done func(Clause)) *transcript {
	return &transcript{clauses: make(map[string]*entry), done: done}
}

// read follows r to its end. A line that is too long is cut.
func (t *transcript) read(r io.Reader) error {
	b := bufio.NewReaderSize(r, longestLine)
	for {
		line, tooLong, err := b.ReadLine()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		t.line(string(line))
		for tooLong && err == nil {
			_, tooLong, err = b.ReadLine()
		}
	}
}

func (t *transcript) line(line string) {
	said, ok := strings.CutPrefix(line, mark)
	if !ok {
		t.message(line)
		return
	}
	verb, rest, _ := strings.Cut(said, " ")
	what, rest, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	name, took, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	if clause, _ := clauseOf(name); clause != "" && t.held != nil && clause != t.held.name {
		t.release("")
	}
	switch verb {
	case "===":
		t.turn(what, name)
	case "---":
		t.verdict(strings.TrimSuffix(what, ":"), name, took)
	}
}

// clauseOf is the clause that a test belongs to; deeper tells of a test below it.
func clauseOf(name string) (clause string, deeper bool) {
	rest, ok := strings.CutPrefix(name, root+"/")
	if !ok {
		return "", false
	}
	clause, _, deeper = strings.Cut(rest, "/")
	return clause, deeper
}

// turn says who speaks from here on.
func (t *transcript) turn(what, name string) {
	clause, deeper := clauseOf(name)
	t.current = clause
	if clause == "" {
		return
	}
	e := t.clauses[clause]
	if e == nil {
		e = &entry{name: clause, clause: Clause{Sentence: strings.ReplaceAll(clause, "_", " ")}}
		t.clauses[clause] = e
		t.order = append(t.order, clause)
	}
	if !deeper {
		switch what {
		case "RUN", "CONT":
			e.running = true
		case "PAUSE":
			e.running = false
		}
	}
}

// message keeps a line for the clause that speaks.
func (t *transcript) message(line string) {
	text := strings.TrimRight(position.ReplaceAllString(line, ""), " ")
	text = strings.TrimPrefix(text, "    ")
	if len(text) > widestReason {
		text = text[:widestReason] + "..."
	}
	if strings.TrimSpace(text) == "" {
		return
	}
	e := t.clauses[t.current]
	switch {
	case e == nil:
		if len(t.outside) < mostReason {
			t.outside = append(t.outside, text)
		}
	case slices.Contains(e.lines, text): // of another seed, or another role
	case len(e.lines) < mostReason:
		e.lines = append(e.lines, text)
	default:
		e.more = true
	}
}

// verdict ends a test.
func (t *transcript) verdict(what, name, took string) {
	clause, deeper := clauseOf(name)
	t.failed = t.failed || name == root && what == "FAIL"
	e := t.clauses[clause]
	if e == nil || deeper || e.over {
		return
	}
	if d, err := time.ParseDuration(strings.Trim(took, "()")); err == nil {
		e.clause.Seconds = d.Seconds()
	}
	switch what {
	case "PASS":
		e.end(Pass)
	case "SKIP":
		e.end(NotApplicable)
	default:
		e.end(Fail)
	}
	if e.clause.Verdict == Fail {
		t.held = e
		return
	}
	t.done(e.clause)
}

// release tells of the clause that was held back, with a cause where its failure has a further one.
func (t *transcript) release(cause string) {
	e := t.held
	if t.held = nil; e == nil {
		return
	}
	if cause != "" {
		e.clause.Reason = strings.TrimPrefix(e.clause.Reason+"\n"+cause, "\n")
	}
	t.done(e.clause)
}

// end sets the verdict, and the reason where there is one to give.
func (e *entry) end(v Verdict) {
	e.over, e.running, e.clause.Verdict = true, false, v
	if v == Pass {
		return
	}
	lines := slices.Clone(e.lines)
	if v == NotApplicable && len(lines) > 0 {
		lines = lines[len(lines)-1:]
		lines[0] = strings.TrimPrefix(lines[0], "SKIPPED: ")
	}
	if e.more {
		lines = append(lines, "and more")
	}
	e.clause.Reason = strings.Join(lines, "\n")
}

// finish ends the transcript of a child that is gone: with cause where it did not finish, which the clauses that were
// running then fail with.
func (t *transcript) finish(cause string) {
	if cause == "" {
		t.release("")
		return
	}
	var running []*entry
	for _, e := range t.waiting() {
		if e.running {
			running = append(running, e)
		}
	}
	if len(running) > 0 {
		t.release("")
	}
	t.release(cause)
	for _, e := range running {
		e.lines = append(e.lines, cause)
		e.end(Fail)
		t.done(e.clause)
	}
}

// judged are the names of the clauses that are over, as go test writes them.
func (t *transcript) judged() []string {
	var names []string
	for _, name := range t.order {
		if t.clauses[name].over {
			names = append(names, name)
		}
	}
	return names
}

// failures are the clauses that failed, in the order in which they began.
func (t *transcript) failures() []*entry {
	var list []*entry
	for _, name := range t.order {
		if e := t.clauses[name]; e.over && e.clause.Verdict == Fail {
			list = append(list, e)
		}
	}
	return list
}

// waiting are those that are known but were not reached.
func (t *transcript) waiting() []*entry {
	var list []*entry
	for _, name := range t.order {
		if e := t.clauses[name]; !e.over {
			list = append(list, e)
		}
	}
	return list
}
