package render

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/rules/unread"
	"github.com/dispcheck/dispcheck/source"
)

var failoverUseless = lint.Rule{
	ID: "DSP457", Name: "failover-useless", Severity: diag.Info, Farm: checkFailover,
	Doc: lint.Doc{
		Title: "setting for several renders, and there is one",
		Why: "/failover asks another render when one fails, and /unavailablePenalty makes another one likelier to be chosen. With one render " +
			"there is no other: an outage of it is one of the site, whatever these lines seem to promise.",
		Bad: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
/failover "1"
`,
		Good: `/renders {
	/rend01 { /hostname "publish1.brand.example" /port "4503" /timeout "10000" }
	/rend02 { /hostname "publish2.brand.example" /port "4503" /timeout "10000" }
}
/failover "1"
`,
		Note:    "/numberOfRetries and /retryDelay are not reported: the one render is tried again as often as they say.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkFailover(ps *lint.Pass, f *model.Farm) {
	if len(f.Renders) != 1 || unread.Property(ps, f, "renders", f.RendersAt.Span) {
		return
	}
	const hint = "remove it, or add the other renders"
	if s := &f.Failover; s.Value {
		ps.Tell(s.At.Span, s.At, "/failover has no other render to turn to", hint)
	}
	if s := &f.UnavailablePenalty; s.Set && known(s.Text) {
		ps.Tell(s.At.Span, s.At, "/unavailablePenalty has no other render to prefer", hint)
	}
}

var healthCheckMissing = lint.Rule{
	ID: "DSP458", Name: "health-check-missing", Severity: diag.Info, Profiles: []string{"ams", "classic"}, Farm: checkHealth,
	Doc: lint.Doc{
		Title: "several renders and no /health_check",
		Why: "When a render answers with an error, the module asks it for the page of /health_check to tell a broken page from a broken " +
			"instance. Without that page an instance that fails with 500 goes on getting its share of the requests.",
		Bad: `/publish {
	/virtualhosts { "www.brand.example" }
	/clientheaders {
		$include "clientheaders.any"
	}
	/renders {
		/rend01 { /hostname "publish1.brand.example" /port "4503" /timeout "10000" }
		/rend02 { /hostname "publish2.brand.example" /port "4503" /timeout "10000" }
	}
	/filter {
		$include "filter.any"
	}
	/cache {
		$include "cache.any"
	}
}
`,
		Good: `/publish {
	/virtualhosts { "www.brand.example" }
	/clientheaders {
		$include "clientheaders.any"
	}
	/renders {
		/rend01 { /hostname "publish1.brand.example" /port "4503" /timeout "10000" }
		/rend02 { /hostname "publish2.brand.example" /port "4503" /timeout "10000" }
	}
	/health_check { /url "/content/brand/health.html" }
	/filter {
		$include "filter.any"
	}
	/cache {
		$include "cache.any"
	}
}
`,
		Files:   restOfFarm,
		Note:    "A load balancer between Dispatcher and renders may do this instead.",
		Since:   since,
		Sources: []string{configuration + " (/health_check, /failover)"},
	},
}

func checkHealth(ps *lint.Pass, f *model.Farm) {
	if f.HealthCheck != nil || len(f.Renders) < 2 || partOf(ps.Subject.Config) || unread.Property(ps, f, "health_check", f.At.Span) {
		return
	}
	at := f.RendersAt
	ps.Tell(textedit.Head(at.Span), at, fmt.Sprintf("%d renders and no /health_check that finds out which of them works", len(f.Renders)), `add /health_check { /url "…" } with a page that answers 500 when the instance is broken`)
}

// maxCategories is how many categories the module takes.
const maxCategories = 8

var statisticsTooMany = lint.Rule{
	ID: "DSP459", Name: "statistics-too-many", Severity: diag.Error, Farm: checkCategories,
	Doc: lint.Doc{
		Title: "more than eight categories of statistics",
		Why: "The module measures renders in at most eight categories of documents. Those that come after the eighth count for nothing, and as " +
			"the one for everything else stands last, it is the one that is lost.",
		Bad: `/statistics {
	/categories {
		/search   { /glob "*search.html" }
		/pages    { /glob "*.html" }
		/data     { /glob "*.json" }
		/styles   { /glob "*.css" }
		/scripts  { /glob "*.js" }
		/images   { /glob "*.png" }
		/photos   { /glob "*.jpg" }
		/drawings { /glob "*.svg" }
		/others   { /glob "*" }
	}
}
`,
		Good: `/statistics {
	/categories {
		/search { /glob "*search.html" }
		/pages  { /glob "*.html" }
		/others { /glob "*" }
	}
}
`,
		Since:   since,
		Sources: []string{configuration + " (/statistics)"},
	},
}

func checkCategories(ps *lint.Pass, f *model.Farm) {
	if f.Statistics == nil || len(f.Statistics.Categories) <= maxCategories {
		return
	}
	all := f.Statistics.Categories
	c := all[maxCategories]
	at := c.NameAt
	if at.IsZero() {
		at = c.At.Span
	}
	what := "category without a label"
	if c.Name != "" {
		what = "category /" + shown(c.Name)
	}
	ps.Tell(at, c.At, fmt.Sprintf("%s is the ninth of %d, and the module takes eight", what, len(all)), "leave eight, with the one for everything else last")
}

var statisticsUseless = lint.Rule{
	ID: "DSP467", Name: "statistics-useless", Severity: diag.Hint, Config: checkStatistics, Fixable: true,
	Doc: lint.Doc{
		Title: "statistics are kept of one render",
		Why:   "The module measures renders to choose the quickest one. Where there is one there is nothing to choose.",
		Bad: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
/statistics {
	/categories {
		/others { /glob "*" }
	}
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
`,
		Note:    "There is no fix where a farm with more renders includes the same lines.",
		Since:   since,
		Sources: []string{configuration + " (/statistics)"},
	},
}

