package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/displog"
	"github.com/dispcheck/dispcheck/internal/site"
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
	// LogForm is how the lines of the log are written; nil is without date and process.
	LogForm *displog.Form
	// Survey is what a flush left of the cache; nil where it was no flush or nobody looked.
	Survey *Survey
	// Version is the release that answered; the zero value is the newest.
	Version simulate.Version
	// Passage is what httpd did; nil where there is no httpd side, or where it was left out.
	Passage *site.Passage
	// Name is what the request is called in a scenario, "" for none.
	Name string
}

// A SimulationJSON is a Simulation as dispcheck.simulate/v1: every key is always there, and null where a stage was
// not reached. docs/simulate/README.md says what the keys mean.
type SimulationJSON struct {
	Schema       string             `json:"schema"`
	Request      simulatedRequest   `json:"request"`
	Name         *string            `json:"name"`
	Outcome      string             `json:"outcome"`
	Reason       string             `json:"reason"`
	Source       *Source            `json:"source"`
	Verdict      string             `json:"verdict"`
	HTTPD        *simulatedHTTPD    `json:"httpd"`
	Farm         *simulatedFarm     `json:"farm"`
	Filter       *simulatedFilter   `json:"filter"`
	Cache        *simulatedCache    `json:"cache"`
	Render       *simulatedRender   `json:"render"`
	Response     *simulatedResponse `json:"response"`
	Invalidation *InvalidationJSON  `json:"invalidation"`
	Env          map[string]string  `json:"env"`
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
	Cacheable   bool               `json:"cacheable"`
	Info        *string            `json:"info"`
	Reason      *string            `json:"reason"`
	Code        string             `json:"code"`
	Rule        *string            `json:"rule"`
	Source      *Source            `json:"source"`
	File        *string            `json:"file"`
	Action      *string            `json:"action"`
	DependsOn   []string           `json:"depends_on"`
	Stored      *bool              `json:"stored"` // null where the render's answer is not known
	ServedStale bool               `json:"served_stale"`
	Validity    *simulatedValidity `json:"validity"`
}

type simulatedValidity struct {
	Fresh    bool    `json:"fresh"`
	Code     string  `json:"code"`
	Why      string  `json:"why"`
	Modified string  `json:"modified"`
	Expires  *string `json:"expires"`
	Statfile *string `json:"statfile"`
	Touched  *string `json:"touched"`
	Rule     *string `json:"rule"`
	Source   *Source `json:"source"`
}

type simulatedRender struct {
	Name     *string            `json:"name"`
	URL      *string            `json:"url"`
	Attempts []simulatedAttempt `json:"attempts"`
	Sticky   bool               `json:"sticky"`
	Code     string             `json:"code"`
	Category *string            `json:"category"`
	Headers  [][2]string        `json:"request_headers"`
	Source   *Source            `json:"source"`
}

type simulatedAttempt struct {
	Render  string  `json:"render"`
	Purpose string  `json:"purpose"`
	Round   int     `json:"round"`
	Status  *int    `json:"status"`
	Error   *string `json:"error"`
	Millis  int64   `json:"ms"`
}

type simulatedResponse struct {
	Status  int               `json:"status"`
	From    string            `json:"from"`
	Headers map[string]string `json:"headers"`
	Length  int64             `json:"length"`
	Cut     bool              `json:"cut"`
	ByHTTPD bool              `json:"error_document"`
	Millis  int64             `json:"ms"`
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
	out.HTTPD = c.httpd(s.Passage, s.Explain)
	out.Verdict = verdictOf(s)
	out.Name = orNull(s.Name)
	out.Env = map[string]string{}
	version := s.Version
	if version == (simulate.Version{}) {
		version = simulate.Newest
	}
	for _, f := range d.Env(version) {
		out.Env[f.Name] = f.Value
	}
	out.Render = c.render(&d.Render)
	out.Response = c.response(d)
	if d.Invalidation.Reached {
		out.Invalidation = newInvalidationJSON(&d.Invalidation, d, s.Survey)
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
	if p := s.Passage; p != nil {
		for _, n := range p.Result.NotSimulated {
			out.NotSimulated = append(out.NotSimulated, simulatedRemark{"httpd", n.Text + orBlank(": ", n.Why), c.source(n.At)})
		}
		if s.ShowTrace {
			for _, l := range p.Log {
				out.Trace = append(out.Trace, simulatedEvent{fmt.Sprintf("trace%d", l.Level), "rewrite", l.Text, nil})
			}
		}
	}
	if s.Explain {
		for i := range s.Trace.Looked {
			out.Explain = append(out.Explain, c.looked(&s.Trace.Looked[i]))
		}
	}
	return out
}

// verdictOf is "depends" where something on the way of a request is not simulated, and else "certain".
func verdictOf(s *Simulation) string {
	if s.Passage != nil && len(s.Passage.Result.NotSimulated) > 0 {
		return "depends"
	}
	return "certain"
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
		Action: action(v.Allow), Code: string(v.Reason), Vanity: v.Vanity, Matched: make([]simulatedRuleName, 0, len(v.Matched)), DependsOn: v.DependsOn(),
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
		ServedStale: v.ServedStale, Validity: c.validity(&v.Validity),
	}
	if v.Answered {
		out.Stored = &v.Stored
	}
	out.Rule, _ = c.rule(v.Rule)
	return out
}

