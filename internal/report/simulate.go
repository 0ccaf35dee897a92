package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// A Simulation is one request with what became of it.
type Simulation struct {
	Request  *simulate.Request
	Decision *simulate.Decision
	// Trace is what the stages said; never nil.
	Trace *simulate.Trace
	// ShowTrace and Explain say whether the lines of the log, and the rules that were looked at, are printed.
	ShowTrace, Explain bool
}

// A SimulationJSON is a Simulation as dispcheck.simulate/v1: every key is always there, and null where a stage was
// not reached. docs/simulate/README.md says what the keys mean.
type SimulationJSON struct {
	Schema       string             `json:"schema"`
	Request      simulatedRequest   `json:"request"`
	Outcome      string             `json:"outcome"`
	Reason       string             `json:"reason"`
	Source       *Source            `json:"source"`
	HTTPD        *struct{}          `json:"httpd"` // the layer is not there yet
	Farm         *simulatedFarm     `json:"farm"`
	Filter       *simulatedFilter   `json:"filter"`
	Cache        *simulatedCache    `json:"cache"`
	Render       *struct{}          `json:"render"` // not simulated yet
	Response     *simulatedResponse `json:"response"`
	NotSimulated []simulatedRemark  `json:"not_simulated"`
	Trace        []simulatedEvent   `json:"trace"`
	Explain      []simulatedRule    `json:"explain"`
}

// A Source is where a piece of configuration starts, in JSON.
type Source struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

type simulatedRequest struct {
	Method      string   `json:"method"`
	URL         string   `json:"url"`
	Host        string   `json:"host"`
	RequestLine string   `json:"request_line"`
	URI         string   `json:"uri"`
	Path        string   `json:"path"`
	Selectors   []string `json:"selectors"`
	Extension   string   `json:"extension"`
	Suffix      string   `json:"suffix"`
	Query       string   `json:"query"`
}

type simulatedFarm struct {
	Name        string  `json:"name"`
	VirtualHost *string `json:"virtualhost"`
	Reason      string  `json:"reason"`
	Source      *Source `json:"source"`
}

type simulatedFilter struct {
	Action    string              `json:"action"`
	Rule      *string             `json:"rule"`
	Source    *Source             `json:"source"`
	Code      string              `json:"code"`
	Vanity    bool                `json:"vanity"`
	Matched   []simulatedRuleName `json:"matched"`
	DependsOn []string            `json:"depends_on"`
}

type simulatedRuleName struct {
	Rule   string  `json:"rule"`
	Action string  `json:"action"`
	Source *Source `json:"source"`
}

type simulatedCache struct {
	Cacheable bool     `json:"cacheable"`
	Info      *string  `json:"info"`
	Reason    *string  `json:"reason"`
	Code      string   `json:"code"`
	Rule      *string  `json:"rule"`
	Source    *Source  `json:"source"`
	File      *string  `json:"file"`
	Action    *string  `json:"action"`
	DependsOn []string `json:"depends_on"`
}

type simulatedResponse struct {
	Status  int               `json:"status"`
	From    string            `json:"from"`
	Headers map[string]string `json:"headers"`
}

type simulatedRemark struct {
	Stage   string  `json:"stage"`
	Message string  `json:"message"`
	Source  *Source `json:"source"`
}

type simulatedEvent struct {
	Level   string  `json:"level"`
	Stage   string  `json:"stage"`
	Message string  `json:"message"`
	Source  *Source `json:"source"`
}

type simulatedRule struct {
	Stage    string             `json:"stage"`
	Section  string             `json:"section"`
	Rule     string             `json:"rule"`
	Action   string             `json:"action"`
	Source   *Source            `json:"source"`
	Match    bool               `json:"match"`
	Reason   string             `json:"reason"`
	Elements []simulatedElement `json:"elements"`
}

type simulatedElement struct {
	Element string  `json:"element"`
	Pattern string  `json:"pattern"`
	Text    string  `json:"text"`
	Subject *string `json:"subject"`
	Match   bool    `json:"match"`
	Error   *string `json:"error"`
}

