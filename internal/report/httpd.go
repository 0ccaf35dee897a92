package report

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/httpd"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// simulatedHTTPD is what httpd did, in JSON. The fields mean what docs/simulate/httpd.md says.
type simulatedHTTPD struct {
	VHost        string               `json:"vhost"`
	Source       *Source              `json:"source"`
	HandledBy    *string              `json:"handled_by"`
	URI          string               `json:"uri"`
	Args         *string              `json:"args"`
	UnparsedURI  string               `json:"unparsed_uri"`
	Filename     *string              `json:"filename"`
	PathInfo     *string              `json:"path_info"`
	Status       *int                 `json:"status"`
	Location     *string              `json:"location"`
	Proxy        *string              `json:"proxy"`
	Reason       *string              `json:"reason"`
	By           *Source              `json:"by"`
	ClientIP     *string              `json:"client_ip"`
	Env          map[string]string    `json:"env"`
	Changed      map[string]*string   `json:"request_headers_changed"`
	Headers      map[string]string    `json:"headers"`
	Hops         []simulatedHop       `json:"hops"`
	Redirects    []simulatedRedirect  `json:"redirects"`
	Loop         bool                 `json:"redirect_loop"`
	Steps        []simulatedStep      `json:"steps"`
	NotSimulated []simulatedConstruct `json:"not_simulated"`
}

type simulatedHop struct {
	URI       string  `json:"uri"`
	Status    int     `json:"status"`
	HandledBy *string `json:"handled_by"`
}

type simulatedRedirect struct {
	From   string  `json:"from"`
	To     string  `json:"to"`
	Status int     `json:"status"`
	Source *Source `json:"source"`
}

type simulatedStep struct {
	Directive  string               `json:"directive"`
	Text       string               `json:"text"`
	Source     *Source              `json:"source"`
	Input      string               `json:"input"`
	Output     string               `json:"output"`
	Query      string               `json:"query"`
	Matched    bool                 `json:"matched"`
	Applied    bool                 `json:"applied"`
	Captures   []string             `json:"captures"`
	Conditions []simulatedCondition `json:"conditions"`
	Env        []string             `json:"env"`
	Note       *string              `json:"note"`
}

type simulatedCondition struct {
	Text     string   `json:"text"`
	Source   *Source  `json:"source"`
	Input    string   `json:"input"`
	Matched  bool     `json:"matched"`
	Captures []string `json:"captures"`
}

type simulatedConstruct struct {
	Construct string  `json:"construct"`
	Why       *string `json:"why"`
	Source    *Source `json:"source"`
}

// httpd converts what httpd did. all asks for the rules that did not apply, too.
func (c simulationConverter) httpd(p *site.Passage, all bool) *simulatedHTTPD {
	if p == nil {
		return nil
	}
	r := &p.Result
	out := &simulatedHTTPD{
		HandledBy: orNull(r.HandledBy), URI: r.URI, UnparsedURI: r.Unparsed, Filename: orNull(r.Filename), PathInfo: orNull(r.PathInfo),
		Location: orNull(r.Location), Proxy: orNull(r.Proxy), Env: map[string]string{}, Changed: map[string]*string{}, Headers: map[string]string{},
		Hops: []simulatedHop{}, Redirects: []simulatedRedirect{}, Loop: p.Loop, Steps: []simulatedStep{}, NotSimulated: []simulatedConstruct{},
	}
	if r.Host != nil {
		out.VHost, out.Source = r.Host.Name.Host, c.source(r.Host.At)
	}
	if r.HasArgs {
		out.Args = &r.Args
	}
	if endedByHTTPD(r) {
		out.Status, out.Reason, out.By = &r.Status, orNull(r.Reason), c.source(r.By.At)
	}
	if r.Client.IsValid() {
		out.ClientIP = orNull(r.Client.String())
	}
	for _, f := range r.Env {
		out.Env[f.Name] = f.Value
	}
	for _, change := range r.Changed() {
		var v *string
		if len(change.Values) > 0 {
			v = orNull(strings.Join(change.Values, ", "))
		}
		out.Changed[strings.ToLower(change.Name)] = v
	}
	for _, f := range r.Header {
		if before, ok := out.Headers[f.Name]; ok {
			out.Headers[f.Name] = before + ", " + f.Value
		} else {
			out.Headers[f.Name] = f.Value
		}
	}
	for _, h := range r.Hops {
		out.Hops = append(out.Hops, simulatedHop{h.URI, h.Status, orNull(h.HandledBy)})
	}
	for _, d := range p.Redirects {
		out.Redirects = append(out.Redirects, simulatedRedirect{d.From, d.To, d.Status, c.source(d.By.At)})
	}
	for i := range p.Steps {
		if s := &p.Steps[i]; all || s.Applied {
			out.Steps = append(out.Steps, c.step(s))
		}
	}
	for _, n := range r.NotSimulated {
		out.NotSimulated = append(out.NotSimulated, simulatedConstruct{n.Text, orNull(n.Why), c.source(n.At)})
	}
	return out
}

