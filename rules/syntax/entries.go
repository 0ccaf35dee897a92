package syntax

import (
	"fmt"
	"path"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// oneFarm is a configuration about which nothing is said.
const oneFarm = `/farms {
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
`

var noDispatcherConfig = lint.Rule{
	ID: "DSP032", Name: "no-dispatcher-config", Severity: diag.Error, Reported: lint.ByExpansion,
	Doc: lint.Doc{
		Title: "project has virtual hosts of httpd, and no configuration of the Dispatcher",
		Why: "Virtual hosts say which requests httpd takes. Without dispatcher.any and farms the module has no filter, no cache and no render for " +
			"them: it does not start, or answers nothing.",
		File: "conf.d/available_vhosts/site.vhost",
		Bad:  "<VirtualHost *:80>\n\tServerName www.example.com\n</VirtualHost>\n",
		Good: "<VirtualHost *:80>\n\tServerName www.example.com\n</VirtualHost>\n",
		GoodFiles: []lint.File{{Name: "conf.dispatcher.d/dispatcher.any", Text: `/farms {
	$include "enabled_farms/*.farm"
}
`}, {Name: "conf.dispatcher.d/enabled_farms/site.farm", Text: `/site {
	/virtualhosts { "www.example.com" }
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`}},
		Note: "Where there are no virtual hosts either, nothing is taken for a configuration: the commands then say what they looked for, and " +
			"end with exit code 2.",
		Since:   since,
		Sources: []string{optimizerRules + " (Disp-S7)"},
	},
}

var multipleDispatcherAny = lint.Rule{
	ID: "DSP033", Name: "multiple-dispatcher-any", Severity: diag.Warning, InImmutable: true, Config: checkEntries,
	Doc: lint.Doc{
		Title: "there is more than one dispatcher.any",
		Why: "One of them is what the Dispatcher starts from; the other is left over, or is for another server. Who changes that one sees no effect, and " +
			"checks look at one of them alone.",
		File: "conf.dispatcher.d/dispatcher.any",
		Bad:  oneFarm, Good: oneFarm,
		BadFiles: []lint.File{{Name: "conf.dispatcher.d/old/dispatcher.any", Text: oneFarm}},
		Note: "Looked at are conf.d and conf.dispatcher.d, and where a folder was named or searched the places in it at which a configuration may be. One for " +
			"authors beside one for publish is not reported. A file that is named with -c is looked at alone, but for the folders around it.",
		Since:   since,
		Sources: []string{"adobe/aem-dispatcher-optimizer-tool, log of its scan"},
	},
}

func checkEntries(p *lint.Pass, _ *model.Config) {
	if p.Subject.Folders == nil || len(p.Subject.Files) == 0 {
		return
	}
	others := p.Subject.Folders.Others()
	if len(others) == 0 {
		return
	}
	own := p.Subject.Files[0].Src
	const most = 5
	var related []diag.Related
	for _, o := range others[:min(len(others), most)] {
		related = append(related, diag.Related{Span: o.Span(0, 0), Message: "another " + path.Base(o.Name)})
	}
	p.Report(diag.Diagnostic{
		Span: own.Span(0, 0), Related: related,
		Message: fmt.Sprintf("%s is not the only one: there %s", path.Base(own.Name), isAlso(others)),
		Hint:    "remove what is left over, or name the configuration that is meant with -c",
	})
}

func isAlso(others []*source.File) string {
	if len(others) == 1 {
		return "is " + others[0].Name
	}
	return fmt.Sprintf("are %d more, such as %s", len(others), others[0].Name)
}