// NewSimulationJSON returns a simulation in JSON's form, files behind prefix. Lists are never null.
func NewSimulationJSON(s *Simulation, prefix string) *SimulationJSON {
	c := simulationConverter{prefix}
	d := s.Decision
	out := &SimulationJSON{
		Schema:  "dispcheck.simulate/v1",
		Request: c.request(s.Request, d),
		Outcome: d.Outcome.String(), Reason: string(d.Reason), Source: c.source(d.By),
		Farm: c.farm(&d.Farm), Filter: c.filter(&d.Filter), Cache: c.cache(&d.Cache),
		NotSimulated: []simulatedRemark{}, Trace: []simulatedEvent{}, Explain: []simulatedRule{},
	}
	if d.Response.Status != 0 {
		out.Response = &simulatedResponse{d.Response.Status, d.Response.From, map[string]string{}}
	}
	for i := range s.Trace.Events {
		e := &s.Trace.Events[i]
		if e.Reason == simulate.NotSimulated {
			out.NotSimulated = append(out.NotSimulated, simulatedRemark{e.Stage, e.Message, c.source(e.Rule.Span)})
		}
		if s.ShowTrace {
			out.Trace = append(out.Trace, simulatedEvent{e.Level.String(), e.Stage, e.Message, c.source(e.Rule.Span)})
		}
	}
	if s.Explain {
		for i := range s.Trace.Looked {
			out.Explain = append(out.Explain, c.looked(&s.Trace.Looked[i]))
		}
	}
	return out
}

type simulationConverter struct{ prefix string }

func (c simulationConverter) source(s source.Span) *Source {
	if s.IsZero() {
		return nil
	}
	p := PlaceOf(s, c.prefix)
	return &Source{p.File, p.Line, p.Column}
}

func (c simulationConverter) request(r *simulate.Request, d *simulate.Decision) simulatedRequest {
	return simulatedRequest{
		Method: r.Method, URL: r.Target, Host: d.Host, RequestLine: d.RequestLine(r), URI: d.URI,
		Path: d.Parts.Path, Selectors: d.Parts.Selectors(), Extension: d.Parts.Extension, Suffix: d.Parts.Suffix, Query: d.Query,
	}
}

func (c simulationConverter) farm(f *simulate.FarmChoice) *simulatedFarm {
	if f.Farm == nil {
		return nil
	}
	out := &simulatedFarm{Name: f.Farm.Name, Reason: string(f.Reason), Source: c.source(f.Farm.At.Span)}
	if f.VirtualHost != nil {
		out.VirtualHost = &f.VirtualHost.Text
	}
	return out
}

func (c simulationConverter) filter(v *simulate.FilterVerdict) *simulatedFilter {
	if !v.Reached {
		return nil
	}
	out := &simulatedFilter{
		Action: action(v.Allow), Code: string(v.Reason), Matched: make([]simulatedRuleName, 0, len(v.Matched)), DependsOn: v.DependsOn(),
	}
	out.Rule, out.Source = c.rule(v.Rule)
	for _, r := range v.Matched {
		out.Matched = append(out.Matched, simulatedRuleName{ruleLabel(r), action(r.Allow), c.source(r.At.Span)})
	}
	return out
}

func (c simulationConverter) rule(r *model.Rule) (*string, *Source) {
	if r == nil {
		return nil, nil
	}
	name := ruleLabel(r)
	return &name, c.source(r.At.Span)
}

func (c simulationConverter) cache(v *simulate.CacheVerdict) *simulatedCache {
	if !v.Reached {
		return nil
	}
	out := &simulatedCache{
		Cacheable: v.Cacheable, Code: string(v.Reason), Source: c.source(v.By), DependsOn: v.DependsOn(),
		Info: orNull(v.Info()), Reason: orNull(v.Log()), File: orNull(v.File()), Action: orNull(v.Action.String()),
	}
	out.Rule, _ = c.rule(v.Rule)
	return out
}