// endedByHTTPD reports whether httpd made the answer itself.
func endedByHTTPD(r *httpd.Result) bool {
	return r.Status != 0 && (r.ByHTTPD || r.HandledBy != server.DispatcherHandler && r.HandledBy != "proxy-server")
}

func (c simulationConverter) step(s *rewrite.Step) simulatedStep {
	out := simulatedStep{
		Directive: "RewriteRule", Text: oneLine(s.Rule.At.Text()), Source: c.source(s.Rule.At), Input: s.Input, Output: s.Output, Query: s.Query,
		Matched: s.Matched, Applied: s.Applied, Captures: orEmpty(s.Captures), Conditions: []simulatedCondition{}, Env: orEmpty(s.Env), Note: orNull(s.Note),
	}
	for _, k := range s.Conditions {
		out.Conditions = append(out.Conditions, simulatedCondition{oneLine(k.Cond.At.Text()), c.source(k.Cond.At), k.Input, k.Matched, orEmpty(k.Captures)})
	}
	return out
}

// oneLine joins the lines of a directive.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\\\n", " ")), " ")
}

// httpdStage writes what httpd did: the virtual host, each rewrite rule that applied, and how it went on.
func (t *simulationWriter) httpdStage() {
	p := t.s.Passage
	if p == nil {
		t.stage("httpd", "%s", t.httpdText())
		return
	}
	r := &p.Result
	for _, a := range p.Assumed {
		t.stage("", "%s", a)
	}
	for _, d := range p.Redirects {
		t.stage("httpd", "%s answers %d, to %s%s", d.From, d.Status, d.To, t.by(d.By))
	}
	if p.Loop {
		t.stage("", "the redirects lead back to where they began")
	}
	if r.Host != nil {
		text := "virtual host " + r.Host.Name.Host
		if !r.Host.Virtual {
			text = "the main server"
		}
		t.stage("httpd", "%s%s", text, t.by(r.Host.Place))
	}
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Applied || t.s.Explain && s.Matched {
			t.rewriteStep(s)
		}
	}
	for _, h := range r.Hops[:max(len(r.Hops)-1, 0)] {
		t.stage("", "internal redirect from %s, status %d", h.URI, h.Status)
	}
	t.stage("", "%s", t.passed(r))
	for _, n := range r.NotSimulated {
		why := ""
		if n.Why != "" {
			why = ": " + n.Why
		}
		t.stage("", "not simulated: %s%s%s", n.Text, why, t.by(n.Place))
	}
}

func (t *simulationWriter) by(at server.Place) string {
	if place := t.place(at.At); place != "" {
		return "  (" + place + ")"
	}
	return ""
}

// rewriteStep writes a rule that applied, and under --explain its conditions.
func (t *simulationWriter) rewriteStep(s *rewrite.Step) {
	what := "-"
	switch {
	case !s.Applied:
		what = "its conditions do not hold"
	case s.Output != s.Input:
		what = s.Output
		if s.Query != "" {
			what += "?" + s.Query
		}
	case s.Note != "":
		what = s.Note
	}
	if len(s.Env) > 0 {
		what += ", sets " + strings.Join(s.Env, " ")
	}
	t.stage("rewrite", "%s -> %s%s", s.Input, what, t.by(s.Rule.Place))
	t.row("           %s", oneLine(s.Rule.At.Text()))
	if !t.s.Explain {
		return
	}
	for i, c := range s.Captures {
		if c != "" {
			t.row("           $%d = %q", i, c)
		}
	}
	for _, k := range s.Conditions {
		word := "does not hold"
		if k.Matched {
			word = "holds"
		}
		t.row("           %s  %s for %q%s", oneLine(k.Cond.At.Text()), word, k.Input, t.by(k.Cond.Place))
	}
}

// passed says how the request left httpd.
func (t *simulationWriter) passed(r *httpd.Result) string {
	switch {
	case r.Proxy != "" && r.HandledBy == "proxy-server":
		return "goes to " + r.Proxy + ", past the Dispatcher and its filter" + t.by(r.By)
	case endedByHTTPD(r):
		text := fmt.Sprintf("answers %d itself", r.Status)
		if r.Location != "" {
			text += ", to " + r.Location
		}
		if r.Reason != "" {
			text += ": " + r.Reason
		}
		return text + t.by(r.By)
	}
	text := "hands " + r.URI
	if r.HasArgs {
		text += "?" + r.Args
	}
	return text + " to the Dispatcher"
}