func checkStatistics(ps *lint.Pass, c *model.Config) {
	// Lines that farms with other renders include as well, and that must stay.
	needed := map[source.Span]bool{}
	for _, f := range c.Farms {
		if f.Statistics != nil && len(f.Renders) != 1 {
			needed[f.Statistics.At.Span] = true
		}
	}
	for _, f := range c.Farms {
		if f.Statistics == nil || len(f.Renders) != 1 || unread.Property(ps, f, "renders", f.RendersAt.Span) {
			continue
		}
		at := f.Statistics.At
		var fixes []diag.Fix
		if whole(at.Span) && !needed[at.Span] {
			// Safe: statistics decide nothing but which render answers, and there is one.
			fixes = []diag.Fix{{Title: "remove /statistics", Safe: true, Edits: []diag.Edit{textedit.Removed(at.Span)}}}
		}
		ps.Tell(textedit.Head(at.Span), at, "/statistics has one render to measure, and nothing to choose", "remove /statistics", fixes...)
	}
}

var stickyEverything = lint.Rule{
	ID: "DSP461", Name: "sticky-everything", Severity: diag.Warning, Profiles: []string{"ams", "classic"}, Farm: checkSticky,
	Doc: lint.Doc{
		Title: "every visitor is bound to one render",
		Why: "Requests for a sticky folder bind a client to the render that answered first. Where the folder is / or /content that is every " +
			"visitor: load is no longer spread by how quick the renders are, and when one is taken out all of its visitors move at once. " +
			"Publish instances keep no sessions, so that most sites need none of it.",
		Bad: `/renders {
	/rend01 { /hostname "publish1.brand.example" /port "4503" /timeout "10000" }
	/rend02 { /hostname "publish2.brand.example" /port "4503" /timeout "10000" }
}
/stickyConnectionsFor "/"
`,
		Good: `/renders {
	/rend01 { /hostname "publish1.brand.example" /port "4503" /timeout "10000" }
	/rend02 { /hostname "publish2.brand.example" /port "4503" /timeout "10000" }
}
/stickyConnectionsFor "/content/brand/booking"
`,
		Note: "Where logins are known to one instance only, since tokens are not encapsulated, it is needed. Farms for authors are not " +
			"reported.",
		Since:   since,
		Sources: []string{configuration + " (/stickyConnectionsFor)"},
	},
}

func checkSticky(ps *lint.Pass, f *model.Farm) {
	if len(f.Renders) < 2 || ps.FarmType(f) != lint.Publish {
		return
	}
	const hint = "name the folder whose pages need it, or remove it"
	if s := &f.StickyConnectionsFor; s.Set && isEverything(s.Value) {
		ps.Tell(s.ValueAt, s.At, everywhere(s.Value), hint)
	}
	if f.StickyConnections == nil || f.StickyConnections.Paths == nil {
		return
	}
	for _, v := range f.StickyConnections.Paths.Values {
		if isEverything(v.Text) {
			ps.Tell(v.At.Span, v.At, everywhere(v.Text), hint)
		}
	}
}

func everywhere(folder string) string {
	return fmt.Sprintf("sticky folder %s binds every visitor to one render", shown(folder))
}

// isEverything reports whether a folder holds all pages.
func isEverything(folder string) bool {
	if folder == "" || folder[0] != '/' {
		return false
	}
	rest := strings.TrimRight(folder, "/")
	return rest == "" || rest == "/content"
}

