package cache

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
)

// The examples of these rules differ in one line of /cache.
const (
	exampleBefore = `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
`
	exampleBehind = `			$include "cache.any"
		}
	}
}
`
)

var statfilesLevelLow = lint.Rule{
	ID: "DSP304", Name: "statfileslevel-low", Severity: diag.Warning, Drops: true, Fixable: true, Farm: checkLevelLow, Literal: checkLevelLiterally,
	Options: []lint.Option{{Name: "minimum", Default: 2, Doc: "The lowest level that is not reported."}},
	Doc: lint.Doc{
		Title: "each activation makes most of the cache stale",
		Why: "/statfileslevel says how many levels of folders have a statfile of their own. With 0, the default, there is one for all: the " +
			"activation of a single page makes every page of every site stale, and all of them go to AEM again.",
		File:    "dispatcher.any",
		Bad:     exampleBefore + exampleBehind,
		Good:    exampleBefore + "\t\t\t/statfileslevel \"2\"\n" + exampleBehind,
		Files:   exampleCache(exampleGrace + exampleStale + exampleTTL + exampleRules + exampleInvalid + exampleClients + exampleParams + exampleHeaders),
		Literal: "Every farm for the public has a /statfileslevel of at least the minimum, whatever it stores.",
		Note: "The right level is the depth of the folder that the pages of one site or language share: 4 for /content/brand/us/en. The " +
			"option minimum sets what is enough. Farms in front of author instances are not reported.",
		Since:   since,
		Sources: []string{optimizer + " (Disp-2)", configuration, skills},
	},
}

func checkLevelLow(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil {
		return
	}
	checkNumber(p, f, f.Cache.StatfilesLevel, "statfileslevel", p.Int("minimum"), "an activation makes most of the cache stale")
}

var gracePeriodLow = lint.Rule{
	ID: "DSP308", Name: "graceperiod-low", Severity: diag.Warning, Drops: true, Fixable: true, Farm: checkGraceLow, Literal: checkGraceLiterally,
	Options: []lint.Option{{Name: "minimum", Default: 2, Doc: "The fewest seconds that are not reported."}},
	Doc: lint.Doc{
		Title: "stale pages are not delivered for a moment longer",
		Why: "An activation often comes with others. Without a grace period each of them makes the pages stale at once, and all visitors of " +
			"that moment wait for AEM, which makes the same pages again after each. With some seconds of grace they get the page that " +
			"is there.",
		File:    "dispatcher.any",
		Bad:     exampleBefore + exampleBehind,
		Good:    exampleBefore + "\t\t\t/gracePeriod \"2\"\n" + exampleBehind,
		Files:   exampleCache(exampleLevel + exampleStale + exampleTTL + exampleRules + exampleInvalid + exampleClients + exampleParams + exampleHeaders),
		Literal: "Every farm for the public has a /gracePeriod of at least the minimum, whatever it stores.",
		Note:    "The option minimum sets what is enough. Farms in front of author instances are not reported.",
		Since:   since,
		Sources: []string{optimizer + " (Disp-3)", configuration, skills},
	},
}

func checkGraceLow(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil {
		return
	}
	checkNumber(p, f, f.Cache.GracePeriod, "gracePeriod", p.Int("minimum"), "an activation sends all visitors to AEM at once")
}

// checkNumber reports a number of /cache that is less than it should be, or not there.
func checkNumber(p *lint.Pass, f *model.Farm, s model.Setting[int], name string, least int, effect string) {
	if p.FarmType(f) == lint.Author {
		return
	}
	want := strconv.Itoa(least)
	switch {
	case s.Set && readable(s) && s.Value < least:
		p.Report(diag.Diagnostic{
			Span: s.ValueAt, Included: s.At.Included, Message: fmt.Sprintf("/%s is %d: %s", name, s.Value, effect),
			Hint:  "write " + want + " or more",
			Fixes: textedit.Replaced(s.ValueAt, want), // not safe: other files are stale, or for another time
		})
	case !s.Set && least > 0 && siteFarm(p, f):
		at := head(f.Cache.At)
		p.Report(diag.Diagnostic{
			Span: at.Span, Included: at.Included, Message: fmt.Sprintf("/cache has no /%s: %s", name, effect),
			Hint:  "set it to " + want + " or more",
			Fixes: insertion(f.Cache, fmt.Sprintf(`/%s "%s"`, name, want)), // not safe, as above
		})
	}
}

