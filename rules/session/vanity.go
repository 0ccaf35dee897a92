package session

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/rules/unread"
)

// vanityService is where AEM lists its vanity URLs.
const vanityService = "/libs/granite/dispatcher/content/vanityUrls.html"

var vanityURLPath = lint.Rule{
	ID: "DSP511", Name: "vanity-url-path", Severity: diag.Error, Farm: checkVanityURL, Fixable: true,
	Doc: lint.Doc{
		Title: "vanity URLs are asked for where they are not",
		Why: "AEM lists its vanity URLs at " + vanityService + " and nowhere else. From another URL the module gets an error, or a page that is " +
			"no list, and requests for vanity URLs stay denied.",
		Bad: `/vanity_urls {
	/url "/libs/granite/dispatcher/content/vanityurls.html"
	/file "/tmp/vanity_urls"
	/delay "300"
}
`,
		Good: `/vanity_urls {
	/url "/libs/granite/dispatcher/content/vanityUrls.html"
	/file "/tmp/vanity_urls"
	/delay "300"
}
`,
		Note: "Outside of /libs it is a warning, and there is no fix: a servlet of the project may make a list of its own, as that of " +
			"IBM/aem-tenant-specific-vanity-urls does.",
		Since:   since,
		Sources: []string{configuration + " (/vanity_urls: the value must be this one)"},
	},
}

func checkVanityURL(ps *lint.Pass, f *model.Farm) {
	if f.VanityURLs == nil {
		return
	}
	u := &f.VanityURLs.URL
	if !u.Set || u.Value == "" || !known(u.Value) || u.Value == vanityService {
		return
	}
	d := diag.Diagnostic{
		Span: u.ValueAt, Included: u.At.Included, Message: fmt.Sprintf("property /url is %s, not where AEM lists vanity URLs", shown(u.Value)),
		Hint: "write " + vanityService,
	}
	if strings.HasPrefix(u.Value, "/libs/") || strings.EqualFold(strings.Trim(u.Value, "/ "), vanityService[1:]) {
		d.Fixes = textedit.Rewritten(u, vanityService)
	} else {
		d.Severity = diag.Warning
		d.Hint += ", unless a servlet of the project makes the list"
	}
	ps.Report(d)
}

var vanityFileLocation = lint.Rule{
	ID: "DSP512", Name: "vanity-file-location", Severity: diag.Error, Security: true, Config: checkVanityFile,
	Doc: lint.Doc{
		Title: "list of vanity URLs lies where it must not",
		Why: "The module keeps the list in /file. In a document root it is served to who asks for it, and may be flushed with the cache. A " +
			"relative file is another one wherever the server is started from. Farms that share one overwrite each other's list: " +
			"the URLs of one site are open on the other, and its own are not.",
		Bad: `/vanity_urls {
	/url "/libs/granite/dispatcher/content/vanityUrls.html"
	/file "vanity_urls"
	/delay "300"
}
`,
		Good: `/vanity_urls {
	/url "/libs/granite/dispatcher/content/vanityUrls.html"
	/file "/tmp/vanity_urls"
	/delay "300"
}
`,
		Note:    "Farms that share a file and have the same renders get the same list: an info.",
		Since:   since,
		Sources: []string{configuration + " (/vanity_urls)"},
	},
}

func checkVanityFile(ps *lint.Pass, c *model.Config) {
	type owner struct {
		farm    *model.Farm
		servers []string
	}
	first := map[string]owner{}
	roots := docrootsOf(c)
	for _, f := range c.Farms {
		if f.VanityURLs == nil {
			continue
		}
		v := &f.VanityURLs.File
		if !v.Set || v.Value == "" || !known(v.Value) {
			continue
		}
		ps := ps.For(f)
		if !isAbsolute(v.Value) {
			ps.Tell(v.ValueAt, v.At, fmt.Sprintf("property /file is %s, a relative file", shown(v.Value)), "write the file from / on, such as /tmp/vanity_urls")
		} else if root := roots.holding(v.Value); root != nil {
			ps.Report(diag.Diagnostic{
				Span: v.ValueAt, Included: v.At.Included, Message: fmt.Sprintf("property /file is %s, inside a document root", shown(v.Value)),
				Hint:    "write a file outside of all document roots, such as /tmp/vanity_urls",
				Related: []diag.Related{{Span: root.At.Span, Message: "the document root"}},
			})
		}
		name := path.Clean(v.Value)
		o, taken := first[name]
		if !taken {
			first[name] = owner{f, servers(f)}
			continue
		}
		d := diag.Diagnostic{
			Span: v.ValueAt, Included: v.At.Included, Message: fmt.Sprintf("property /file is %s, as in another farm", shown(v.Value)),
			Hint:    "give each farm a file of its own, such as /tmp/vanity_urls_<farm>",
			Related: []diag.Related{{Span: spanOr(o.farm.NameAt, o.farm.VanityURLs.File.At.Span), Message: "this farm has the same file"}},
		}
		if slices.Equal(o.servers, servers(f)) {
			d.Severity = diag.Info
			d.Why = "both farms write the same list to it, one after the other"
		}
		ps.Report(d)
	}
}

