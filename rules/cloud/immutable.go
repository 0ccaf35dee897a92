package cloud

import (
	"fmt"
	"path"
	"slices"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

var immutableChanged = lint.Rule{
	ID: "DSP755", Name: "immutable-changed", Severity: diag.Error, Profiles: []string{"cloud"}, InImmutable: true, Config: checkImmutable,
	Doc: lint.Doc{
		Title: "file of the platform is not as the platform has it",
		Why: "The Cloud Service puts its own copy in the place of this file, so that a change in it has no effect; in the flexible mode the " +
			"files are compared when they are deployed, and a deployment with a file that differs is refused.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     tree(),
		BadFiles:  []lint.File{{Name: "conf.dispatcher.d/virtualhosts/default_virtualhosts.any", Text: "\"www.example.com\"\n"}},
		GoodFiles: []lint.File{{Name: "conf.dispatcher.d/virtualhosts/virtualhosts.any", Text: "\"www.example.com\"\n"}},
		Note: "White space and line ends do not count. Known are the versions of public projects and templates of Adobe's. Of a file that has had " +
			"several, one that is not known may be newer than this program: that is a warning, as it is in the legacy mode. Restore the file from the Dispatcher tools of the SDK, and put what is " +
			"needed into the file beside it that is the project's.",
		Since:   since,
		Sources: []string{archetype, debugging, "adobe/aem-guides-wknd, dispatcher/pom.xml"},
	},
}

func checkImmutable(p *lint.Pass, _ *model.Config) {
	free := flexible(entries(p))
	for _, c := range copies(p) {
		e, text := c.entry, c.text
		if c.version >= 0 {
			continue
		}
		d := diag.Diagnostic{
			Span: text.Span(0, 0), Message: fmt.Sprintf("file %s is not one of the %d versions of the platform's that are known", path.Base(e.Name), published(e.Name)),
			Hint: "restore it from the Dispatcher tools of the SDK",
		}
		if published(e.Name) == 1 {
			d.Message = fmt.Sprintf("file %s is not as the platform has it", path.Base(e.Name))
		}
		if published(e.Name) > 1 || !free {
			d.Severity = diag.Warning
		}
		p.Report(d)
	}
}

// A copied is a file of the platform that the project has.
type copied struct {
	entry   *lint.Entry
	text    *source.File
	version int // in versionsOf; -1 for none
}

type copiesKey struct{}

// copies are the files of the platform that the project has.
func copies(p *lint.Pass) []copied {
	return lint.Memo(p, copiesKey{}, func() []copied {
		var out []copied
		list := entries(p)
		for i := range list {
			if version, text := versionOf(p, &list[i]); text != nil {
				out = append(out, copied{&list[i], text, version})
			}
		}
		return out
	})
}

// versionOf returns which known version a file of the platform is, -1 for none, and its text; nil where it is none of those
// files or cannot be read.
func versionOf(p *lint.Pass, e *lint.Entry) (int, *source.File) {
	all := versionsOf(e.Name)
	if all == nil || e.Folder || e.Link != "" || e.To != "" {
		return -1, nil
	}
	text := e.File
	if len(text.Text) == 0 {
		if text = p.Subject.Folders.Read(e.Name); text == nil {
			return -1, nil
		}
	}
	sum := sumOf(text.Text)
	return slices.IndexFunc(all, func(k known) bool { return k.sum == sum }), text
}

// published is how many versions of a file are known from others.
func published(name string) int {
	n := 0
	for _, k := range versionsOf(name) {
		if k.from != ownExample {
			n++
		}
	}
	return n
}

var immutableOutdated = lint.Rule{
	ID: "DSP757", Name: "immutable-outdated", Severity: diag.Info, Profiles: []string{"cloud"}, InImmutable: true, Config: checkOutdated,
	Doc: lint.Doc{
		Title: "files of the platform are of an older version",
		Why: "The Cloud Service uses its own, newer copies. What these files say is therefore not what runs: what is tried on a developer's machine " +
			"and what is checked here may differ from it.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:    tree(),
		BadFiles: []lint.File{{Name: "conf.d/enabled_vhosts/vhosts.conf", Text: oldVhosts}},
		Note:     "One finding names all such files. Copy them from the newest Dispatcher tools of the SDK.",
		Since:    since,
		Sources:  []string{archetype, "adobe/aem-project-archetype, issue 813"},
	},
}

func checkOutdated(p *lint.Pass, _ *model.Config) {
	var old []diag.Related
	var first string
	var newest string
	for _, c := range copies(p) {
		e, v, text := c.entry, c.version, c.text
		if v < 0 {
			continue
		}
		all := versionsOf(e.Name)
		latest := slices.MaxFunc(all, func(a, b known) int { return a.order - b.order })
		if all[v].order == 0 || all[v].order >= latest.order {
			continue
		}
		if first == "" {
			first, newest = path.Base(e.Name), latest.from
		}
		old = append(old, diag.Related{Span: text.Span(0, 0), Message: "as in " + all[v].from})
	}
	if len(old) == 0 {
		return
	}
	d := diag.Diagnostic{Span: old[0].Span, Hint: "copy the platform's files from the newest Dispatcher tools of the SDK", Related: old[1:]}
	d.Message = fmt.Sprintf("file %s is %s, and %s has a newer one", first, old[0].Message, newest)
	if len(old) > 1 {
		d.Message = fmt.Sprintf("%d files of the platform are older than in %s; %s is %s", len(old), newest, first, old[0].Message)
	}
	p.Report(d)
}

var immutableMissing = lint.Rule{
	ID: "DSP756", Name: "immutable-missing", Severity: diag.Warning, Profiles: []string{"cloud"}, Reported: lint.ByExpansion,
	Doc: lint.Doc{
		Title: "file that the platform provides is not in the project",
		Why: "The Cloud Service puts its own copy of this file in place, so a deployment works. But what the file says is unknown here: " +
			"its rules are neither checked nor simulated, and the Dispatcher of the SDK does not find it on a developer's machine.",
		File: "conf.dispatcher.d/filters/filters.any",
		Bad: `$include "./default_filters.any"
/0100 { /type "allow" /extension '(pdf|docx)' /path "/content/dam/site/*" }
`,
		Good: `$include "./default_filters.any"
/0100 { /type "allow" /extension '(pdf|docx)' /path "/content/dam/site/*" }
`,
		Files: []lint.File{
			{Name: "conf.dispatcher.d/available_farms/site.farm", Text: `/site {
	/renders { $include "../renders/default_renders.any" }
	/filter { $include "../filters/filters.any" }
}
`},
		},
		GoodFiles: []lint.File{
			{Name: "conf.dispatcher.d/filters/default_filters.any", Text: `/0001 { /type "deny" /url "*" }
`},
		},
		Note: "Copy the file from the SDK, unchanged. Where dispatcher.any itself is missing, one that includes all enabled farms is read " +
			"in its place, and that is an info.",
		Since: since,
		Sources: []string{
			"adobe/aem-project-archetype, issue 1008",
			"AdobeDocs/experience-manager-cloud-service.en, validation-debug.md",
		},
	},
}

// oldVhosts is what the example of this program had in vhosts.conf at first.
const oldVhosts = "# All that is enabled.\nInclude conf.d/enabled_vhosts/*.vhost\n"