func (c simulationConverter) looked(l *simulate.Looked) simulatedRule {
	out := simulatedRule{
		Stage: l.Stage, Section: l.Section, Rule: ruleLabel(l.Rule), Action: action(l.Rule.Allow), Source: c.source(l.Rule.At.Span),
		Match: l.Match, Reason: string(l.Reason), Elements: make([]simulatedElement, 0, len(l.Elements)),
	}
	for i := range l.Elements {
		e := &l.Elements[i]
		el := simulatedElement{Element: e.Name, Pattern: e.Pattern, Text: e.Text, Match: e.Match, Error: orNull(e.Err)}
		if !e.Absent {
			el.Subject = &e.Subject
		}
		out.Elements = append(out.Elements, el)
	}
	return out
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func action(allow bool) string {
	if allow {
		return "allow"
	}
	return "deny"
}

// ruleLabel returns a rule's label as it stands in a configuration; "" for a rule without one.
func ruleLabel(r *model.Rule) string {
	if r.Label == "" {
		return ""
	}
	return "/" + r.Label
}

// ruleName returns what people call a rule.
func ruleName(r *model.Rule) string {
	if r.Label == "" {
		return "a rule without a label"
	}
	return ruleLabel(r)
}

// Simulation writes what became of a request for people: the verdict in one line, the configuration that decided,
// what each stage found, and, where asked for, the rules that were looked at and the lines of the log.
func (p *Printer) Simulation(w io.Writer, s *Simulation) error {
	b := bufio.NewWriter(w)
	t := simulationWriter{Writer: b, palette: newPalette(w, p.Color), prefix: p.Prefix, s: s, d: s.Decision}
	t.verdict()
	t.stages()
	if s.Explain {
		t.explain()
	}
	if s.ShowTrace {
		t.trace()
	}
	return b.Flush()
}

type simulationWriter struct {
	*bufio.Writer
	palette *palette
	prefix  string
	s       *Simulation
	d       *simulate.Decision
}

// row writes one line; control characters in it are made visible.
func (t *simulationWriter) row(format string, args ...any) {
	t.WriteString(line(fmt.Sprintf(format, args...)))
	t.WriteByte('\n')
}

func (t *simulationWriter) place(s source.Span) string { return PlaceOf(s, t.prefix).String() }

// verdict writes the answer and the text of what decided.
func (t *simulationWriter) verdict() {
	d := t.d
	color := t.palette.add
	if d.Outcome != simulate.Forwarded && d.Outcome != simulate.Flush {
		color = t.palette.del
	}
	t.WriteString(color(d.Outcome.String() + ":"))
	t.WriteByte(' ')
	text := string(d.Reason)
	if at := t.place(d.By); at != "" {
		text += " by " + at
	}
	if v := &d.Filter; v.VanityUnknown {
		text += ", unless the vanity list has the URL"
	}
	if v := &d.Cache; v.Reached {
		if v.Cacheable {
			text += "; cacheable"
		} else {
			text += "; not cacheable: " + v.Log()
		}
	}
	t.row("%s", text)
	if r := d.Filter.Rule; r != nil {
		t.row("  %s", ruleText(r))
		t.included(r.At)
	}
	if v := &d.Cache; v.Reached && v.Rule != nil && !v.Cacheable {
		t.row("  %s  (%s)", ruleText(v.Rule), t.place(v.Rule.At.Span))
		t.included(v.Rule.At)
	}
}

func (t *simulationWriter) included(at model.Place) {
	for i := len(at.Included) - 1; i >= 0; i-- {
		t.row("  included by %s", t.place(at.Included[i]))
	}
}

// ruleText returns the text of a rule in one line: as it stands in the file, or put together again where it stands
// on several lines.
func ruleText(r *model.Rule) string {
	text := r.At.Span.Text()
	if text != "" && !strings.ContainsAny(text, "\n\r") {
		return text
	}
	var b strings.Builder
	b.WriteString(ruleLabel(r) + " {")
	if r.Type.Set {
		b.WriteString(" /type " + r.Type.ValueAt.Text())
	}
	for _, p := range r.Patterns() {
		b.WriteString(" /" + p.Property + " " + p.ValueAt.Text())
	}
	return strings.TrimSpace(b.String() + " }")
}

// stages writes a line or two for each stage.
func (t *simulationWriter) stages() {
	d, r := t.d, t.s.Request
	t.WriteByte('\n')
	host := "no host"
	if d.Host != "" {
		host = "host " + d.Host
	}
	scheme := ""
	if r.TLS {
		scheme = ", over TLS"
	}
	t.stage("request", "%s, %s%s", d.RequestLine(r), host, scheme)
	if d.Outcome != simulate.Refused {
		t.stage("", "path %s, %s, %s, %s, %s", d.Parts.Path, orNone("selectors", strings.Join(d.Parts.Selectors(), " ")),
			orNone("extension", d.Parts.Extension), orNone("suffix", d.Parts.Suffix), queryText(d))
	}
	t.stage("httpd", "%s", t.httpdText())
	t.stage("farm", "%s", t.farmText())
	t.stage("filter", "%s", t.filterText())
	t.cacheStage()
	switch {
	case d.Outcome == simulate.Forwarded:
		t.stage("render", "not simulated yet: the request goes to one of the farm's renders")
	default:
		t.stage("render", "not reached")
	}
	if d.Response.Status != 0 {
		t.stage("answer", "%d from %s", d.Response.Status, d.Response.From)
	}
}

func (t *simulationWriter) stage(name, format string, args ...any) {
	t.WriteString(t.palette.label(fmt.Sprintf("%-8s", name)))
	t.WriteByte(' ')
	t.row(format, args...)
}

func orNone(what, value string) string {
	if value == "" {
		return "no " + what
	}
	return what + " " + value
}

func queryText(d *simulate.Decision) string {
	if d.HasQuery && d.Query == "" {
		return "empty query"
	}
	return orNone("query", d.Query)
}

func (t *simulationWriter) httpdText() string {
	if t.d.Outcome == simulate.Refused {
		return fmt.Sprintf("answers %d itself: %s", t.d.Response.Status, t.d.Reason)
	}
	return "rewriting is not simulated yet"
}

func (t *simulationWriter) farmText() string {
	f := &t.d.Farm
	if f.Farm == nil {
		if t.d.Outcome == simulate.Lost {
			return "none"
		}
		return "not reached"
	}
	switch f.Reason {
	case simulate.FarmMatched:
		return fmt.Sprintf("%s, virtual host %q  (%s)", f.Farm.Name, f.VirtualHost.Text, t.place(f.VirtualHost.At.Span))
	case simulate.HostOnly:
		return fmt.Sprintf("%s, virtual host %q by its host alone  (%s)", f.Farm.Name, f.VirtualHost.Text, t.place(f.VirtualHost.At.Span))
	case simulate.Fragment:
		return fmt.Sprintf("%s, made for the fragment, for every host  (%s)", f.Farm.Name, t.place(f.Farm.At.Span))
	case simulate.FarmAskedFor:
		return fmt.Sprintf("%s, as asked for  (%s)", f.Farm.Name, t.place(f.Farm.At.Span))
	}
	return fmt.Sprintf("%s, the last farm: no virtual host matches  (%s)", f.Farm.Name, t.place(f.Farm.At.Span))
}

func (t *simulationWriter) filterText() string {
	v := &t.d.Filter
	if !v.Reached {
		return "not reached"
	}
	text := action(v.Allow)
	switch {
	case v.Rule != nil:
		text += fmt.Sprintf(" by %s  (%s)", ruleName(v.Rule), t.place(v.Rule.At.Span))
	default:
		text += fmt.Sprintf(": %s", v.Reason)
	}
	if n := len(v.Matched); n > 1 {
		names := make([]string, 0, n)
		for _, r := range v.Matched {
			names = append(names, ruleName(r))
		}
		text += ", the last of " + strings.Join(names, " ")
	}
	if v.VanityUnknown {
		text += "; depends on the vanity list"
	}
	return text
}

func (t *simulationWriter) cacheStage() {
	v := &t.d.Cache
	switch {
	case !v.Reached:
		t.stage("cache", "not reached")
		return
	case !v.Cacheable:
		text := "not cacheable: " + v.Log()
		if at := t.place(v.By); at != "" {
			text += "  (" + at + ")"
		}
		t.stage("cache", "%s", text)
	default:
		text := "cacheable"
		if v.Rule != nil {
			text += " by " + ruleName(v.Rule) + "  (" + t.place(v.By) + ")"
		}
		if a := v.Action.String(); a != "" {
			text += ", " + a
		}
		t.stage("cache", "%s", text)
		if file := v.File(); file != "" {
			t.stage("", "file %s", file)
		}
		t.stage("", "depends on %s", strings.Join(v.DependsOn(), ", "))
	}
	if h := v.Header(); h != "" {
		t.stage("", "X-Cache-Info: %s", h)
	}
}

// explain writes the rules that were looked at, section by section, with what became of each pattern.
func (t *simulationWriter) explain() {
	section := ""
	for i := range t.s.Trace.Looked {
		l := &t.s.Trace.Looked[i]
		if l.Section != section {
			section = l.Section
			t.WriteByte('\n')
			t.WriteString(t.palette.label(section))
			t.WriteByte('\n')
		}
		t.row("  %s %s  %s  (%s)", ruleName(l.Rule), action(l.Rule.Allow), matchWord(l), t.place(l.Rule.At.Span))
		for j := range l.Elements {
			t.element(&l.Elements[j])
		}
	}
}

func matchWord(l *simulate.Looked) string {
	switch {
	case l.Match:
		return "matches"
	case l.Reason == simulate.RuleUnusable:
		return "never matches"
	}
	return "does not match"
}

func (t *simulationWriter) element(e *simulate.Element) {
	subject := fmt.Sprintf("%q", e.Subject)
	if e.Absent {
		subject = "nothing: the request has none"
	}
	word := "does not match"
	if e.Match {
		word = "matches"
	}
	pattern := e.Pattern
	if !strings.Contains(pattern, e.Text) && !strings.Contains(pattern, `\`) {
		pattern += " (" + e.Text + ")"
	}
	text := fmt.Sprintf("/%s %s %s %s", e.Name, pattern, word, subject)
	if e.Err != "" {
		text += ": " + e.Err
	}
	t.row("      %s", text)
}

// logTime is how dispatcher.log dates a line.
const logTime = "Mon Jan 02 15:04:05 2006"

// trace writes the lines of the log, dated where the engine had a clock.
func (t *simulationWriter) trace() {
	t.WriteByte('\n')
	for i := range t.s.Trace.Events {
		e := &t.s.Trace.Events[i]
		date := ""
		if !e.At.IsZero() {
			date = "[" + e.At.In(time.UTC).Format(logTime) + "] "
		}
		t.row("%s[%s] %s", date, e.Level, e.Message)
	}
}
