package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
)

type junit struct {
	XMLName  xml.Name      `xml:"testsuites"`
	Name     string        `xml:"name,attr"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Errors   int           `xml:"errors,attr"`
	Suites   []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`

	names map[string]int
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Skipped *junitSkipped `xml:"skipped"`
	Failure *junitFailure `xml:"failure"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes findings as test results: a suite for each file, a case for each finding. Errors and
// warnings are failures; infos and hints are cases that passed, with the finding as their output, since
// JUnit knows no milder word. Without findings there is one case that passed: readers take a file
// without any case for a run that broke.
func (p *Printer) JUnit(w io.Writer, f *Findings) error {
	doc := junit{Name: tool}
	byName := map[string]*junitSuite{}
	for i := range f.List {
		d := &f.List[i]
		name := p.path(f, d)
		s := byName[name]
		if s == nil {
			s = &junitSuite{Name: name, names: map[string]int{}}
			byName[name] = s
			doc.Suites = append(doc.Suites, s)
		}
		s.add(p.junitCase(f, d, name))
	}
	if len(f.List) == 0 {
		s := &junitSuite{Name: tool, names: map[string]int{}}
		s.add(junitCase{Class: tool, Name: Summary(f)})
		doc.Suites = append(doc.Suites, s)
	}
	for _, s := range doc.Suites {
		doc.Tests += s.Tests
		doc.Failures += s.Failures
	}
	return writeXML(w, doc)
}

func (p *Printer) junitCase(f *Findings, d *diag.Diagnostic, path string) junitCase {
	place := PlaceOf(d.Span, "")
	c := junitCase{Class: path, Name: f.title(d), File: path, Line: place.Line}
	text := strings.Join(told(d), "\n")
	if place.Line > 0 {
		c.Name += fmt.Sprintf(" at %d:%d", place.Line, place.Column)
		text = line(fmt.Sprintf("%s:%d:%d", path, place.Line, place.Column)) + ": " + text
	}
	if d.Severity >= diag.Warning {
		c.Failure = &junitFailure{Message: line(d.Message), Type: d.Severity.String(), Text: text}
	} else {
		c.Out = d.Severity.String() + ": " + text
	}
	return c
}

// add appends a case. Readers drop the second of two cases with one name, so it gets a number.
func (s *junitSuite) add(c junitCase) {
	s.names[c.Name]++
	if n := s.names[c.Name]; n > 1 {
		c.Name += fmt.Sprintf(" (%d)", n)
	}
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	s.Cases = append(s.Cases, c)
}
