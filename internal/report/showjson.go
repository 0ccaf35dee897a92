package report

import (
	"github.com/dispcheck/dispcheck/internal/effective"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

const showSchema = "dispcheck.show/v1"

// A ShowJSON is a Show as dispcheck.show/v1: every key is always there. What the view does not show is null; lists in it
// are never null.
type ShowJSON struct {
	Schema      string            `json:"schema"`
	View        string            `json:"view"`
	Profile     string            `json:"profile"`
	Environment string            `json:"environment"`
	Wrapped     []string          `json:"wrapped"`
	Host        *shownName        `json:"host"`
	VHosts      []shownName       `json:"vhosts"`
	Idle        []shownIdle       `json:"idle_virtualhosts"`
	Unreached   []shownFarmName   `json:"unreached_farms"`
	HTTPD       []shownHost       `json:"httpd"`
	Farms       []shownFarm       `json:"farms"`
	Filters     []shownFilterJSON `json:"filters"`
	Conditions  []shownCondition  `json:"conditions"`
}

// A shownOrigin is where a line comes from; source is null for a default.
type shownOrigin struct {
	Source    *Source         `json:"source"`
	Included  []Source        `json:"included"`
	Variables []shownVariable `json:"variables"`
	Platform  bool            `json:"platform"`
	Immutable bool            `json:"immutable"`
}

type shownVariable struct {
	Name    string  `json:"name"`
	Value   *string `json:"value"`
	Defined bool    `json:"defined"`
	From    *string `json:"from"`
	Source  *Source `json:"source"`
}

type shownName struct {
	Name         string           `json:"name"`
	In           string           `json:"in"`
	Wildcard     bool             `json:"wildcard"`
	Asked        shownAsked       `json:"asked"`
	VirtualHost  *shownHostName   `json:"vhost"`
	Named        bool             `json:"named"`
	NamedIn      *shownHostName   `json:"named_in"`
	Docroot      *shownDocroot    `json:"docroot"`
	HTTPDAnswers *shownHTTPD      `json:"httpd_answers"`
	Farm         *shownChosenFarm `json:"farm"`
	NotSimulated []shownConstruct `json:"not_simulated"`
	shownOrigin
}

type shownAsked struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	TLS  bool   `json:"tls"`
	Path string `json:"path"`
	// Refused are paths that httpd answered itself before.
	Refused []string `json:"refused"`
}

type shownHostName struct {
	Name   string  `json:"name"`
	Source *Source `json:"source"`
}

type shownDocroot struct {
	Path   string  `json:"path"`
	Source *Source `json:"source"`
}

type shownHTTPD struct {
	Status   *int    `json:"status"`
	Location *string `json:"location"`
	Proxy    *string `json:"proxy"`
	Source   *Source `json:"source"`
}

type shownChosenFarm struct {
	Name        string        `json:"name"`
	Reason      string        `json:"reason"`
	VirtualHost *string       `json:"virtualhost"`
	Docroot     *shownDocroot `json:"docroot"`
	Source      *Source       `json:"source"`
}

type shownConstruct struct {
	Construct string  `json:"construct"`
	Source    *Source `json:"source"`
}

type shownIdle struct {
	VirtualHost string           `json:"virtualhost"`
	Farm        string           `json:"farm"`
	Source      *Source          `json:"source"`
	Asked       string           `json:"asked"`
	AnsweredBy  *shownChosenFarm `json:"answered_by"`
}

type shownFarmName struct {
	Name   string  `json:"name"`
	Source *Source `json:"source"`
}

type shownHost struct {
	Name         string       `json:"name"`
	Virtual      bool         `json:"virtual"`
	Addresses    []string     `json:"addresses"`
	ServerName   *string      `json:"server_name"`
	Aliases      []string     `json:"aliases"`
	DocumentRoot *string      `json:"document_root"`
	Answers      []shownName  `json:"answers"`
	Groups       []shownGroup `json:"groups"`
	shownOrigin
}

type shownGroup struct {
	Name       string           `json:"name"`
	Directives []shownDirective `json:"directives"`
}

type shownDirective struct {
	Name       string           `json:"name"`
	Args       string           `json:"args"`
	Section    bool             `json:"section"`
	Class      string           `json:"class"`
	Inherited  bool             `json:"inherited"`
	Replaces   []Source         `json:"replaces"`
	Conditions []shownDirective `json:"conditions"`
	Inside     []shownDirective `json:"inside"`
	shownOrigin
}

type shownFarm struct {
	Name       string          `json:"name"`
	Order      int             `json:"order"`
	Last       bool            `json:"last"`
	Properties []shownProperty `json:"properties"`
	shownOrigin
}

