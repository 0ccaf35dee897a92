package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/diag"
)

// GitHub writes each finding as a workflow command of GitHub Actions, which shows it beside the line.
// Infos and hints become notices. A finding over several lines has no columns, as GitHub allows them
// within one line only; the last column is that of the last character.
func (p *Printer) GitHub(w io.Writer, f *Findings) error {
	b := bufio.NewWriter(w)
	for i := range f.List {
		d := &f.List[i]
		fmt.Fprintf(b, "::%s ", githubCommand(d.Severity))
		if !d.Span.IsZero() {
			place := PlaceOf(d.Span, p.Prefix)
			fmt.Fprintf(b, "file=%s,line=%d,endLine=%d,", githubProperty(place.File), place.Line, place.EndLine)
			if place.Line == place.EndLine {
				fmt.Fprintf(b, "col=%d,endColumn=%d,", place.Column, max(place.Column, place.EndColumn-1))
			}
		}
		fmt.Fprintf(b, "title=%s::%s\n", githubProperty(f.title(d)), githubData(strings.Join(told(d), "\n")))
	}
	return b.Flush()
}

func githubCommand(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "error"
	case diag.Warning:
		return "warning"
	}
	return "notice"
}

// githubData escapes a message as the runner undoes it: the per cent sign and line ends.
func githubData(s string) string {
	return githubEscapes().data.Replace(strings.ToValidUTF8(s, "\ufffd"))
}

// githubProperty escapes a value, in which colon and comma have a meaning as well.
func githubProperty(s string) string {
	return githubEscapes().property.Replace(strings.ToValidUTF8(s, "\ufffd"))
}

type githubReplacers struct{ data, property *strings.Replacer }

var githubEscapes = sync.OnceValue(func() githubReplacers {
	data := []string{"%", "%25", "\r", "%0D", "\n", "%0A"}
	return githubReplacers{strings.NewReplacer(data...), strings.NewReplacer(append(data, ":", "%3A", ",", "%2C")...)}
})

// How much a job summary may hold: GitHub drops a step's summary that is above 1 MiB.
const maxSummary = 1000 << 10

// GitHubSummary writes findings as Markdown for the summary of a job, the file that
// GITHUB_STEP_SUMMARY names. It is what [Printer.Markdown] writes, but stays within what GitHub takes:
// what does not fit is counted.
func (p *Printer) GitHubSummary(w io.Writer, f *Findings) error { return p.markdown(w, f, maxSummary) }
