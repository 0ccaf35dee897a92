package report

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/displog"
	"github.com/dispcheck/dispcheck/simulate"
)

// A Survey is the pages of a cache after a flush, by what a request for them would now get. Names start at the document
// root.
type Survey struct {
	// Stale and Fresh are in order of name.
	Stale, Fresh []Surveyed
	// Already are the pages that were stale before.
	Already []Surveyed
	// Deleted is how many pages the flush removed.
	Deleted int
}

// A Surveyed is one page of a cache and why it is stale or fresh.
type Surveyed struct{ Name, Why string }

// SurveyAfter looks which pages a flush has made stale, once the grace period is over. before says which were stale already;
// where it is nil, those are that have a statfile which the flush did not touch.
func SurveyAfter(ctx context.Context, e *simulate.Engine, d *simulate.Decision, before map[string]bool) (*Survey, error) {
	s := new(Survey)
	v := &d.Invalidation
	for _, name := range v.Deleted {
		if simulate.IsPage(name) {
			s.Deleted++
		}
	}
	err := e.Survey(ctx, d.Farm.Farm, simulate.AfterGrace, func(c simulate.CachedFile) error {
		p := Surveyed{Name: c.Name, Why: c.Validity.Why()}
		stat := c.Validity.Statfile
		switch touched := slices.Contains(v.Touched, stat) || slices.Contains(v.TouchedOutside, stat); {
		case c.Validity.Fresh:
			s.Fresh = append(s.Fresh, p)
		case before[c.Name], before == nil && !touched:
			s.Already = append(s.Already, p)
		default:
			s.Stale = append(s.Stale, p)
		}
		return nil
	})
	return s, err
}

// pages is how many there were before the flush.
func (s *Survey) pages() int { return s.Deleted + len(s.Stale) + len(s.Already) + len(s.Fresh) }

// summary says what became of the cache.
func (s *Survey) summary() string {
	text := fmt.Sprintf("%s: %d deleted, %d stale (%s), %d fresh", count(s.pages(), "page"), s.Deleted, len(s.Stale), percent(len(s.Stale), s.pages()), len(s.Fresh))
	if n := len(s.Already); n > 0 {
		text += fmt.Sprintf(", %d stale before", n)
	}
	return text
}

// percent writes a share, "-" of nothing.
func percent(part, whole int) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// An InvalidationJSON is what a flush does, as dispcheck.invalidate/v1. Paths start at the document root. Lists are never
// null, but for the handler where there is none.
type InvalidationJSON struct {
	Schema         string           `json:"schema"`
	Farm           *string          `json:"farm"`
	Handle         *string          `json:"handle"`
	Action         *string          `json:"action"`
	Scope          *string          `json:"scope"`
	Allowed        bool             `json:"allowed"`
	Status         *int             `json:"status"`
	Reason         string           `json:"reason"`
	Deleted        []string         `json:"deleted"`
	Touched        []string         `json:"touched"`
	TouchedOutside []string         `json:"touched_outside"`
	Stale          []string         `json:"stale"`
	Fresh          []string         `json:"fresh"`
	StaleBefore    []string         `json:"stale_before"`
	Failed         []string         `json:"failed"`
	Refetched      []string         `json:"refetched"`
	Handler        []string         `json:"invalidate_handler"`
	HandlerError   *string          `json:"handler_error"`
	Forwarded      bool             `json:"forwarded_to_render"`
	WhatIf         []WhatIfLevel    `json:"what_if,omitempty"`
	Why            []surveyedJSON   `json:"why"`
	Trace          []simulatedEvent `json:"trace"`
}

type surveyedJSON struct {
	File string `json:"file"`
	Why  string `json:"why"`
}

// A WhatIfLevel is what a flush would do with another /statfileslevel.
type WhatIfLevel struct {
	Level   int      `json:"statfileslevel"`
	Touched []string `json:"touched"`
	Deleted int      `json:"deleted"`
	Stale   int      `json:"stale"`
	Pages   int      `json:"pages"`
	Share   float64  `json:"share"`
	// Current says that it is the level that is configured.
	Current bool `json:"current"`
}

func newInvalidationJSON(v *simulate.Invalidation, d *simulate.Decision, s *Survey) *InvalidationJSON {
	out := &InvalidationJSON{
		Schema: "dispcheck.invalidate/v1", Handle: orNull(v.Handle), Action: orNull(v.Action), Scope: orNull(v.Scope), Allowed: v.Allowed,
		Failed: orEmpty(v.Failed), StaleBefore: []string{}, Reason: string(d.Reason), Deleted: deleted(v), Touched: orEmpty(v.Touched), TouchedOutside: orEmpty(v.TouchedOutside),
		Stale: []string{}, Fresh: []string{}, Refetched: []string{}, Handler: v.Handler, HandlerError: orNull(v.HandlerError), Forwarded: v.Forwarded,
		Why: []surveyedJSON{}, Trace: []simulatedEvent{},
	}
	if d.Farm.Farm != nil {
		out.Farm = &d.Farm.Farm.Name
	}
	if d.Response.Status != 0 {
		out.Status = &d.Response.Status
	}
	for _, r := range v.Refetched {
		out.Refetched = append(out.Refetched, r.URL)
	}
	if s != nil {
		for _, p := range s.Stale {
			out.Stale = append(out.Stale, p.Name)
			out.Why = append(out.Why, surveyedJSON{p.Name, p.Why})
		}
		for _, p := range s.Already {
			out.StaleBefore = append(out.StaleBefore, p.Name)
			out.Why = append(out.Why, surveyedJSON{p.Name, p.Why})
		}
		for _, p := range s.Fresh {
			out.Fresh = append(out.Fresh, p.Name)
			out.Why = append(out.Why, surveyedJSON{p.Name, p.Why})
		}
	}
	return out
}

