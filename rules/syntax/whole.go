package syntax

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var noFarms = lint.Rule{
	ID: "DSP034", Name: "no-farms", Severity: diag.Error, InImmutable: true, Reported: lint.ByModel,
	Doc: lint.Doc{
		Title: "configuration has no farms",
		Why: "A farm says which hosts are answered, from which servers and with which cache. Without any the Dispatcher has nothing to " +
			"answer a request with.",
		File: "dispatcher.any",
		Bad: `/name "internet-server"
`,
		Good: `/name "internet-server"
/farms {
	/publish {
		/virtualhosts { "*" }
		/renders {
			/rend01 { /hostname "publish" /port "4503" }
		}
		/filter {
			/0001 { /type "deny"  /url "*" }
			/0002 { /type "allow" /url "/content/*" }
		}
	}
}
`,
		Note:    "A part of a configuration, such as a file of filter rules, needs none.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-cloud-service.en, validation-debug.md"},
	},
}

var invalidEncoding = lint.Rule{
	ID: "DSP035", Name: "invalid-encoding", Severity: diag.Error, Reported: lint.ByGrammar,
	Doc: lint.Doc{
		Title: "file is not UTF-8 text",
		Why: "Patterns are compared with URLs byte by byte, and browsers send UTF-8. A letter that is stored in another encoding never " +
			"matches, and shows as rubbish in logs. A file in UTF-16 cannot be read at all.",
		Bad:     "/filter {\n\t/0021 { /type \"allow\" /url \"/content/b\xfccher/*\" }\n}\n",
		Good:    "/filter {\n\t/0021 { /type \"allow\" /url \"/content/bücher/*\" }\n}\n",
		Note:    "The bad example holds the byte 0xFC, which is ü in ISO 8859-1. In a comment it is a warning.",
		Since:   since,
		Sources: []string{"adobe/aem-dispatcher-optimizer-tool, tests of the parser (binary_any_file)"},
	},
}