var stickyBothForms = lint.Rule{
	ID: "DSP462", Name: "sticky-both-forms", Severity: diag.Warning, Farm: checkForms,
	Doc: lint.Doc{
		Title: "sticky folders are named in two ways",
		Why: "/stickyConnectionsFor names one folder, /stickyConnections any number of them with the flags of the cookie. Which of the two " +
			"counts where both are written is not published: folders may not be sticky, or the cookie may lack its flags.",
		Bad: `/stickyConnectionsFor "/content/brand/booking"
/stickyConnections {
	/paths { "/content/brand/account" }
	/httpOnly "1"
	/secure "1"
}
`,
		Good: `/stickyConnections {
	/paths {
		"/content/brand/account"
		"/content/brand/booking"
	}
	/httpOnly "1"
	/secure "1"
}
`,
		Since:   since,
		Sources: []string{configuration + " (/stickyConnectionsFor, /stickyConnections)"},
	},
}

func checkForms(ps *lint.Pass, f *model.Farm) {
	if !f.StickyConnectionsFor.Set || f.StickyConnections == nil {
		return
	}
	at := f.StickyConnectionsFor.At
	ps.Report(diag.Diagnostic{
		Span: at.Span, Included: at.Included, Message: "/stickyConnectionsFor stands beside /stickyConnections",
		Hint:    "write its folder into /paths of /stickyConnections, and remove it",
		Related: []diag.Related{{Span: textedit.Head(f.StickyConnections.At.Span), Message: "the other form"}},
	})
}

var stickyCookieFlags = lint.Rule{
	ID: "DSP463", Name: "sticky-cookie-flags", Severity: diag.Warning, Security: true, Farm: checkCookie, Fixable: true,
	Doc: lint.Doc{
		Title: "cookie of sticky connections lacks a flag",
		Why: "Sticky connections set the cookie renderid. Without /httpOnly 1 scripts of the page can read it, without /secure 1 it is sent " +
			"over plain HTTP: the module marks it as secure by itself only where it sees TLS, which a load balancer before it " +
			"may have ended. Scanners report such cookies.",
		Bad: `/stickyConnections {
	/paths { "/content/brand/booking" }
	/httpOnly "1"
	/secure "0"
}
`,
		Good: `/stickyConnections {
	/paths { "/content/brand/booking" }
	/httpOnly "1"
	/secure "1"
}
`,
		Note:    "A site that is asked by plain HTTP alone cannot have /secure 1: browsers would not send the cookie back.",
		Since:   since,
		Sources: []string{configuration + " (/stickyConnections)", releaseNotes + " (DISP-715: /secure from 4.3.1 on)"},
	},
}

func checkCookie(ps *lint.Pass, f *model.Farm) {
	s := f.StickyConnections
	if s == nil || s.Paths == nil || len(s.Paths.Values) == 0 {
		return // no folder, no cookie
	}
	check := func(name, message string, flag *model.Setting[bool]) {
		switch {
		case flag.Value || !unread.IsFlag(flag):
		case flag.Set:
			ps.Tell(flag.ValueAt, flag.At, fmt.Sprintf("property /%s is 0: %s", name, message), `write "1"`, textedit.Rewritten(flag, "1")...)
		default:
			property := fmt.Sprintf(`/%s "1"`, name)
			var fixes []diag.Fix
			if p := s.Paths.At.Span; p.File == s.At.Span.File && whole(p) {
				fixes = textedit.Added(p, property)
			}
			ps.Tell(textedit.Head(s.At.Span), s.At, fmt.Sprintf("/stickyConnections has no /%s: %s", name, message), "add "+property, fixes...)
		}
	}
	check("httpOnly", "scripts can read the cookie renderid", &s.HTTPOnly)
	check("secure", "the cookie renderid may be sent over plain HTTP", &s.Secure)
}

var propagateSyndPostOn = lint.Rule{
	ID: "DSP464", Name: "propagate-synd-post-on", Severity: diag.Warning, Security: true, Farm: checkPropagate, Fixable: true,
	Doc: lint.Doc{
		Title: "flushes are passed on to the render",
		Why: "With /propagateSyndPost 1 requests that flush the cache go on to the render, which has no use for them: they must pass the " +
			"filter, so that POST requests to it stand open, and each flush waits for an answer. Only replication of very old versions " +
			"asked for it.",
		Bad: `/propagateSyndPost "1"
/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
`,
		Good: `/propagateSyndPost "0"
/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
`,
		Since:   since,
		Sources: []string{configuration + " (/propagateSyndPost)", "adobe/aem-project-archetype, default.farm"},
	},
}

func checkPropagate(ps *lint.Pass, f *model.Farm) {
	if s := &f.PropagateSyndPost; s.Value {
		ps.Tell(s.ValueAt, s.At, "property /propagateSyndPost is 1: flushes go on to the render", `write "0", unless the render replicates by them`, textedit.Rewritten(s, "0")...)
	}
}
