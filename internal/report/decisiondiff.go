package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/decisiondiff"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// A DiffJSON is a comparison of decisions as dispcheck.diff/v1. docs/diff.md says what the keys mean.
type DiffJSON struct {
	Schema    string              `json:"schema"`
	Old       string              `json:"old"`
	New       string              `json:"new"`
	Same      bool                `json:"same"`
	Summary   diffSummaryJSON     `json:"summary"`
	Changes   []diffChangeJSON    `json:"changes"`
	Purge     []diffPurgeJSON     `json:"purge"`
	PurgeMore int                 `json:"purge_more"`
	Bounded   []string            `json:"bounded"`
	Undecided []diffUndecidedJSON `json:"undecided"`
}

type diffSummaryJSON struct {
	Changes   int   `json:"changes"`
	Security  int   `json:"security"`
	Requests  int64 `json:"requests"`
	Distinct  int   `json:"distinct"`
	Generated int   `json:"generated"`
	Changed   int   `json:"changed"`
	Untold    int64 `json:"untold"`
}

type diffChangeJSON struct {
	Kind           string          `json:"kind"`
	From           string          `json:"from"`
	To             string          `json:"to"`
	Requests       int64           `json:"requests"`
	Distinct       int             `json:"distinct"`
	Example        *string         `json:"example"`
	ExampleHeaders []string        `json:"example_headers"`
	ExampleAnswer  []string        `json:"example_answer"`
	ExampleClient  *string         `json:"example_client"`
	Security       bool            `json:"security"`
	Direction      string          `json:"direction"`
	FromSource     *diffSourceJSON `json:"from_source"`
	ToSource       *diffSourceJSON `json:"to_source"`
}

// A diffSourceJSON is a place with the text that stands there.
type diffSourceJSON struct {
	Source
	Text string `json:"text"`
}

type diffPurgeJSON struct {
	URL  string `json:"url"`
	File string `json:"file"`
	Farm string `json:"farm"`
	Why  string `json:"why"`
	To   string `json:"to"`
}

type diffUndecidedJSON struct {
	What   string          `json:"what"`
	Why    string          `json:"why"`
	Source *diffSourceJSON `json:"source"`
}

// NewDiffJSON returns a comparison in JSON's form, files behind prefix.
func NewDiffJSON(r *decisiondiff.Result, prefix string) *DiffJSON {
	out := &DiffJSON{
		Schema: "dispcheck.diff/v1", Old: r.Old, New: r.New, Same: r.Same, Changes: []diffChangeJSON{}, Purge: []diffPurgeJSON{}, PurgeMore: r.MorePurge,
		Bounded: append([]string{}, r.Bounded...), Undecided: []diffUndecidedJSON{},
	}
	out.Summary = diffSummaryJSON{
		Changes: len(r.Changes), Security: countSecurity(r), Requests: r.Requests, Distinct: r.Distinct, Generated: r.Generated, Changed: r.Changed, Untold: r.Untold,
	}
	for _, c := range r.Changes {
		j := diffChangeJSON{
			Kind: string(c.Kind), From: c.From, To: c.To, Requests: c.Requests, Distinct: c.Distinct, Security: c.Security, Direction: string(c.Direction),
			FromSource: diffSource(c.FromAt, prefix), ToSource: diffSource(c.ToAt, prefix), ExampleHeaders: []string{}, ExampleAnswer: []string{},
		}
		if e := c.Example; e != nil {
			text := e.String()
			j.Example, j.ExampleHeaders, j.ExampleAnswer = &text, headerLines(e.Header), headerLines(e.Answer)
			if e.Client.IsValid() {
				client := e.Client.String()
				j.ExampleClient = &client
			}
		}
		out.Changes = append(out.Changes, j)
	}
	for _, p := range r.Purge {
		out.Purge = append(out.Purge, diffPurgeJSON{p.URL, p.File, p.Farm, string(p.Why), p.To})
	}
	for _, u := range r.Undecided {
		out.Undecided = append(out.Undecided, diffUndecidedJSON{u.What, u.Why, diffSource(u.At, prefix)})
	}
	return out
}

func countSecurity(r *decisiondiff.Result) int {
	n := 0
	for _, c := range r.Changes {
		if c.Security {
			n++
		}
	}
	return n
}

func headerLines(h simulate.Header) []string {
	out := []string{}
	for _, f := range h {
		out = append(out, f.Name+": "+f.Value)
	}
	return out
}

func diffSource(s source.Span, prefix string) *diffSourceJSON {
	if s.IsZero() {
		return nil
	}
	p := PlaceOf(s, prefix)
	return &diffSourceJSON{Source{File: p.File, Line: p.Line, Column: p.Column}, diffText(s)}
}

