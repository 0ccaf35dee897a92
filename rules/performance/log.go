package performance

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

// The rules of this file need a log of requests: package internal/replay looks for them.

const ofLogs = "Found by dispcheck replay, which needs a log of 100 requests that the filter lets through."

var uncacheableShare = lint.Rule{
	ID: "DSP950", Name: "uncacheable-allowed-share", Severity: diag.Info, Reported: lint.ByLog,
	Doc: lint.Doc{
		Title: "many requests are never cacheable",
		Why: "What the filter lets through and no rule of the cache keeps is rendered anew for each visitor. Where that is more than a fifth of the " +
			"requests, the instances behind carry a load that the Dispatcher is there to take.",
		Bad: `/cache {
	/docroot "/var/www/html"
	/rules {
		/0000 { /glob "*"              /type "deny" }
		/0001 { /glob "/content/dam/*" /type "allow" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/rules {
		/0000 { /glob "*"          /type "deny" }
		/0001 { /glob "/content/*" /type "allow" }
	}
}
`,
		Note:    ofLogs + " The report has the reasons, with what they cost.",
		Since:   since,
		Sources: []string{configuration},
	},
}

var flushFanout = lint.Rule{
	ID: "DSP959", Name: "flush-fanout", Severity: diag.Info, Reported: lint.ByLog,
	Doc: lint.Doc{
		Title: "a flush makes most of the cache stale",
		Why: "Each publish touches the .stat files above the page, and what lies below the topmost of them is asked for again. With a low " +
			"/statfileslevel that is the whole cache, several times a day.",
		Bad: `/cache {
	/docroot "/var/www/html"
	/statfileslevel "0"
	/rules {
		/0000 { /glob "*" /type "allow" }
	}
	/invalidate {
		/0000 { /glob "*.html" /type "allow" }
	}
	/allowedClients {
		/0000 { /glob "*" /type "allow" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/statfileslevel "2"
	/rules {
		/0000 { /glob "*" /type "allow" }
	}
	/invalidate {
		/0000 { /glob "*.html" /type "allow" }
	}
	/allowedClients {
		/0000 { /glob "*" /type "allow" }
	}
}
`,
		Note:    "Found by dispcheck replay --forecast, where flushes of the log meet at least 20 files on average and make half of them stale.",
		Since:   since,
		Sources: []string{configuration, "adobe/aem-dispatcher-experiments, statfileslevel"},
	},
}

var queryCacheShare = lint.Rule{
	ID: "DSP960", Name: "query-cache-share", Severity: diag.Info, Reported: lint.ByLog,
	Doc: lint.Doc{
		Title: "a parameter keeps pages out of the cache",
		Why: "A page that is asked for with a parameter which /ignoreUrlParams does not name is rendered anew each time. Parameters that only " +
			"tell where a visitor came from change nothing in the page, and a campaign brings thousands of such requests at once.",
		Bad: `/cache {
	/docroot "/var/www/html"
	/rules {
		/0000 { /glob "*" /type "allow" }
	}
	/ignoreUrlParams {
		/0000 { /glob "*" /type "deny" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/rules {
		/0000 { /glob "*" /type "allow" }
	}
	/ignoreUrlParams {
		/0000 { /glob "*"      /type "deny" }
		/0001 { /glob "fbclid" /type "allow" }
	}
}
`,
		Note:    ofLogs + " It tells the entry that mends it; whether pages depend on the parameter is yours to know.",
		Since:   since,
		Sources: []string{configuration, "adobe/aem-dispatcher-optimizer-tool"},
	},
}
