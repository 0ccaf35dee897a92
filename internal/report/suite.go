package report

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
	"github.com/dispcheck/dispcheck/suite"
)

// A TestRun is a run of suites, to be written.
type TestRun struct {
	*suite.Report
	// Uncovered says that text output names what decided nothing.
	Uncovered bool
	// Compact says that text output has one line for all suites.
	Compact bool
	// Below says that the coverage is too low, in a sentence for each kind that is.
	Below []string
}

// A TestJSON is a run of suites as dispcheck.test/v1. docs/test.md says what the keys mean.
type TestJSON struct {
	Schema  string `json:"schema"`
	Summary struct {
		Passed  int `json:"passed"`
		Failed  int `json:"failed"`
		Skipped int `json:"skipped"`
		LeftOut int `json:"left_out"`
		Stopped int `json:"not_run"`
	} `json:"summary"`
	Suites   []testSuiteJSON `json:"suites"`
	Coverage any             `json:"coverage"`
}

type testSuiteJSON struct {
	Name    string         `json:"name"`
	File    string         `json:"file"`
	Passed  int            `json:"passed"`
	Failed  int            `json:"failed"`
	Skipped int            `json:"skipped"`
	Cases   []testCaseJSON `json:"cases"`
}

type testCaseJSON struct {
	Name     string            `json:"name"`
	OK       bool              `json:"ok"`
	Skipped  *string           `json:"skipped"`
	Tags     []string          `json:"tags"`
	Source   *Source           `json:"source"`
	Expected map[string]string `json:"expected"`
	Actual   map[string]string `json:"actual"`
	Because  *becauseJSON      `json:"because"`
	Failures []testFailureJSON `json:"failures"`
}

type testFailureJSON struct {
	Step     *string      `json:"step"`
	Request  string       `json:"request"`
	Path     string       `json:"path"`
	Expected string       `json:"expected"`
	Actual   string       `json:"actual"`
	Source   *Source      `json:"source"`
	Because  *becauseJSON `json:"because"`
	Hint     *string      `json:"hint"`
}

type becauseJSON struct {
	Reason string  `json:"reason"`
	Rule   *string `json:"rule"`
	File   *string `json:"file"`
	Line   *int    `json:"line"`
	Column *int    `json:"column"`
	Text   *string `json:"text"`
}

type coverageJSON struct {
	Covered   int             `json:"covered"`
	Total     int             `json:"total"`
	Percent   float64         `json:"percent"`
	Uncovered []uncoveredJSON `json:"uncovered"`
}

