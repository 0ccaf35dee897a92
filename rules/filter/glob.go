package filter

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

var filterAllowGlob = lint.Rule{
	ID: "DSP155", Name: "filter-allow-glob", Severity: diag.Error, Security: true, Drops: true, Fixable: true, Farm: checkAllowGlob, Literal: checkAllowGlobLiterally,
	Doc: lint.Doc{
		Title: "rule allows by /glob",
		Why: "/glob is compared with the whole request line, the query included, and whoever sends the request writes all of it. A " +
			"question mark and the text that the glob asks for open any path (CVE-2016-0957). The module logs a warning for it.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0041 { /type "allow" /glob "GET /content/* *" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0041 { /type "allow" /method "GET" /url "/content/*" }
}
`,
		Literal: "Every rule that allows by /glob is reported, as the validator of the SDK does: also one that matches nothing, and one of which DSP154 tells.",
		Note:    "A fix is offered where the glob is a method, a path and a protocol. It opens less than the glob did, so it is not a safe one.",
		Since:   since,
		Sources: []string{
			configuration,
			"AdobeDocs/experience-manager-cloud-service.en, validation-debug.md",
			"AdobeDocs/experience-manager-learn.en, common-logs.md",
		},
	},
}

func checkAllowGlob(ps *lint.Pass, f *model.Farm) {
	rules := rulesOf(f)
	for i, r := range rules {
		// Of one that opens everything DSP154 tells: written otherwise it opens as much.
		if r.AllowsByGlob() && known(r.Glob) && !misses(r.Glob) && !allowsAll(rules, i) {
			tellAllowGlob(ps, r)
		}
	}
}

func checkAllowGlobLiterally(ps *lint.Pass, f *model.Farm) {
	for _, r := range rulesOf(f) {
		if r.AllowsByGlob() {
			tellAllowGlob(ps, r)
		}
	}
}

func tellAllowGlob(ps *lint.Pass, r *model.Rule) {
	var fixes []diag.Fix
	if known(r.Glob) {
		fixes = takenApart(ps, r)
	}
	ps.Tell(r.Glob.At.Span, r.At, named(r)+" allows what a glob finds anywhere in the request line",
		"write /method and /url, or /path and /extension, in place of /glob", fixes...)
}

var filterGlobMixed = lint.Rule{
	ID: "DSP156", Name: "filter-glob-mixed", Severity: diag.Error, Security: true, Drops: true, Farm: checkGlobMixed,
	Doc: lint.Doc{
		Title: "rule has /glob and another condition",
		Why: "A rule has either /glob or conditions about the parts of a request. With both only /glob counts: what the others say has " +
			"no effect, and the rule matches more, or less, than it reads.",
		Bad: `/filter {
	/0001 { /type "deny" /url "*" }
	/0002 { /type "deny" /glob "* /content/private/* *" /method "POST" }
}
`,
		Good: `/filter {
	/0001 { /type "deny" /url "*" }
	/0002 { /type "deny" /method "POST" /url "/content/private/*" }
}
`,
		Since:   since,
		Sources: []string{configuration, "bstopp/puppet-aem, documentation of filters"},
	},
}

func checkGlobMixed(ps *lint.Pass, f *model.Farm) {
	for _, r := range rulesOf(f) {
		others := besideGlob(r)
		if len(others) == 0 {
			continue
		}
		names := make([]string, len(others))
		d := diag.Diagnostic{Span: r.Glob.At.Span, Included: r.At.Included, Hint: "write conditions about the parts alone, without /glob"}
		for i, p := range others {
			names[i] = "/" + p.Property
			d.Related = append(d.Related, diag.Related{Span: p.At.Span, Message: "has no effect"})
		}
		d.Message = named(r) + " has /glob, so " + strings.Join(names, ", ") + " does not count"
		if len(names) > 1 {
			d.Message = named(r) + " has /glob, so " + strings.Join(names, ", ") + " do not count"
		}
		ps.Report(d)
	}
}

// besideGlob returns what a rule with /glob demands besides.
func besideGlob(r *model.Rule) []*model.Pattern {
	if r.Glob == nil {
		return nil
	}
	var others []*model.Pattern
	for _, p := range [...]*model.Pattern{r.Method, r.URL, r.Query, r.Protocol, r.Path, r.Selectors, r.Extension, r.Suffix} {
		if p != nil {
			others = append(others, p)
		}
	}
	return others
}

var filterGlobNeverMatches = lint.Rule{
	ID: "DSP157", Name: "filter-glob-never-matches", Severity: diag.Error, Drops: true, Fixable: true, Farm: checkGlobNeverMatches,
	Doc: lint.Doc{
		Title: "/glob matches no request line",
		Why: "/glob is compared with the whole request line, such as GET /content/page.html HTTP/1.1, and not with the path. A glob " +
			"that leaves no room for the method before the path and for the protocol behind it never matches. A deny rule that " +
			"never matches is a hole.",
		Bad: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0002 { /type "deny"  /glob "/content/private/*" }
}
`,
		Good: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0002 { /type "deny"  /url "/content/private/*" }
}
`,
		Note:    "A glob that starts with a slash can be turned into /url by a fix.",
		Since:   since,
		Sources: []string{configuration, "adobe/aem-dispatcher-experiments, dispatcher.any"},
	},
}

func checkGlobNeverMatches(ps *lint.Pass, f *model.Farm) {
	for _, r := range rulesOf(f) {
		p := r.Glob
		if !known(p) || !misses(p) || len(besideGlob(r)) > 0 {
			continue
		}
		var fixes []diag.Fix
		if strings.HasPrefix(p.Text(), "/") && shapeOf("url").takes(p.Expr()) && nameIn(p) && !servesOthers(ps, r) {
			key := p.At.Span
			key.End = key.Start + int32(len("/glob"))
			fixes = []diag.Fix{{Title: "write /url in place of /glob", Edits: []diag.Edit{{Span: key, New: "/url"}}}}
		}
		ps.Tell(p.ValueAt, r.At, written(p)+" matches no request line, so "+named(r)+" never matches",
			"write /url: /glob sees method, URL and protocol, as in GET /index.html HTTP/1.1", fixes...)
	}
}

// nameIn reports whether the property /glob stands in the file in so many letters.
func nameIn(p *model.Pattern) bool { return strings.HasPrefix(p.At.Span.Text(), "/glob") }

var filterGlobDeprecated = lint.Rule{
	ID: "DSP158", Name: "filter-glob-deprecated", Severity: diag.Warning, Drops: true, Fixable: true, Farm: checkGlobDeprecated,
	Doc: lint.Doc{
		Title: "rule denies by /glob",
		Why: "/glob is deprecated in filters. It is compared with the whole request line, so that a query, another protocol or a blank " +
			"decide whether the rule matches: * /index.html * denies /index.html and not /index.html?a=b.",
		Bad: `/filter {
	/0001 { /type "deny"  /glob "*" }
	/0002 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Note: "The fix of /glob \"*\" is safe: both forms match every request. Others are not. There is none where a section besides /filter " +
			"includes the line, which reads /glob alone. Globs that allow are DSP155.",
		Since: since,
		Sources: []string{
			configuration,
			"adobe/aem-dispatcher-experiments, dispatcher.any",
		},
	},
}

func checkGlobDeprecated(ps *lint.Pass, f *model.Farm) {
	for _, r := range rulesOf(f) {
		p := r.Glob
		if !denies(r) || !known(p) || len(besideGlob(r)) > 0 || misses(p) {
			continue
		}
		fixes := takenApart(ps, r)
		if p.Always() && nameIn(p) && p.At.Span.Contains(p.ValueAt) && !servesOthers(ps, r) {
			key := p.At.Span
			key.End = key.Start + int32(len("/glob"))
			// Every request has a URL, and what matches all request lines matches all URLs: nothing is decided
			// differently.
			fixes = []diag.Fix{{Title: "write /url in place of /glob", Safe: true, Edits: []diag.Edit{{Span: key, New: "/url"}}}}
		}
		ps.Tell(p.At.Span, r.At, named(r)+" denies by /glob, which is deprecated", "write /method, /url and /query in place of /glob", fixes...)
	}
}

// takenApart is the fix that writes a glob for a method, a path and a protocol as conditions about them. It is
// never a safe one: /url does not see the query, which the last wildcard of the path may have taken.
func takenApart(ps *lint.Pass, r *model.Rule) []diag.Fix {
	p := r.Glob
	if servesOthers(ps, r) || p.Quote != '"' || !inFile(p) || !nameIn(p) || len(besideGlob(r)) > 0 {
		return nil
	}
	words := strings.Split(p.Text(), " ")
	if len(words) != 3 {
		return nil
	}
	method, url, protocol := words[0], words[1], words[2]
	if protocol != "*" && protocol != "HTTP/*" && protocol != "HTTP/1.?" && protocol != "HTTP/1.1" || url[:min(1, len(url))] != "/" || strings.ContainsAny(url, `?"'\`) {
		return nil
	}
	text := `/url "` + url + `"`
	switch {
	case method == "*" && allows(r):
		return nil // which methods the page takes, its owner has to say
	case method == "*":
	case strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "":
		text = `/method "` + method + `" ` + text
	default:
		return nil
	}
	return []diag.Fix{{Title: "write " + text, Edits: []diag.Edit{{Span: p.At.Span, New: text}}}}
}

// servesOthers reports whether a rule is that of a section besides /filter as well, which includes the same file: most of
// those know /glob alone.
func servesOthers(ps *lint.Pass, r *model.Rule) bool {
	type key struct{}
	others := lint.Memo(ps, key{}, func() map[source.Span]bool {
		set := map[source.Span]bool{}
		add := func(lists ...*model.RuleList) {
			for _, l := range lists {
				if l == nil {
					continue
				}
				for _, r := range l.Rules {
					set[r.At.Span] = true
				}
			}
		}
		for _, f := range ps.Subject.Config.Farms {
			if c := f.Cache; c != nil {
				add(c.Rules, c.Invalidate, c.AllowedClients, c.IgnoreURLParams)
			}
			if a := f.AuthChecker; a != nil {
				add(a.Filter, a.Headers)
			}
		}
		return set
	})
	return others[r.At.Span]
}