var serveStaleOff = lint.Rule{
	ID: "DSP310", Name: "serve-stale-off", Severity: diag.Warning, Drops: true, Fixable: true, Farm: checkServeStale, Literal: checkServeStaleLiterally,
	Doc: lint.Doc{
		Title: "no stale page is delivered when AEM fails",
		Why: "A page that is stale is asked for anew. If AEM is not there or answers with an error then, the visitor gets the error, although " +
			"the page of a moment ago lies in the cache. /serveStaleOnError \"1\" delivers that one.",
		File:    "dispatcher.any",
		Bad:     exampleBefore + exampleBehind,
		Good:    exampleBefore + "\t\t\t/serveStaleOnError \"1\"\n" + exampleBehind,
		Files:   exampleCache(exampleLevel + exampleGrace + exampleTTL + exampleRules + exampleInvalid + exampleClients + exampleParams + exampleHeaders),
		Literal: "Every farm for the public has /serveStaleOnError \"1\" or \"true\", whatever it stores.",
		Note:    "A site whose pages must not be old, as with prices or stocks, may want it off: suppress the finding. Farms in front of author instances are not reported.",
		Since:   since,
		Sources: []string{optimizer + " (Disp-5)", configuration},
	},
}

func checkServeStale(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || p.FarmType(f) == lint.Author {
		return
	}
	s := f.Cache.ServeStaleOnError
	const effect = "visitors get the error when AEM fails"
	switch {
	case s.Set && s.Text == "0":
		p.Report(diag.Diagnostic{
			Span: s.ValueAt, Included: s.At.Included, Message: "/serveStaleOnError is 0: " + effect, Hint: `write "1"`,
			Fixes: textedit.Replaced(s.ValueAt, "1"), // not safe: errors become pages
		})
	case !s.Set && siteFarm(p, f):
		at := head(f.Cache.At)
		p.Report(diag.Diagnostic{
			Span: at.Span, Included: at.Included, Message: "/cache has no /serveStaleOnError: " + effect, Hint: `set it to "1"`,
			Fixes: insertion(f.Cache, `/serveStaleOnError "1"`), // not safe, as above
		})
	}
}

var gracePeriodHigh = lint.Rule{
	ID: "DSP309", Name: "graceperiod-high", Severity: diag.Info, Drops: true, Farm: checkGraceHigh,
	Options: []lint.Option{{Name: "maximum", Default: 300, Doc: "The most seconds that are not reported."}},
	Doc: lint.Doc{
		Title: "stale pages are delivered for long",
		Why: "For /gracePeriod seconds after the last activation stale pages are still delivered, and each further activation makes it last " +
			"longer. Editors who have published a page see the old one all that time, and may not see the new one as long as others publish.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/gracePeriod "3600"
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/gracePeriod "10"
}
`,
		Note:    "The option maximum sets what is too much.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkGraceHigh(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil {
		return
	}
	s := f.Cache.GracePeriod
	if most := p.Int("maximum"); s.Set && readable(s) && s.Value > most {
		p.Report(diag.Diagnostic{
			Span: s.ValueAt, Included: s.At.Included, Message: fmt.Sprintf("/gracePeriod is %d: stale pages are delivered for that many seconds", s.Value),
			Hint: fmt.Sprintf("write %d or less", most),
		})
	}
}

var enableTTLOff = lint.Rule{
	ID: "DSP340", Name: "enablettl-off", Severity: diag.Info, Drops: true, Fixable: true, Farm: checkTTL,
	Doc: lint.Doc{
		Title: "the cache does not keep to the times that AEM gives",
		Why: "Without /enableTTL the module stores Cache-Control and Expires and hands them out, but does not look at them: a file is good " +
			"until a flush says otherwise. Browsers that ask for it anew when its time is over get the old one again.",
		File:    "dispatcher.any",
		Bad:     exampleBefore + exampleBehind,
		Good:    exampleBefore + "\t\t\t/enableTTL \"1\"\n" + exampleBehind,
		Files:   exampleCache(exampleLevel + exampleGrace + exampleStale + exampleRules + exampleInvalid + exampleClients + exampleParams + exampleHeaders),
		Note:    "Reported where /headers has Cache-Control or Expires, and in AEM as a Cloud Service. Not where the property says 0. Dispatcher has it since 4.1.11.",
		Since:   since,
		Sources: []string{configuration, skills},
	},
}

func checkTTL(p *lint.Pass, f *model.Farm) {
	if !siteFarm(p, f) || f.Cache.EnableTTL.Set {
		return
	}
	timed := p.Subject.Profile == "cloud"
	if f.Cache.Headers != nil {
		for _, v := range f.Cache.Headers.Values {
			timed = timed || strings.EqualFold(v.Text, "Cache-Control") || strings.EqualFold(v.Text, "Expires")
		}
	}
	if !timed {
		return
	}
	at := head(f.Cache.At)
	p.Report(diag.Diagnostic{
		Span: at.Span, Included: at.Included, Message: "/cache has no /enableTTL: the times that AEM gives do not count",
		Hint:  `set it to "1", or to "0" where flushes alone are to count`,
		Fixes: insertion(f.Cache, `/enableTTL "1"`), // not safe: files come to expire
	})
}