type uncoveredJSON struct {
	Rule   string `json:"rule"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Text   string `json:"text"`
}

// NewTestJSON returns a run in JSON's form, files behind prefix.
func NewTestJSON(t *TestRun, prefix string) *TestJSON {
	c := simulationConverter{prefix}
	out := &TestJSON{Schema: "dispcheck.test/v1", Suites: []testSuiteJSON{}}
	s := &out.Summary
	s.Passed, s.Failed, s.Skipped, s.LeftOut, s.Stopped = t.Passed, t.Failed, t.Skipped, t.LeftOut, t.Stopped
	for i := range t.Suites {
		sr := &t.Suites[i]
		one := testSuiteJSON{
			Name: sr.Suite.Name, File: Path(prefix, sr.Suite.File.Name), Passed: sr.Passed, Failed: sr.Failed, Skipped: sr.Skipped, Cases: []testCaseJSON{},
		}
		for j := range sr.Cases {
			one.Cases = append(one.Cases, testCase(c, &sr.Cases[j]))
		}
		out.Suites = append(out.Suites, one)
	}
	if t.Coverage != nil {
		kinds := map[string]coverageJSON{}
		for _, k := range suite.CoverageKinds() {
			kinds[string(k)] = coverageOf(t.Coverage.Of(k), prefix)
		}
		whole := coverageOf(t.Coverage.Total(), prefix)
		whole.Uncovered = []uncoveredJSON{} // the kinds have them
		kinds["total"] = whole
		out.Coverage = kinds
	}
	return out
}

func testCase(c simulationConverter, r *suite.Result) testCaseJSON {
	out := testCaseJSON{
		Name: r.Case.Name, OK: r.OK || r.Skipped != "", Skipped: orNull(r.Skipped), Tags: r.Case.Tags, Source: c.source(r.Case.Span), Failures: []testFailureJSON{},
	}
	if out.Tags == nil {
		out.Tags = []string{}
	}
	for k := range r.Failures {
		f := &r.Failures[k]
		if k == 0 {
			out.Expected, out.Actual = map[string]string{}, map[string]string{}
			out.Because = newBecauseJSON(c, &f.Because)
		}
		path := f.Path
		if f.Step != "" {
			path = f.Step + ": " + path
		}
		out.Expected[path], out.Actual[path] = f.Expected, f.Actual
		out.Failures = append(out.Failures, testFailureJSON{
			Step: orNull(f.Step), Request: f.Request, Path: f.Path, Expected: f.Expected, Actual: f.Actual, Source: c.source(f.At), Because: newBecauseJSON(c, &f.Because),
			Hint: orNull(f.Hint),
		})
	}
	return out
}

func newBecauseJSON(c simulationConverter, b *suite.Because) *becauseJSON {
	out := &becauseJSON{Reason: b.Reason, Rule: orNull(b.Rule), Text: orNull(b.Text)}
	if s := c.source(b.At); s != nil {
		out.File, out.Line, out.Column = &s.File, &s.Line, &s.Column
	}
	return out
}

func coverageOf(t suite.CoverageTotal, prefix string) coverageJSON {
	out := coverageJSON{Covered: t.Covered, Total: t.Total, Percent: math.Floor(t.Percent()*10) / 10, Uncovered: []uncoveredJSON{}}
	for _, u := range t.Uncovered {
		p := PlaceOf(u.At, prefix)
		out.Uncovered = append(out.Uncovered, uncoveredJSON{Rule: u.Name, File: p.File, Line: p.Line, Column: p.Column, Text: u.Text()})
	}
	return out
}

// Test writes a run for people: each case that failed, with what was expected, what there is, and because of what; a line for
// each suite; the coverage.
func (p *Printer) Test(w io.Writer, t *TestRun) error {
	b := bufio.NewWriter(w)
	pal := newPalette(w, p.Color)
	row := func(format string, args ...any) { b.WriteString(line(fmt.Sprintf(format, args...)) + "\n") }
	for i := range t.Suites {
		sr := &t.Suites[i]
		for j := range sr.Cases {
			if r := &sr.Cases[j]; !r.OK && r.Skipped == "" {
				p.failed(b, pal, sr.Suite, r)
				b.WriteByte('\n')
			}
		}
	}
	for i := range t.Suites {
		sr := &t.Suites[i]
		if t.Compact {
			break
		}
		row("%s: %s  (%s)", sr.Suite.Name, testCounts(sr.Passed, sr.Failed, sr.Skipped), Path(p.Prefix, sr.Suite.File.Name))
	}
	switch {
	case t.Compact:
		row("%s: %s", counted(len(t.Suites), "suite"), testCounts(t.Passed, t.Failed, t.Skipped))
	case len(t.Suites) > 1:
		row("all suites: %s", testCounts(t.Passed, t.Failed, t.Skipped))
	}
	if t.LeftOut > 0 {
		row("%s left out: others say only", counted(t.LeftOut, "case"))
	}
	if t.Stopped > 0 {
		row("%s not run: --fail-fast", counted(t.Stopped, "case"))
	}
	if t.Coverage != nil {
		p.coverage(b, t)
	}
	for _, s := range t.Below {
		b.WriteString(pal.of(diag.Error)("FAIL") + " " + line(s) + "\n")
	}
	return b.Flush()
}

func (p *Printer) failed(b *bufio.Writer, pal *palette, s *suite.Suite, r *suite.Result) {
	fmt.Fprintf(b, "%s %s\n", pal.of(diag.Error)("FAIL"), line(s.Name+": "+r.Case.Name))
	fmt.Fprintf(b, "  at %s\n", pal.place(line(PlaceOf(r.Case.Span, p.Prefix).String())))
	step := ""
	for k := range r.Failures {
		f := &r.Failures[k]
		if f.Step != step {
			step = f.Step
			fmt.Fprintf(b, "  step %s: %s\n", line(f.Step), line(f.Request))
		}
		fmt.Fprintf(b, "  %s: expected %s, actual %s\n", line(f.Path), line(f.Expected), line(f.Actual))
		fmt.Fprintf(b, "    because: %s\n", line(p.because(&f.Because)))
		if f.Because.Text != "" {
			fmt.Fprintf(b, "      %s\n", line(f.Because.Text))
		}
		if f.Hint != "" {
			fmt.Fprintf(b, "    hint: %s\n", line(f.Hint))
		}
	}
}

// because says what decided in one line.
func (p *Printer) because(c *suite.Because) string {
	s := c.Reason
	if c.Rule != "" {
		s += " by " + c.Rule
	}
	if at := PlaceOf(c.At, p.Prefix); at != (Place{}) {
		s += " at " + at.String()
	}
	return s
}

func testCounts(passed, failed, skipped int) string {
	s := fmt.Sprintf("%d passed, %d failed", passed, failed)
	if skipped > 0 {
		s += fmt.Sprintf(", %d skipped", skipped)
	}
	return s
}

// coverageWords are what people call the kinds.
var coverageWords = map[suite.CoverageKind]string{
	suite.VHosts: "virtual hosts", suite.RewriteRules: "rewrite rules", suite.RewriteConditions: "rewrite conditions", suite.Farms: "farms",
	suite.FilterRules: "filter rules", suite.CacheRules: "cache rules", suite.IgnoreURLParams: "ignored parameters",
	suite.InvalidateRules: "invalidate rules", suite.AllowedClients: "allowed clients",
}

// CoverageName returns what people call a kind of coverage.
func CoverageName(k suite.CoverageKind) string { return coverageWords[k] }

func (p *Printer) coverage(b *bufio.Writer, t *TestRun) {
	b.WriteString("\ncoverage\n")
	for _, k := range suite.CoverageKinds() {
		of := t.Coverage.Of(k)
		if of.Total == 0 {
			continue
		}
		fmt.Fprintf(b, "  %-20s %4d of %-4d %s\n", CoverageName(k), of.Covered, of.Total, share(&of))
		if !t.Uncovered {
			continue
		}
		for _, u := range of.Uncovered {
			name := u.Name
			if name == "" {
				name = "without a label"
			}
			fmt.Fprintf(b, "    not decided: %s  (%s)\n", line(name+"  "+u.Text()), line(PlaceOf(u.At, p.Prefix).String()))
		}
	}
	all := t.Coverage.Total()
	fmt.Fprintf(b, "  %-20s %4d of %-4d %s\n", "all", all.Covered, all.Total, share(&all))
}

// share is rounded down, so that 100 % is all.
func share(t *suite.CoverageTotal) string {
	return fmt.Sprintf("%5.1f %%", math.Floor(t.Percent()*10)/10)
}

// TestLCOV writes the coverage of a run as a tracefile of LCOV: how often what starts in a line decided something.
func (p *Printer) TestLCOV(w io.Writer, t *TestRun) error {
	b := bufio.NewWriter(w)
	if t.Coverage == nil {
		return nil
	}
	type file struct {
		lines map[int]int
		order []int
	}
	files := map[string]*file{}
	for _, it := range t.Coverage.Items() {
		at := PlaceOf(it.At, p.Prefix)
		f := files[at.File]
		if f == nil {
			f = &file{lines: map[int]int{}}
			files[at.File] = f
		}
		if _, ok := f.lines[at.Line]; !ok {
			f.order = append(f.order, at.Line)
		}
		f.lines[at.Line] += it.Times
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := files[name]
		slices.Sort(f.order)
		hit := 0
		fmt.Fprintf(b, "TN:\nSF:%s\n", line(name))
		for _, n := range f.order {
			fmt.Fprintf(b, "DA:%d,%d\n", n, f.lines[n])
			if f.lines[n] > 0 {
				hit++
			}
		}
		fmt.Fprintf(b, "LF:%d\nLH:%d\nend_of_record\n", len(f.order), hit)
	}
	return b.Flush()
}

// TestJUnit writes a run as JUnit XML: a suite for each suite, a case for each case.
func (p *Printer) TestJUnit(w io.Writer, t *TestRun) error {
	doc := junit{Name: tool}
	add := func(s *junitSuite) {
		doc.Suites = append(doc.Suites, s)
		doc.Tests += s.Tests
		doc.Failures += s.Failures
	}
	for i := range t.Suites {
		sr := &t.Suites[i]
		s := &junitSuite{Name: sr.Suite.Name, names: map[string]int{}, Skipped: sr.Skipped}
		for j := range sr.Cases {
			r := &sr.Cases[j]
			at := PlaceOf(r.Case.Span, p.Prefix)
			c := junitCase{Class: line(sr.Suite.Name), Name: line(r.Case.Name), File: at.File, Line: at.Line}
			switch {
			case r.Skipped != "":
				c.Skipped = &junitSkipped{Message: line(r.Skipped)}
			case !r.OK:
				c.Failure = p.junitFailure(r)
			}
			s.add(c)
		}
		add(s)
	}
	if t.Coverage != nil && len(t.Below) > 0 {
		s := &junitSuite{Name: "coverage", names: map[string]int{}}
		for _, below := range t.Below {
			s.add(junitCase{Class: "coverage", Name: line(below), Failure: &junitFailure{Message: line(below), Type: "coverage", Text: below}})
		}
		add(s)
	}
	return writeXML(w, doc)
}

func (p *Printer) junitFailure(r *suite.Result) *junitFailure {
	var text []string
	for k := range r.Failures {
		f := &r.Failures[k]
		head := ""
		if f.Step != "" {
			head = f.Step + ": "
		}
		what := fmt.Sprintf("%s%s: expected %s, actual %s; because: %s", head, f.Path, f.Expected, f.Actual, p.because(&f.Because))
		if f.Hint != "" {
			what += "; hint: " + f.Hint
		}
		text = append(text, line(what))
	}
	f := &r.Failures[0]
	return &junitFailure{Message: line(fmt.Sprintf("%s: expected %s, actual %s", f.Path, f.Expected, f.Actual)), Type: "failed", Text: strings.Join(text, "\n")}
}

// TestGitHub writes a workflow command of GitHub Actions for each expectation that was not met, at its line of the suite.
func (p *Printer) TestGitHub(w io.Writer, t *TestRun) error {
	b := bufio.NewWriter(w)
	for i := range t.Suites {
		sr := &t.Suites[i]
		for j := range sr.Cases {
			r := &sr.Cases[j]
			for k := range r.Failures {
				f := &r.Failures[k]
				text := fmt.Sprintf("%s: expected %s, actual %s\nbecause: %s", f.Path, f.Expected, f.Actual, p.because(&f.Because))
				if f.Hint != "" {
					text += "\nhint: " + f.Hint
				}
				p.githubAt(b, f.At, sr.Suite.Name+": "+r.Case.Name, text)
			}
		}
	}
	for _, s := range t.Below {
		p.githubAt(b, source.Span{}, "coverage", s)
	}
	return b.Flush()
}

func (p *Printer) githubAt(b *bufio.Writer, at source.Span, title, text string) {
	b.WriteString("::error ")
	if !at.IsZero() {
		place := PlaceOf(at, p.Prefix)
		fmt.Fprintf(b, "file=%s,line=%d,endLine=%d,col=%d,", githubProperty(place.File), place.Line, place.EndLine, place.Column)
	}
	fmt.Fprintf(b, "title=%s::%s\n", githubProperty(title), githubData(text))
}