type shownProperty struct {
	Name    string          `json:"name"`
	Kind    string          `json:"kind"`
	Entry   bool            `json:"entry"`
	Value   *string         `json:"value"`
	Quote   *string         `json:"quote"`
	Default bool            `json:"default"`
	Inside  []shownProperty `json:"inside"`
	shownOrigin
}

type shownFilterJSON struct {
	Farm    string          `json:"farm"`
	Missing bool            `json:"missing"`
	Rules   []shownRuleJSON `json:"rules"`
}

type shownRuleJSON struct {
	Number   int            `json:"number"`
	Rule     string         `json:"rule"`
	Action   string         `json:"action"`
	Type     *string        `json:"type"`
	Patterns []shownPattern `json:"patterns"`
	shownOrigin
}

type shownPattern struct {
	Element string `json:"element"`
	Kind    string `json:"kind"`
	Pattern string `json:"pattern"`
	shownOrigin
}

type shownCondition struct {
	Text  string `json:"text"`
	Holds bool   `json:"holds"`
	shownOrigin
}

// NewShowJSON returns a view in JSON's form, files behind prefix.
func NewShowJSON(s *Show, prefix string) *ShowJSON {
	c := showConverter{prefix}
	out := &ShowJSON{
		Schema: showSchema, View: s.View, Profile: s.Profile, Environment: s.Environment, Wrapped: append([]string{}, s.Wrapped...),
	}
	if s.Asked != nil {
		n := c.name(s.Asked)
		out.Host = &n
	}
	switch s.View {
	case ShowNames:
		out.VHosts, out.Idle, out.Unreached = []shownName{}, []shownIdle{}, []shownFarmName{}
		out.Conditions = c.conditions(s.Conditions)
		if s.Table == nil {
			break
		}
		for i := range s.Table.Names {
			out.VHosts = append(out.VHosts, c.name(&s.Table.Names[i]))
		}
		for _, v := range s.Table.Idle {
			out.Idle = append(out.Idle, shownIdle{v.Value.Text, v.Farm.Name, c.source(v.Value.At.Span), v.Host, c.chosen(&v.Answer)})
		}
		for _, f := range s.Table.Unreached {
			out.Unreached = append(out.Unreached, shownFarmName{f.Name, c.source(f.At.Span)})
		}
	case ShowFilter:
		out.Filters = []shownFilterJSON{}
		for i := range s.Filters {
			out.Filters = append(out.Filters, c.filter(&s.Filters[i]))
		}
	case ShowFarms:
		out.Farms = c.farms(s.Farms)
	case ShowConfig:
		out.HTTPD = []shownHost{}
		for _, h := range s.Hosts {
			out.HTTPD = append(out.HTTPD, c.host(s, h))
		}
		out.Farms = c.farms(s.Farms)
		out.Conditions = c.conditions(s.Conditions)
	}
	return out
}

func (c showConverter) conditions(list []effective.Condition) []shownCondition {
	out := []shownCondition{}
	for i := range list {
		d := &list[i]
		out = append(out, shownCondition{d.Text, d.Holds, c.origin(&d.Origin)})
	}
	return out
}

type showConverter struct{ prefix string }

func (c showConverter) source(s source.Span) *Source {
	if s.IsZero() {
		return nil
	}
	p := PlaceOf(s, c.prefix)
	return &Source{p.File, p.Line, p.Column}
}

func (c showConverter) origin(o *effective.Origin) shownOrigin {
	out := shownOrigin{
		Source: c.source(o.At), Included: []Source{}, Variables: []shownVariable{}, Platform: o.Platform, Immutable: o.Immutable,
	}
	for _, s := range o.Included {
		out.Included = append(out.Included, *c.source(s))
	}
	for _, v := range o.Variables {
		w := shownVariable{Name: v.Name, Defined: v.Defined, Source: c.source(v.At)}
		if v.Defined {
			w.Value, w.From = &v.Value, &v.From
		}
		out.Variables = append(out.Variables, w)
	}
	return out
}

func (c showConverter) hostName(h *server.Host) *shownHostName {
	if h == nil {
		return nil
	}
	return &shownHostName{effective.HostTitle(h), c.source(h.At)}
}