func (c simulationConverter) validity(v *simulate.Validity) *simulatedValidity {
	if !v.Known {
		return nil
	}
	out := &simulatedValidity{
		Fresh: v.Fresh, Code: string(v.Reason), Why: v.Why(), Modified: stamp(v.File.Mod), Statfile: orNull(v.Statfile),
	}
	if !v.Expires.IsZero() {
		out.Expires = orNull(stamp(v.Expires))
	}
	if !v.Touched.IsZero() {
		out.Touched = orNull(stamp(v.Touched))
	}
	out.Rule, out.Source = c.rule(v.Rule)
	return out
}

// stamp writes a time as JSON has it here: RFC 3339 in UTC.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func (c simulationConverter) render(r *simulate.RenderChoice) *simulatedRender {
	if r.Render == nil && len(r.Attempts) == 0 {
		return nil
	}
	out := &simulatedRender{Code: string(r.Reason), Sticky: r.Sticky, URL: orNull(r.URL()), Attempts: []simulatedAttempt{}, Headers: [][2]string{}}
	if r.Render != nil {
		out.Name, out.Source = &r.Render.Name, c.source(r.Render.At.Span)
	}
	if r.Category != nil {
		out.Category = &r.Category.Name
	}
	for _, f := range r.Header {
		out.Headers = append(out.Headers, [2]string{f.Name, f.Value})
	}
	for i := range r.Attempts {
		a := &r.Attempts[i]
		j := simulatedAttempt{Purpose: a.Purpose.String(), Round: a.Round, Error: orNull(a.Err), Millis: a.Took.Milliseconds()}
		if a.Render != nil {
			j.Render = a.Render.Name
		}
		if a.Status != 0 {
			j.Status = &a.Status
		}
		out.Attempts = append(out.Attempts, j)
	}
	return out
}

