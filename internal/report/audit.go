package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/audit"
	"github.com/dispcheck/dispcheck/source"
)

// An Audit is an audit, to be written.
type Audit struct {
	*audit.Report
	// Verbose says that text output lists all exposures.
	Verbose bool
	// Environment is that of the Cloud Service, which files of its platform mind; "" elsewhere.
	Environment string
	// Version is that of dispcheck.
	Version string
	// Notes are what was assumed about the configuration.
	Notes []string
}

// auditCaveat says what an audit is.
const auditCaveat = "a model: the configuration is read and nothing is sent anywhere. What rests on how AEM or its servlet engine read a URL is marked \"depends\""

// Summary says the result in one line.
func (a *Audit) Summary() string {
	asked := fmt.Sprintf("%s with %s for %s", counted(a.Probes, "probe"), counted(a.Requests, "request"), counted(len(a.Targets), "host"))
	switch {
	case len(a.Groups) > 0:
	case a.Probes == 0:
		return "no probe is left to ask"
	case len(a.Judged) == 0:
		return "no farm for visitors was reached by " + asked
	default:
		return "nothing gets through of " + asked
	}
	exposed := len(a.Exposed())
	return fmt.Sprintf("%d of %s %s through, with %d of %s for %s", exposed, counted(a.Probes, "probe"), verb(exposed, "gets", "get"), a.ExposedRequests(), counted(a.Requests, "request"), counted(len(a.Targets), "host"))
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// platform says whose files let through what is told apart.
func (a *Audit) platform() string {
	if a.Environment == "" {
		return "by the platform's own files"
	}
	return "by the platform's own files in environment " + a.Environment
}

// allNotes are the notes, those about hosts first.
func (a *Audit) allNotes() []string {
	var out []string
	out = append(out, a.Notes...)
	for _, f := range a.Skipped {
		out = append(out, "farm "+f.Name+" is for authors, and was not judged: --farm-type "+f.Name+"=publish has it judged")
	}
	for _, f := range a.Unreached {
		out = append(out, "farm "+f.Name+": no request came to it, and nothing is said about it")
	}
	return append(out, a.Report.Notes...)
}

// An auditClass is what a group let through of a class.
type auditClass struct {
	name     string
	probes   int
	requests int
	example  *audit.Exposure
}

// classesOf are the classes of a group, the worst first.
func classesOf(g *audit.Group) []auditClass {
	var out []auditClass
	at := map[string]int{}
	for _, e := range g.Exposures {
		name := e.Probe.Class.Name
		i, ok := at[name]
		if !ok {
			i = len(out)
			at[name] = i
			out = append(out, auditClass{name: name, example: e})
		}
		out[i].probes++
		out[i].requests += e.Requests
	}
	return out
}

// requestText is a request as people read it.
func requestText(s *audit.Sent) string {
	text := s.Method + " " + s.Target
	for _, h := range s.Header {
		if strings.HasPrefix(h.Name, "CQ-") || h.Name == "X-HTTP-Method-Override" {
			text += " (" + h.Name + ": " + h.Value + ")"
		}
	}
	return text
}

// fullURL is a request's URL.
func fullURL(s *audit.Sent) string {
	scheme := "http://"
	if s.TLS {
		scheme = "https://"
	}
	return scheme + s.Host + s.Target
}

// guiltyText says what let a group through.
func guiltyText(g *audit.Group) string {
	switch g.How {
	case audit.ByRule:
		return "rule " + g.Label()
	case audit.ByNothing:
		return g.Label() + " without /filter"
	case audit.ByFlush:
		if g.Rule != nil {
			return "/allowedClients, rule " + g.Label()
		}
		return g.Label() + ", where everybody may flush"
	case audit.ByVanity:
		return "/vanity_urls"
	case audit.ByProxy:
	}
	return "httpd, past the Dispatcher"
}

// firstLine is the first line of a text in a configuration, cut where it is long.
func firstLine(at source.Span) string {
	if at.IsZero() {
		return ""
	}
	text, _, _ := strings.Cut(string(at.Text()), "\n")
	return clipText(strings.TrimSpace(text), 120)
}

func clipText(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !runeStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// maxAuditClasses is how many classes of a group text output names.
const maxAuditClasses = 6

// Audit writes an audit for people: the verdict; what let requests through, the worst first, with the smallest example, why it matters and
// what closes it; the controls that are not answered; what it all rests on.
func (p *Printer) Audit(w io.Writer, a *Audit) error {
	b := bufio.NewWriter(w)
	pal := newPalette(w, p.Color)
	row := func(format string, args ...any) { b.WriteString(line(fmt.Sprintf(format, args...)) + "\n") }
	b.WriteString(pal.of(verdictSeverity(a))(verdictWord(a)) + " " + line(a.Summary()) + "\n")
	for _, g := range a.Groups {
		b.WriteByte('\n')
		head := g.Severity.String()
		at := ""
		if place := PlaceOf(g.At, p.Prefix); place != (Place{}) {
			at = " at " + place.String()
		}
		fmt.Fprintf(b, "%s %s\n", pal.of(g.Severity)(head+":"), line(fmt.Sprintf("%s%s lets %s through, with %s%s", guiltyText(g), at,
			counted(len(g.Exposures), "probe"), counted(g.Requests, "request"), unsure(g))))
		if text := firstLine(g.At); text != "" {
			row("    %s", text)
		}
		e := g.Example()
		row("  example: %s %s", requestText(&e.Request), onHost(e))
		row("  why: %s", e.Probe.Reason())
		for _, d := range e.Depends {
			row("  depends: %s", d)
		}
		p.classes(row, g, a.Verbose)
		p.fix(b, g)
	}
	for i, g := range a.Platform {
		if i == 0 {
			b.WriteByte('\n')
			row("let through %s, past the Dispatcher, and not yours to change:", a.platform())
		}
		e := g.Example()
		row("  %s: %s, %s, %s for one", PlaceOf(g.At, p.Prefix), counted(len(g.Exposures), "probe"), counted(g.Requests, "request"), requestText(&e.Request)+" "+onHost(e))
	}
	if len(a.Controls) > 0 {
		b.WriteByte('\n')
		row("%d of %s not answered:", controlCount(a), counted(a.ControlsAsked, "control"))
		p.controls(row, a)
	}
	b.WriteByte('\n')
	for _, n := range a.allNotes() {
		row("note: %s", n)
	}
	row("note: %s", auditCaveat)
	return b.Flush()
}

// controls writes the controls that are not answered, one to a line, or each farm for itself with the rule.
func (p *Printer) controls(row func(string, ...any), a *Audit) {
	for i := 0; i < len(a.Controls); {
		c := &a.Controls[i]
		if a.Verbose {
			by := ""
			if c.Rule != nil {
				by = " by /" + c.Rule.Label
			}
			if at := PlaceOf(c.At, p.Prefix); at != (Place{}) {
				by += " at " + at.String()
			}
			row("  %s on %s (%s): %s%s", requestText(&c.Request), c.Request.Host, c.Control.Why, c.How, by)
			i++
			continue
		}
		var farms []string
		for ; i < len(a.Controls) && a.Controls[i].Control == c.Control; i++ {
			if f := a.Controls[i].Farm; f != nil {
				farms = append(farms, f.Name)
			}
		}
		in := ""
		if len(farms) > 0 {
			in = " in " + strings.Join(farms, ", ")
		}
		row("  %s (%s): %s%s", requestText(&c.Request), c.Control.Why, c.How, in)
	}
}

// controlCount is how many controls are not answered somewhere.
func controlCount(a *Audit) int {
	seen := map[*audit.Control]bool{}
	for _, c := range a.Controls {
		seen[c.Control] = true
	}
	return len(seen)
}

func verdictWord(a *Audit) string {
	switch {
	case len(a.Groups) > 0:
		return "exposed:"
	case len(a.Judged) == 0:
		return "not judged:"
	}
	return "clean:"
}

func verdictSeverity(a *Audit) diag.Severity {
	if worst, ok := a.Worst(); ok {
		return worst
	}
	return diag.Hint
}

// unsure says that nothing of a group is certain.
func unsure(g *audit.Group) string {
	if g.Certain {
		return ""
	}
	return "; it depends"
}

func onHost(e *audit.Exposure) string {
	s := "on " + e.Request.Host
	if e.Operator != audit.AsIs {
		s += fmt.Sprintf(" (%s of %s)", e.Operator, e.Probe.Target)
	}
	return s
}

// classes names the classes of a group with an example of each, or all exposures.
func (p *Printer) classes(row func(string, ...any), g *audit.Group, all bool) {
	if all {
		for _, e := range g.Exposures {
			depends := ""
			if len(e.Depends) > 0 {
				depends = "; depends: " + strings.Join(e.Depends, ", ")
			}
			row("  %s %s: %s, %s%s", e.Severity(), e.Probe.Class.Name, requestText(&e.Request), counted(e.Requests, "request"), depends)
		}
		return
	}
	list := classesOf(g)
	if len(list) == 1 && list[0].probes == 1 {
		return
	}
	for i, c := range list {
		if i == maxAuditClasses {
			var rest []string
			for _, c := range list[i:] {
				rest = append(rest, c.name)
			}
			row("  and %s", strings.Join(rest, ", "))
			break
		}
		row("  %s (%s): %s", c.name, counted(c.probes, "probe"), requestText(&c.example.Request))
	}
}

// fix writes the proposal, or why there is none.
func (p *Printer) fix(b *bufio.Writer, g *audit.Group) {
	f := g.Fix
	if f == nil {
		b.WriteString("  fix: " + line(g.NoFix) + "\n")
		return
	}
	strict := ""
	if f.Strict {
		strict = "; it also denies requests that the rule may be there for"
	}
	b.WriteString("  fix, " + line(fixProof(f)) + "; " + line(f.Where()) + strict + ":\n")
	for l := range strings.Lines(f.Text) {
		b.WriteString("    " + line(strings.TrimRight(l, "\n")) + "\n")
	}
}

// fixProof says what a proposal was tried on.
func fixProof(f *audit.Fix) string {
	return fmt.Sprintf("tried on %s and %s", counted(f.Requests, "request"), counted(f.Controls, "control"))
}

// An AuditJSON is an audit as dispcheck.audit/v1. docs/audit.md says what the keys mean.
type AuditJSON struct {
	Schema  string `json:"schema"`
	Summary struct {
		Probes          int `json:"probes"`
		Requests        int `json:"requests"`
		Exposed         int `json:"exposed"`
		ExposedRequests int `json:"exposed_requests"`
		Depends         int `json:"depends"`
		Groups          int `json:"groups"`
		Hosts           int `json:"hosts"`
		Controls        int `json:"controls"`
		ControlsBlocked int `json:"controls_blocked"`
	} `json:"summary"`
	Exposures []exposureJSON     `json:"exposures"`
	Groups    []groupJSON        `json:"groups"`
	Platform  []groupJSON        `json:"platform"`
	Controls  []auditControlJSON `json:"controls"`
	Hosts     []auditHostJSON    `json:"hosts"`
	Ends      map[string]int     `json:"ends"`
	Judged    []string           `json:"judged_farms"`
	Skipped   []string           `json:"skipped_farms"`
	Unreached []string           `json:"unreached_farms"`
	Notes     []string           `json:"notes"`
}

type exposureJSON struct {
	Probe     string            `json:"probe"`
	Class     string            `json:"class"`
	Request   string            `json:"request"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Operator  string            `json:"operator"`
	Severity  string            `json:"severity"`
	Certainty string            `json:"certainty"`
	DependsOn []string          `json:"depends_on"`
	Requests  int               `json:"requests"`
	Rule      string            `json:"rule"`
	Source    *Source           `json:"source"`
	Why       string            `json:"why"`
	Fix       string            `json:"fix"`
	Also      []*Source         `json:"also"`
	Sources   []string          `json:"sources"`
}

type groupJSON struct {
	Rule      string        `json:"rule"`
	How       string        `json:"how"`
	Source    *Source       `json:"source"`
	Text      string        `json:"text"`
	Farms     []string      `json:"farms"`
	Severity  string        `json:"severity"`
	Certainty string        `json:"certainty"`
	Probes    int           `json:"probes"`
	Requests  int           `json:"requests"`
	Classes   []string      `json:"classes"`
	Example   string        `json:"example"`
	Examples  []exampleJSON `json:"examples"`
	Why       string        `json:"why"`
	Fix       *fixJSON      `json:"fix"`
	NoFix     *string       `json:"no_fix"`
}

// exampleJSON is what a group let through of a class.
type exampleJSON struct {
	Class     string `json:"class"`
	Severity  string `json:"severity"`
	Certainty string `json:"certainty"`
	Probes    int    `json:"probes"`
	Requests  int    `json:"requests"`
	Request   string `json:"request"`
}

type fixJSON struct {
	Text     string `json:"text"`
	Where    string `json:"where"`
	Section  string `json:"section"`
	Proven   bool   `json:"proven"`
	Strict   bool   `json:"strict"`
	Requests int    `json:"requests"`
	Controls int    `json:"controls"`
}

type auditControlJSON struct {
	Control  string  `json:"control"`
	Request  string  `json:"request"`
	Host     string  `json:"host"`
	Farm     *string `json:"farm"`
	Reserved bool    `json:"reserved"`
	Blocked  string  `json:"blocked"`
	Rule     *string `json:"rule"`
	Source   *Source `json:"source"`
	Why      string  `json:"why"`
}

type auditHostJSON struct {
	Host        string   `json:"host"`
	TLS         bool     `json:"tls"`
	Also        []string `json:"also"`
	Farm        *string  `json:"farm"`
	VirtualHost *Source  `json:"vhost"`
}

// NewAuditJSON returns an audit in JSON's form, files behind prefix.
func NewAuditJSON(a *Audit, prefix string) *AuditJSON {
	c := simulationConverter{prefix}
	out := &AuditJSON{
		Schema: "dispcheck.audit/v1", Exposures: []exposureJSON{}, Groups: []groupJSON{}, Platform: []groupJSON{}, Controls: []auditControlJSON{}, Hosts: []auditHostJSON{},
		Ends: map[string]int{}, Judged: []string{}, Skipped: []string{}, Unreached: []string{}, Notes: []string{},
	}
	for _, g := range a.Groups {
		out.Groups = append(out.Groups, newGroupJSON(c, g))
	}
	for _, g := range a.Platform {
		out.Platform = append(out.Platform, newGroupJSON(c, g))
	}
	for _, e := range a.Exposed() {
		x := exposureJSON{
			Probe: e.Probe.Name(), Class: e.Probe.Class.Name, Request: e.Request.Method + " " + e.Request.Target, URL: fullURL(&e.Request),
			Headers: map[string]string{}, Operator: string(e.Operator), Severity: e.Severity().String(), Certainty: certainty(len(e.Depends) == 0),
			DependsOn: e.Depends, Requests: e.Requests, Rule: e.By.Label(), Source: c.source(e.By.At), Also: []*Source{}, Why: e.Probe.Reason(), Fix: e.By.NoFix,
			Sources: []string{},
		}
		if e.By.Fix != nil {
			x.Fix = e.By.Fix.Text
		}
		if x.DependsOn == nil {
			x.DependsOn = []string{}
		} else {
			out.Summary.Depends++
		}
		for _, g := range e.Also {
			x.Also = append(x.Also, c.source(g.At))
		}
		for _, h := range e.Request.Header {
			x.Headers[h.Name] = h.Value
		}
		for _, s := range e.Probe.Sources {
			x.Sources = append(x.Sources, s.Name)
		}
		out.Exposures = append(out.Exposures, x)
	}
	for _, k := range a.Controls {
		one := auditControlJSON{
			Control: k.Control.Name(), Request: k.Request.Method + " " + k.Request.Target, Host: k.Request.Host, Reserved: k.Control.Reserved, Blocked: k.How,
			Source: c.source(k.At), Why: k.Control.Why,
		}
		if k.Farm != nil {
			one.Farm = &k.Farm.Name
		}
		if k.Rule != nil {
			label := "/" + k.Rule.Label
			one.Rule = &label
		}
		out.Controls = append(out.Controls, one)
	}
	for _, t := range a.Targets {
		one := auditHostJSON{Host: t.Host, TLS: t.TLS, Also: t.Also, VirtualHost: c.source(t.VirtualHost)}
		if one.Also == nil {
			one.Also = []string{}
		}
		if t.Farm != nil {
			one.Farm = &t.Farm.Name
		}
		out.Hosts = append(out.Hosts, one)
	}
	for _, e := range a.Ends {
		out.Ends[e.How] = e.Requests
	}
	for _, f := range a.Judged {
		out.Judged = append(out.Judged, f.Name)
	}
	for _, f := range a.Skipped {
		out.Skipped = append(out.Skipped, f.Name)
	}
	for _, f := range a.Unreached {
		out.Unreached = append(out.Unreached, f.Name)
	}
	out.Notes = append(append(out.Notes, a.allNotes()...), auditCaveat)
	s := &out.Summary
	s.Probes, s.Requests, s.Exposed, s.ExposedRequests = a.Probes, a.Requests, len(out.Exposures), a.ExposedRequests()
	s.Groups, s.Hosts, s.Controls, s.ControlsBlocked = len(a.Groups), len(a.Targets), a.ControlsAsked, controlCount(a)
	return out
}

func newGroupJSON(c simulationConverter, g *audit.Group) groupJSON {
	one := groupJSON{
		Rule: g.Label(), How: string(g.How), Source: c.source(g.At), Text: firstLine(g.At), Farms: []string{}, Severity: g.Severity.String(),
		Certainty: certainty(g.Certain), Probes: len(g.Exposures), Requests: g.Requests, Classes: g.Classes(), Example: requestText(&g.Example().Request),
		Why: g.Example().Probe.Reason(), NoFix: orNull(g.NoFix),
	}
	for _, f := range g.Farms {
		one.Farms = append(one.Farms, f.Name)
	}
	if f := g.Fix; f != nil {
		one.Fix = &fixJSON{f.Text, f.Where(), f.Section, true, f.Strict, f.Requests, f.Controls}
	}
	for _, k := range classesOf(g) {
		one.Examples = append(one.Examples, exampleJSON{k.name, k.example.Severity().String(), certainty(len(k.example.Depends) == 0), k.probes, k.requests, requestText(&k.example.Request)})
	}
	return one
}

func certainty(sure bool) string {
	if sure {
		return "certain"
	}
	return "depends"
}