// deleted are the files that were removed and the folders that were removed as a whole, in order of name.
func deleted(v *simulate.Invalidation) []string {
	out := slices.Concat(v.Deleted, v.Folders)
	slices.Sort(out)
	return orEmpty(out)
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// A Flush is one flush with what it did.
type Flush struct {
	Decision  *simulate.Decision
	Trace     *simulate.Trace
	ShowTrace bool
	// LogForm is how the lines of the log are written; nil is without date and process.
	LogForm *displog.Form
	// Survey is what it left of the cache, nil where no cache was given.
	Survey *Survey
	WhatIf []WhatIfLevel
	// Handle and Action are what was asked for.
	Handle, Action string
	// Notes are what people should know about the run.
	Notes []string
}

// NewFlushJSON returns a flush in JSON's form, files behind prefix.
func NewFlushJSON(f *Flush, prefix string) *InvalidationJSON {
	out := newInvalidationJSON(&f.Decision.Invalidation, f.Decision, f.Survey)
	out.WhatIf = f.WhatIf
	if out.Handle == nil {
		out.Handle, out.Action = orNull(f.Handle), orNull(f.Action)
	}
	if f.ShowTrace {
		c := simulationConverter{prefix}
		for i := range f.Trace.Events {
			e := &f.Trace.Events[i]
			out.Trace = append(out.Trace, simulatedEvent{e.Level.String(), e.Stage, e.Message, c.source(e.Rule.Span)})
		}
	}
	return out
}

// examples is how many pages of a kind are shown to people.
const examples = 10

// Flush writes what a flush does for people: what is deleted and touched, which share of the cache is stale, and why.
func (p *Printer) Flush(w io.Writer, f *Flush) error {
	b := bufio.NewWriter(w)
	t := simulationWriter{Writer: b, palette: newPalette(w, p.Color), prefix: p.Prefix, s: &Simulation{Trace: f.Trace, LogForm: f.LogForm}, d: f.Decision}
	v := &f.Decision.Invalidation
	farm := "no farm"
	if c := f.Decision.Farm.Farm; c != nil {
		farm = "farm " + c.Name
	}
	color := t.palette.add
	if !v.Allowed {
		color = t.palette.del
	}
	t.WriteString(color(f.Decision.Outcome.String() + ":"))
	status := ""
	if n := f.Decision.Response.Status; n != 0 {
		status = fmt.Sprintf(", status %d", n)
	}
	t.row(" %s %s, %s%s", f.Action, f.Handle, farm, status)
	if f.Decision.Outcome == simulate.Flush {
		t.flushed(v, f.Survey)
	}
	t.whatIf(f.WhatIf)
	for _, note := range f.Notes {
		t.row("note: %s", note)
	}
	if f.ShowTrace {
		t.trace()
	}
	return b.Flush()
}

func (t *simulationWriter) flushed(v *simulate.Invalidation, s *Survey) {
	if !v.Allowed {
		at := ""
		if v.Rule != nil {
			at = "  (" + t.place(v.Rule.At.Span) + ")"
		}
		t.row("rejected by /allowedClients%s", at)
		return
	}
	t.list("deleted", deleted(v))
	t.list("touched", slices.Concat(v.Touched, v.TouchedOutside))
	if v.Scope != "" && len(v.Touched)+len(v.TouchedOutside) == 0 {
		t.row("          no statfile: the scope is %s", v.Scope)
	}
	for _, r := range v.Refetched {
		t.row("fetched   %s: %d", r.URL, r.Status)
	}
	if len(v.Handler) > 0 {
		t.row("handler   %s", strings.Join(v.Handler, " "))
	}
	if v.Forwarded {
		t.row("forwarded to a render")
	}
	for _, name := range v.Failed {
		t.row("failed    %s", name)
	}
	if s == nil {
		return
	}
	t.row("cache     %s", s.summary())
	t.pages("stale", s.Stale)
	t.pages("before", s.Already)
	t.pages("fresh", s.Fresh)
}

// list writes some names, and how many more there are.
func (t *simulationWriter) list(what string, names []string) {
	if len(names) == 0 {
		t.row("%-9s nothing", what)
	}
	for i, name := range names {
		if i == 2*examples {
			t.row("%-9s and %d more", what, len(names)-i)
			return
		}
		t.row("%-9s %s", what, name)
	}
}

func (t *simulationWriter) pages(what string, list []Surveyed) {
	for i, p := range list {
		if i == examples {
			t.row("%-9s and %d more", what, len(list)-i)
			return
		}
		_, why, _ := strings.Cut(p.Why, ": ")
		t.row("%-9s %s  (%s)", what, p.Name, why)
	}
}

// whatIf writes the table of levels.
func (t *simulationWriter) whatIf(levels []WhatIfLevel) {
	if len(levels) == 0 {
		return
	}
	t.WriteByte('\n')
	t.row("statfileslevel  deleted  stale  share    touched")
	for _, l := range levels {
		mark := " "
		if l.Current {
			mark = "*"
		}
		t.row("%13d%s  %7d  %5d  %-7s  %s", l.Level, mark, l.Deleted, l.Stale, percent(l.Stale, l.Pages), strings.Join(l.Touched, " "))
	}
	t.row("* as configured; share: of the pages that there were, how many become stale, where each folder down to the level has a statfile")
}