// servers are those behind a farm, as they are written and in order.
func servers(f *model.Farm) []string {
	var all []string
	for _, r := range f.Renders {
		all = append(all, strings.ToLower(r.Hostname.Value)+" "+r.Port.Text)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// maxDelay is the longest delay that is not reported, an hour in seconds.
const maxDelay = 3600

var vanityDelay = lint.Rule{
	ID: "DSP513", Name: "vanity-delay", Severity: diag.Info, Farm: checkDelay, Fixable: true,
	Doc: lint.Doc{
		Title: "list of vanity URLs is fetched always, or hardly ever",
		Why: "/delay says how many seconds old the list may get before a denied request has it fetched anew. With 0 each denied request asks the " +
			"render for it, those of scanners too; with more than an hour a new vanity URL stays denied as long.",
		Bad: `/vanity_urls {
	/url "/libs/granite/dispatcher/content/vanityUrls.html"
	/file "/tmp/vanity_urls"
	/delay "0"
}
`,
		Good: `/vanity_urls {
	/url "/libs/granite/dispatcher/content/vanityUrls.html"
	/file "/tmp/vanity_urls"
	/delay "300"
}
`,
		Note:    "A /delay that is not written is reported as DSP022.",
		Since:   since,
		Sources: []string{configuration + " (/vanity_urls)", "adobe/aem-dispatcher-optimizer-tool, its model of vanity URLs"},
	},
}

func checkDelay(ps *lint.Pass, f *model.Farm) {
	if f.VanityURLs == nil {
		return
	}
	d := &f.VanityURLs.Delay
	switch {
	case !d.Set || !unread.IsNumber(d.Text):
	case d.Value == 0:
		ps.Tell(d.ValueAt, d.At, "property /delay is 0: each denied request fetches the list", `write seconds, such as "300"`, textedit.Rewritten(d, "300")...)
	case d.Value > maxDelay:
		ps.Tell(d.ValueAt, d.At, fmt.Sprintf("property /delay is %d: new vanity URLs stay denied for more than an hour", d.Value), `write seconds, such as "300"`, textedit.Rewritten(d, "300")...)
	}
}

var vanityOnAuthor = lint.Rule{
	ID: "DSP514", Name: "vanity-on-author", Severity: diag.Warning, Profiles: []string{"ams", "classic"}, Farm: checkVanityAuthor,
	Doc: lint.Doc{
		Title: "vanity URLs in a farm for authors",
		Why: "Vanity URLs are short addresses for visitors of the published site. In front of an author they open paths past the filter that no " +
			"editor asks for, and each denied request may fetch the list, which an author gives to nobody who is not logged in.",
		Bad: `/renders {
	/rend01 { /hostname "author.brand.example" /port "4502" /timeout "10000" }
}
/vanity_urls {
	/url "/libs/granite/dispatcher/content/vanityUrls.html"
	/file "/tmp/vanity_urls"
	/delay "300"
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
/vanity_urls {
	/url "/libs/granite/dispatcher/content/vanityUrls.html"
	/file "/tmp/vanity_urls"
	/delay "300"
}
`,
		Since:   since,
		Sources: []string{skills + " (rules for Managed Services)"},
	},
}

func checkVanityAuthor(ps *lint.Pass, f *model.Farm) {
	if f.VanityURLs != nil && ps.FarmType(f) == lint.Author {
		at := f.VanityURLs.At
		ps.Tell(textedit.Head(at.Span), at, "/vanity_urls stands in a farm for authors", "keep it in farms for publish")
	}
}