func (c simulationConverter) response(d *simulate.Decision) *simulatedResponse {
	r := &d.Response
	if r.Status == 0 {
		return nil
	}
	out := &simulatedResponse{
		Status: r.Status, From: r.From, Headers: map[string]string{}, Length: r.Length, Cut: r.Cut, ByHTTPD: r.ByHTTPD, Millis: d.Took.Milliseconds(),
	}
	for _, f := range r.Header {
		if before, ok := out.Headers[f.Name]; ok {
			out.Headers[f.Name] = before + ", " + f.Value
		} else {
			out.Headers[f.Name] = f.Value
		}
	}
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
	switch d.Outcome {
	case simulate.Forwarded, simulate.Redirected, simulate.Flush, simulate.Answered, simulate.Delivered, simulate.Declined:
	default:
		color = t.palette.del
	}
	if verdictOf(t.s) == "depends" {
		t.WriteString(t.palette.del("depends:"))
		t.WriteByte(' ')
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
		text += "; " + cacheWord(v)
	}
	if d.Invalidation.Reached && d.Invalidation.Allowed {
		text += fmt.Sprintf("; %s deleted, %s touched", count(len(d.Invalidation.Deleted), "file"), count(len(d.Invalidation.Touched)+len(d.Invalidation.TouchedOutside), "statfile"))
	}
	t.row("%s", text)
	if r := d.Filter.Rule; r != nil && (d.By == r.At.Span || d.By.IsZero()) {
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
	t.httpdStage()
	t.stage("farm", "%s", t.farmText())
	t.stage("filter", "%s", t.filterText())
	t.cacheStage()
	t.renderStage()
	if d.Invalidation.Reached {
		t.invalidation(&d.Invalidation)
	}
	if d.Response.Status != 0 {
		t.answer()
	}
}

// renderStage writes which render was chosen, and what was tried.
func (t *simulationWriter) renderStage() {
	c := &t.d.Render
	switch {
	case c.Render == nil && t.d.Outcome == simulate.Failed:
		t.stage("render", "none: the farm has no renders")
	case c.Render == nil && len(c.Attempts) == 0:
		t.stage("render", "not reached")
	case c.Render != nil:
		text := fmt.Sprintf("%s by %s, %s", c.Render.Name, c.Reason, c.URL())
		if c.Category != nil {
			text += ", category " + c.Category.Name
		}
		if at := t.place(c.Render.At.Span); at != "" {
			text += "  (" + at + ")"
		}
		t.stage("render", "%s", text)
	default:
		t.stage("render", "asked by the module itself")
	}
	for i := range c.Attempts {
		a := &c.Attempts[i]
		what := a.Err
		if a.Status != 0 {
			what = fmt.Sprint(a.Status)
		}
		name := "-"
		if a.Render != nil {
			name = a.Render.Name
		}
		t.stage("", "%s to %s, round %d: %s after %d ms", a.Purpose, name, a.Round, what, a.Took.Milliseconds())
	}
}

// answer writes status, length and headers of the answer.
func (t *simulationWriter) answer() {
	r := &t.d.Response
	text := fmt.Sprintf("%d from %s", r.Status, r.From)
	if r.From == "cache" || r.From == "render" {
		text += ", " + count(int(r.Length), "byte")
	}
	if r.Cut {
		text += ", cut short"
	}
	if r.ByHTTPD {
		text += ", the body is httpd's ErrorDocument"
	}
	t.stage("answer", "%s", text)
	for _, f := range r.Header {
		t.stage("", "%s: %s", f.Name, f.Value)
	}
}

// invalidation writes what a flush does.
func (t *simulationWriter) invalidation(v *simulate.Invalidation) {
	if !v.Allowed {
		at := ""
		if v.Rule != nil {
			at = "  (" + t.place(v.Rule.At.Span) + ")"
		}
		t.stage("flush", "rejected by /allowedClients%s", at)
		return
	}
	t.stage("flush", "%s %s%s", v.Action, v.Handle, orBlank(", scope ", v.Scope))
	for _, name := range deleted(v) {
		t.stage("", "deleted %s", name)
	}
	for _, name := range slices.Concat(v.Touched, v.TouchedOutside) {
		t.stage("", "touched %s", name)
	}
	for _, r := range v.Refetched {
		t.stage("", "fetched again %s: %d", r.URL, r.Status)
	}
	if len(v.Handler) > 0 {
		t.stage("", "handler %s", strings.Join(v.Handler, " "))
	}
	if v.HandlerError != "" {
		t.stage("", "the handler failed: %s", v.HandlerError)
	}
	for _, name := range v.Failed {
		t.stage("", "could not be deleted or touched: %s", name)
	}
	if v.Forwarded {
		t.stage("", "passed on to a render")
	}
	if s := t.s.Survey; s != nil && s.pages() > 0 {
		t.stage("", "%s", s.summary())
	}
}

func orBlank(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// cacheWord says in short what the cache does.
func cacheWord(v *simulate.CacheVerdict) string {
	switch {
	case v.ServedStale:
		return "served stale"
	case !v.Cacheable && v.Answered:
		return "not stored: " + v.Log()
	case !v.Cacheable:
		return "not cacheable: " + v.Log()
	case v.Stored:
		return "stored"
	case v.Action == simulate.ActionHit:
		return "cached"
	}
	return "cacheable"
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
	if t.d.Outcome == simulate.Declined {
		return "answers / itself: DispatcherDeclineRoot is on"
	}
	if t.d.Outcome == simulate.Refused {
		return fmt.Sprintf("answers %d itself: %s", t.d.Response.Status, t.d.Reason)
	}
	return "left out: the URL is taken as it was sent"
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
	if v.Vanity {
		text = "allow: the vanity list has the URL"
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
		if list := v.DependsOn(); len(list) > 0 {
			t.stage("", "depends on %s", strings.Join(list, ", "))
		}
	}
	if v.Validity.Known {
		t.stage("", "%s", v.Validity.Why())
	}
	if v.Stored {
		t.stage("", "stored%s", withFiles(v))
	}
	if h := v.Header(); h != "" {
		t.stage("", "X-Cache-Info: %s", h)
	}
}

// withFiles says which files were written beside the page.
func withFiles(v *simulate.CacheVerdict) string {
	switch {
	case v.StoredHeaders && v.StoredTTL:
		return ", with its headers (.h) and its time to live (.ttl)"
	case v.StoredHeaders:
		return ", with its headers (.h)"
	case v.StoredTTL:
		return ", with its time to live (.ttl)"
	}
	return ""
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
	if p := t.s.Passage; p != nil && t.s.LogForm == nil {
		for _, l := range p.Log {
			t.row("[rewrite:trace%d] %s", l.Level, l.Text)
		}
	}
	for i := range t.s.Trace.Events {
		e := &t.s.Trace.Events[i]
		if t.s.LogForm != nil {
			if e.Level != simulate.LevelNote {
				l := displog.Line{Time: e.At.UTC(), Level: byte(e.Level), PID: 1, Message: e.Message}
				t.row("%s", displog.Format(&l, *t.s.LogForm, t.d.Host))
			}
			continue
		}
		date := ""
		if !e.At.IsZero() {
			date = "[" + e.At.In(time.UTC).Format(logTime) + "] "
		}
		t.row("%s[%s] %s", date, e.Level, e.Message)
	}
}
