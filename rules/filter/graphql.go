package filter

import (
	"net/http"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

const (
	persisted = "/graphql/execute.json"
	// persistedOnly has persisted queries, with their variables, in which dots may stand but not two of them.
	persistedOnly = `'/graphql/execute\.json/[A-Za-z0-9_-]+/[A-Za-z0-9_/-]+(;([^.]|\.[^.])*)?(\.json)?'`
)

var filterGraphQLBroad = lint.Rule{
	ID: "DSP206", Name: "filter-graphql-broad", Severity: diag.Error, Security: true, Drops: true, Asks: true, Fixable: true, Farm: checkGraphQLBroad,
	Doc: lint.Doc{
		Title: "rule for GraphQL lets other paths through",
		Why: "A rule that ends in a wildcard behind /graphql/execute.json lets a path through that climbs out again with ..%2f, which Apache " +
			"leaves as it is where AllowEncodedSlashes says NoDecode, and AEM may follow: to QueryBuilder, to the homes of users.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0061 { /type "allow" /method '(GET|POST|OPTIONS)' /url "/graphql/execute.json*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny" /url "*" }
	/0061 {
		/type "allow"
		/method '(GET|POST|OPTIONS)'
		/url '/graphql/execute\.json/[A-Za-z0-9_-]+/[A-Za-z0-9_/-]+(;([^.]|\.[^.])*)?(\.json)?'
	}
}
`,
		Note: "An endpoint that takes any query is an info. Farms for authors are not looked at. The fix is offered for the usual globs; it " +
			"denies names with other characters. Adobe's default filter has such a rule, /0061; its owner denies '.*%.*' behind the $include.",
		Since:   since,
		Sources: []string{"assetnote/hopgoblin", "projectdiscovery/nuclei-templates, aem-dispatcher-bypass", "adobe/aem-guides-wknd, filters.any"},
	},
}

func checkGraphQLBroad(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil || !mentions(f.Filter, "graphql") {
		return
	}
	for _, base := range a.queries() {
		folder := base[:strings.LastIndexByte(base, '/')+1]
		for _, request := range []string{folder + "..%2f../bin/querybuilder.json", folder + "..%2f..%2fbin/querybuilder.json", persisted + "/..%2f../bin/querybuilder.json"} {
			r := a.lets(request)
			if r == nil || !speaksOf(r, "graphql") {
				continue
			}
			if key := (telling{"", r}); !a.told[key] {
				a.told[key] = true
				p.Report(diag.Diagnostic{
					Span: r.At.Span, Included: r.At.Included, Fixes: narrowed(r),
					Message: letsThrough(r) + " lets through " + request + ", a way out of persisted queries",
					Hint:    "name the characters that queries have: /url " + persistedOnly,
				})
			}
			break
		}
	}
	for _, endpoint := range a.endpoints() {
		if r := a.lets("POST " + endpoint); r != nil && speaksOf(r, "graphql") {
			a.tellOnce("endpoint", r, "POST "+endpoint, ", where everybody can send queries of their own", "let persisted queries through, and no endpoint", diag.Info)
		}
	}
}

// speaksOf reports whether a rule has a word in what it says of the URL.
func speaksOf(r *model.Rule, word string) bool {
	return slices.ContainsFunc(r.Patterns(), func(p *model.Pattern) bool { return p.Property != "query" && strings.Contains(p.Text(), word) })
}

// queries returns addresses of persisted queries: one of no project, and examples of what rules speak of.
func (a *asking) queries() []string {
	list := []string{persisted + "/site/query"}
	for _, r := range a.farm.Filter.Rules {
		if !r.Allow || !speaksOf(r, "graphql") {
			continue
		}
		at, _, _ := strings.Cut(addressOf(r), ";")
		if strings.HasPrefix(at, persisted+"/") && len(list) < maxAddresses && !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	return list
}

// endpoints returns addresses at which AEM takes any GraphQL query.
func (a *asking) endpoints() []string {
	list := []string{"/content/_cq_graphql/site/endpoint.json", "/content/cq:graphql/site/endpoint.json", "/content/graphql/global/endpoint.json"}
	for _, r := range a.farm.Filter.Rules {
		if at := addressOf(r); r.Allow && strings.Contains(at, "graphql/") && strings.HasSuffix(at, "/endpoint.json") && len(list) < maxAddresses {
			list = append(list, at)
		}
	}
	return list
}

// narrowed is the fix for the globs that are usual. Not safe: what has other characters is denied after it.
func narrowed(r *model.Rule) []diag.Fix {
	p := r.URL
	if p == nil || isRegex(p) || !inFile(p) || p.Text() != persisted+"*" && p.Text() != persisted+"/*" {
		return nil
	}
	return []diag.Fix{{Title: "write " + persistedOnly, Edits: []diag.Edit{{Span: p.ValueAt, New: persistedOnly}}}}
}

var graphQLGetBlocked = lint.Rule{
	ID: "DSP220", Name: "graphql-get-blocked", Severity: diag.Warning, Profiles: []string{"cloud"}, Drops: true, Asks: true, Fixable: true, Farm: checkGraphQLGet,
	Doc: lint.Doc{
		Title: "persisted queries can be posted, and not be got",
		Why: "Clients ask for persisted queries by GET, and only answers to GET are stored by the Dispatcher and the CDN. Where POST alone is let " +
			"through, those clients fail, and whoever posts has each query run anew.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0061 { /type "allow" /method '(POST|OPTIONS)' /url '/graphql/execute\.json/[a-z0-9/-]+' }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0061 { /type "allow" /method '(GET|POST|OPTIONS)' /url '/graphql/execute\.json/[a-z0-9/-]+' }
}
`,
		Note:    "The fix is offered where /method is POST, or a list of methods in brackets, and no later rule denies GET.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-cloud-service.en, persisted-queries.md", "adobe/aem-project-archetype, default_filters.any (/0061)"},
	},
}

