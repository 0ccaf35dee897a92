package replay

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// A Place is a line of a configuration; the zero Place is nowhere.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// placeOf returns where a span begins.
func placeOf(s source.Span) Place {
	if s.IsZero() {
		return Place{}
	}
	p := s.File.Position(int(s.Start))
	return Place{s.File.Name, p.Line, p.Column}
}

// A Rule is an entry of /filter. One that several farms include counts once.
type Rule struct {
	// Label is its name with the slash, "" for none.
	Label string `json:"rule"`
	Allow bool   `json:"allow"`
	Text  string `json:"text"`
	At    Place  `json:"at"`
}

// A Rewrite is a RewriteRule of the project.
type Rewrite struct {
	Text string `json:"text"`
	At   Place  `json:"at"`
}

// A Farm is one of the configuration.
type Farm struct {
	Name string `json:"name"`
	At   Place  `json:"at"`
	// Params is where entries of /ignoreUrlParams go: that section, or /cache where HasParams is false.
	Params    Place `json:"params"`
	HasParams bool  `json:"has_params"`
}

// A Host is a virtual host of httpd.
type Host struct {
	Name string `json:"name"`
	At   Place  `json:"at"`
}

// A Catalog is what of a configuration can decide, in the order of the text. Verdicts point into it.
type Catalog struct {
	Farms    []Farm    `json:"farms"`
	Rules    []Rule    `json:"rules"`
	Rewrites []Rewrite `json:"rewrites"`
	Hosts    []Host    `json:"hosts"`
}

// An index finds what the engines name in the catalog.
type index struct {
	farms    map[*model.Farm]int32
	rules    map[*model.Rule]int32
	rewrites map[*server.RewriteRule]int32
	hosts    map[*server.Host]int32
}

// newCatalog lists what can decide. s is nil where there is no httpd side; owned says which texts are the project's.
func newCatalog(c *model.Config, s *server.Server, owned func(*source.File) bool) (*Catalog, *index) {
	cat := &Catalog{Farms: []Farm{}, Rules: []Rule{}, Rewrites: []Rewrite{}, Hosts: []Host{}}
	x := &index{map[*model.Farm]int32{}, map[*model.Rule]int32{}, map[*server.RewriteRule]int32{}, map[*server.Host]int32{}}
	type place struct {
		file  *source.File
		start int32
	}
	seen := map[place]int32{}
	for _, f := range c.Farms {
		entry := Farm{Name: f.Name, At: placeOf(f.At.Span)}
		if k := f.Cache; k != nil {
			entry.Params = placeOf(k.At.Span)
			if k.IgnoreURLParams != nil {
				entry.Params, entry.HasParams = placeOf(k.IgnoreURLParams.At.Span), true
			}
		}
		x.farms[f] = int32(len(cat.Farms))
		cat.Farms = append(cat.Farms, entry)
		if f.Filter == nil {
			continue
		}
		for _, r := range f.Filter.Rules {
			at := place{r.At.Span.File, r.At.Span.Start}
			i, known := seen[at]
			if !known || r.At.Span.IsZero() {
				i = int32(len(cat.Rules))
				seen[at] = i
				label := r.Label
				if label != "" {
					label = "/" + label
				}
				cat.Rules = append(cat.Rules, Rule{label, r.Allow, oneLine(r.At.Span), placeOf(r.At.Span)})
			}
			x.rules[r] = i
		}
	}
	if s != nil {
		cat.addServer(x, s, owned)
	}
	return cat, x
}

func (cat *Catalog) addServer(x *index, s *server.Server, owned func(*source.File) bool) {
	at := map[Place]int32{}
	rules := func(set *server.RewriteSettings) {
		if set == nil {
			return
		}
		for _, r := range set.Rules {
			if !owned(r.At.File) {
				continue
			}
			p := placeOf(r.At)
			i, known := at[p]
			if !known {
				i = int32(len(cat.Rewrites))
				at[p] = i
				cat.Rewrites = append(cat.Rewrites, Rewrite{oneLine(r.At), p})
			}
			x.rewrites[r] = i
		}
	}
	for _, h := range append([]*server.Host{s.Main}, s.Hosts...) {
		if h.Virtual {
			x.hosts[h] = int32(len(cat.Hosts))
			name := h.Name.Host
			if name == "" {
				name = "*"
			}
			cat.Hosts = append(cat.Hosts, Host{name, placeOf(h.At)})
		}
		rules(&h.Rewrite)
		for _, sec := range slices.Concat(h.Directories, h.Locations) {
			if sec.Settings != nil {
				rules(sec.Settings.Rewrite)
			}
		}
	}
}

// oneLine is the text of a span in one line, cut where it is long.
func oneLine(s source.Span) string {
	if s.IsZero() {
		return ""
	}
	t := strings.Join(strings.Fields(s.Text()), " ")
	if len(t) > 200 {
		t = t[:200] + "…"
	}
	return strings.ToValidUTF8(t, "\uFFFD")
}
