package syntax

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var unclosedBlock = lint.Rule{
	ID: "DSP002", Name: "unclosed-block", Severity: diag.Error, Reported: lint.ByGrammar,
	Doc: lint.Doc{
		Title: "block is never closed",
		Why: "All that follows lands inside the open block. The module then does not start, or it starts without the sections that " +
			"it no longer finds in their places. Braces of one file must match in that file: an $include brings whole entries, " +
			"not halves.",
		Bad: `/filter {
	/0001 { /type "deny" /url "*" }
	/0002 { /type "allow" /url "/content/*"
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /url "/content/*" }
}
`,
		Note:    "The finding points at the block that the indentation says is open, not at the end of the file.",
		Since:   since,
		Sources: []string{optimizerRules + " (Disp-S4)"},
	},
}

var missingOpenBrace = lint.Rule{
	ID: "DSP003", Name: "missing-open-brace", Severity: diag.Error, Reported: lint.ByGrammar | lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "section has no opening brace",
		Why: "A section holds what stands between its braces. Without them it is empty, and what was meant to be in it belongs to the " +
			"section around it, where nobody looks for it.",
		Bad: `/publish {
	/virtualhosts "www.example.com"
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
}
`,
		Good: `/publish {
	/virtualhosts { "www.example.com" }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
}
`,
		Note:    "dispcheck reads a list of one string without braces as that list, so that the rest can be looked at. Whether the module does is not published.",
		Since:   since,
		Sources: []string{optimizerRules + " (Disp-S1)"},
	},
}

var unexpectedCloseBrace = lint.Rule{
	ID: "DSP004", Name: "unexpected-close-brace", Severity: diag.Error, Reported: lint.ByGrammar,
	Doc: lint.Doc{
		Title: "closing brace closes nothing, or too much",
		Why: "A brace too many ends a section before its time. The sections below it then stand outside their farm and have no effect: " +
			"a filter that is lost this way denies nothing.",
		Bad: `/cache {
	/statfileslevel "2"
	/rules {
		/0000 { /type "allow" /glob "*" }
	}
	}
}
`,
		Good: `/cache {
	/statfileslevel "2"
	/rules {
		/0000 { /type "allow" /glob "*" }
	}
}
`,
		Since:   since,
		Sources: []string{optimizerRules + " (Disp-S2)"},
	},
}