// ruleText is the text of a span in one line, of a bounded length.
func diffText(s source.Span) string {
	const most = 160
	text := strings.Join(strings.Fields(s.Text()), " ")
	if cut := []rune(text); len(cut) > most {
		text = string(cut[:most-1]) + "…"
	}
	return text
}

// DiffSummary says in a line what a comparison found.
func DiffSummary(r *decisiondiff.Result) string {
	switch n := len(r.Changes); {
	case r.Same:
		return "no difference: both mean the same, word for word"
	case n == 0:
		return "no difference"
	default:
		s := plural(n, "change")
		if k := countSecurity(r); k > 0 {
			s += ", " + strconv.Itoa(k) + " of which " + map[bool]string{true: "lowers", false: "lower"}[k == 1] + " protection"
		}
		return s
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// compared says how much was compared.
func compared(r *decisiondiff.Result) string {
	if r.Same {
		return "nothing had to be asked"
	}
	s := plural(r.Distinct, "different request") + " compared"
	switch {
	case r.Generated == r.Distinct:
		s += ", made of both configurations' patterns"
	case r.Generated > 0:
		s += ", " + strconv.Itoa(r.Generated) + " of them made of both configurations' patterns"
	}
	if r.Changed == 1 {
		return s + ": 1 is answered differently"
	}
	return s + ": " + strconv.Itoa(r.Changed) + " are answered differently"
}

// exampleText is a request as an example, with what has to be sent along.
func exampleText(e *decisiondiff.Request) string {
	s := e.String()
	for _, f := range e.Header {
		s += " -H '" + f.Name + ": " + f.Value + "'"
	}
	if e.Client.IsValid() {
		s += " --client-ip " + e.Client.String()
	}
	for _, f := range e.Answer {
		s += " where the render answers with " + f.Name + ": " + f.Value
	}
	return s
}

// maxPurgeText is how many copies text names.
const maxPurgeText = 20

// DecisionDiff writes a comparison for people: what changes, each with its plainest request and the two lines that decide.
func (p *Printer) DecisionDiff(w io.Writer, r *decisiondiff.Result) error {
	b := bufio.NewWriter(w)
	c := newPalette(w, p.Color)
	fmt.Fprintf(b, "%s\n", line(DiffSummary(r)+", from "+r.Old+" to "+r.New))
	for _, ch := range r.Changes {
		b.WriteByte('\n')
		head := string(ch.Kind) + ": " + line(ch.From) + " -> " + line(ch.To)
		if ch.Security {
			head = c.del("! " + head)
		} else {
			head = c.label("  " + head)
		}
		b.WriteString(head)
		count := plural(int(ch.Requests), "request")
		if ch.Distinct > 0 {
			count += ", " + plural(ch.Distinct, "URL")
		}
		fmt.Fprintf(b, "  (%s)\n", count)
		if ch.Example != nil {
			fmt.Fprintf(b, "    %s\n", line(exampleText(ch.Example)))
		}
		for i, at := range [...]source.Span{ch.FromAt, ch.ToAt} {
			if at.IsZero() {
				continue
			}
			sign, paint := "-", c.del
			if i == 1 {
				sign, paint = "+", c.add
			}
			fmt.Fprintf(b, "    %s %s: %s\n", paint(sign), c.place(line(PlaceOf(at, p.Prefix).String())), line(diffText(at)))
		}
	}
	if r.Untold > 0 {
		fmt.Fprintf(b, "\n  %d more differences, of further changes, are not told apart\n", r.Untold)
	}
	if n := len(r.Purge); n > 0 {
		fmt.Fprintf(b, "\npurge: copies in the cache that are wrong afterwards, as far as requests show\n")
		for _, s := range r.Purge[:min(n, maxPurgeText)] {
			fmt.Fprintf(b, "    %s  (%s: %s)\n", line(s.URL), s.Why, line(s.File))
		}
		if more := n + r.MorePurge - maxPurgeText; more > 0 {
			fmt.Fprintf(b, "    and %d more; --format json has them\n", more)
		}
	}
	if len(r.Undecided) > 0 {
		b.WriteString("\nnot settled:\n")
		for _, u := range r.Undecided {
			b.WriteString("    ")
			if !u.At.IsZero() {
				b.WriteString(c.place(line(PlaceOf(u.At, p.Prefix).String())) + ": ")
			}
			fmt.Fprintf(b, "%s: %s\n", line(u.What), line(u.Why))
		}
	}
	fmt.Fprintf(b, "\n%s\n", compared(r))
	for _, s := range r.Bounded {
		fmt.Fprintf(b, "%s\n", line(s))
	}
	return b.Flush()
}