func (c showConverter) name(n *effective.Name) shownName {
	out := shownName{
		Name: n.Text, In: string(n.Source), Wildcard: n.Wild, Asked: shownAsked{n.Host, n.Port, n.TLS, n.Path, append([]string{}, n.Refused...)},
		VirtualHost: c.hostName(n.VirtualHost), Named: n.Named, NamedIn: c.hostName(n.NamedBy), Farm: c.chosen(&n.Answer),
		NotSimulated: []shownConstruct{}, shownOrigin: c.origin(&n.Origin),
	}
	if h := n.VirtualHost; h != nil {
		out.Docroot = &shownDocroot{h.DocumentRoot.Value, c.source(h.DocumentRoot.At)}
	}
	if n.Ended {
		out.HTTPDAnswers = &shownHTTPD{Location: orNull(n.Location), Proxy: orNull(n.Proxy), Source: c.source(n.By.At)}
		if n.Status != 0 {
			out.HTTPDAnswers.Status = &n.Status
		}
	}
	for _, x := range n.NotSimulated {
		out.NotSimulated = append(out.NotSimulated, shownConstruct{x.Text, c.source(x.At)})
	}
	return out
}

func (c showConverter) chosen(a *effective.Answer) *shownChosenFarm {
	if a.Farm == nil {
		return nil
	}
	out := &shownChosenFarm{Name: a.Farm.Name, Reason: string(a.Reason), Source: c.source(a.Farm.At.Span)}
	if a.Value != nil {
		out.VirtualHost, out.Source = &a.Value.Text, c.source(a.Value.At.Span)
	}
	if a.Farm.Cache != nil && a.Farm.Cache.Docroot.Set {
		out.Docroot = &shownDocroot{a.Farm.Cache.Docroot.Value, c.source(a.Farm.Cache.Docroot.At.Span)}
	}
	return out
}

func (c showConverter) host(s *Show, h *effective.Host) shownHost {
	out := shownHost{
		Name: h.Title, Virtual: h.Virtual, Addresses: []string{}, Aliases: []string{}, Answers: []shownName{}, Groups: []shownGroup{},
		ServerName: orNull(h.Name.Host), DocumentRoot: orNull(h.DocumentRoot.Value), shownOrigin: c.origin(&h.Origin),
	}
	for _, a := range h.Addresses {
		out.Addresses = append(out.Addresses, a.Text)
	}
	for _, n := range h.Names {
		out.Aliases = append(out.Aliases, n.Pattern)
	}
	if s.Table != nil {
		for i := range s.Table.Names {
			if n := &s.Table.Names[i]; n.NamedBy == h.Host && h.Virtual {
				out.Answers = append(out.Answers, c.name(n))
			}
		}
	}
	for _, g := range h.Groups {
		out.Groups = append(out.Groups, shownGroup{string(g.Name), c.directives(g.Directives)})
	}
	return out
}

func (c showConverter) directives(list []effective.Directive) []shownDirective {
	out := []shownDirective{}
	for i := range list {
		d := &list[i]
		s := shownDirective{
			Name: d.Name, Args: d.Args, Section: d.Section, Class: d.Class.String(), Inherited: d.Inherited, Replaces: []Source{},
			Conditions: c.directives(d.Conditions), Inside: c.directives(d.Inside), shownOrigin: c.origin(&d.Origin),
		}
		for _, r := range d.Replaces {
			s.Replaces = append(s.Replaces, *c.source(r.At))
		}
		out = append(out, s)
	}
	return out
}

func (c showConverter) farms(list []*effective.Farm) []shownFarm {
	out := []shownFarm{}
	for _, f := range list {
		out = append(out, shownFarm{f.Name, f.Order, f.Last, c.properties(f.Properties), c.origin(&f.Origin)})
	}
	return out
}

func (c showConverter) properties(list []effective.Property) []shownProperty {
	out := []shownProperty{}
	for i := range list {
		p := &list[i]
		s := shownProperty{
			Name: p.Name, Kind: p.Kind.String(), Entry: p.Entry, Default: !p.Set, Inside: c.properties(p.Inside),
			shownOrigin: c.origin(&p.Origin),
		}
		if p.Kind == model.KindValue {
			quote := string(rune(p.Quote))
			s.Value, s.Quote = &p.Value, &quote
		}
		out = append(out, s)
	}
	return out
}

func (c showConverter) filter(f *ShownFilter) shownFilterJSON {
	out := shownFilterJSON{Farm: f.Farm.Name, Missing: f.Missing, Rules: []shownRuleJSON{}}
	for i := range f.Rules {
		r := &f.Rules[i]
		s := shownRuleJSON{
			Number: r.Number, Rule: ruleLabel(r.Rule), Action: action(r.Allow), Patterns: []shownPattern{}, shownOrigin: c.origin(&r.Origin),
		}
		if r.Type.Set {
			s.Type = &r.Type.Text
		}
		for j := range r.Patterns {
			p := &r.Patterns[j]
			kind := "glob"
			if p.Quote == '\'' {
				kind = "regex"
			}
			s.Patterns = append(s.Patterns, shownPattern{p.Property, kind, p.Text(), c.origin(&p.Origin)})
		}
		out.Rules = append(out.Rules, s)
	}
	return out
}