func checkGraphQLGet(p *lint.Pass, f *model.Farm) {
	a := askAbout(p, f)
	if a == nil || a.gaps || !mentions(f.Filter, "graphql") {
		return
	}
	told := map[*model.Rule]bool{}
	for _, at := range a.queries() {
		r := a.lets("POST " + at)
		if r == nil || told[r] || !known(r.Method) || r.Method.Match(http.MethodGet) {
			continue
		}
		by, ok := a.denied(at)
		if !ok {
			continue
		}
		told[r] = true
		d := diag.Diagnostic{
			Span: r.Method.ValueAt, Included: r.Method.At.Included,
			Message: letsThrough(r) + " lets through POST " + at + ", and GET is denied",
			Hint:    "add GET to its methods", Related: deniedHere(by, "GET "+at),
		}
		if by == nil || a.index[by] < a.index[r] {
			d.Fixes = withGet(r.Method)
		}
		p.Report(d)
	}
}

// withGet is the fix that adds GET to the methods of a rule. Not safe: more is let through after it.
func withGet(p *model.Pattern) []diag.Fix {
	text := p.Text()
	switch {
	case !inFile(p):
		return nil
	case !isRegex(p) && p.Quote != 0 && text == http.MethodPost:
		return []diag.Fix{{Title: "write '(GET|POST)'", Edits: []diag.Edit{{Span: p.ValueAt, New: "'(GET|POST)'"}}}}
	case isRegex(p) && strings.HasPrefix(text, "(") && strings.Trim(text, "(|)ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && strings.IndexByte(text, ')') == len(text)-1 &&
		strings.LastIndexByte(text, '(') == 0:
		return []diag.Fix{{Title: "add GET", Edits: []diag.Edit{{Span: p.Span(1, 1), New: "GET|"}}}}
	}
	return nil
}
