package cloud

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

// The includes that two sections have to consist of.
const (
	rendersFile        = "../renders/default_renders.any"
	allowedClientsFile = "../cache/default_invalidate.any"
)

var rendersIncludeName = lint.Rule{
	ID: "DSP761", Name: "renders-include-name", Severity: diag.Error, Profiles: []string{"cloud"}, Fixable: true,
	File: func(p *lint.Pass, f *grammar.File) { checkFixed(p, f, "renders", rendersFile) },
	Doc: lint.Doc{
		Title: "/renders is not the platform's",
		Why: "In the Cloud Service a farm's /renders has to be the platform's file and nothing else: where AEM is, the platform alone knows. The " +
			"validator refuses a farm with other renders.",
		File:    "conf.dispatcher.d/available_farms/site.farm",
		Bad:     siteFarm,
		Good:    strings.Replace(siteFarm, "\t\t/rend01 { /hostname \"${AEM_HOST}\" /port \"${AEM_PORT}\" }\n", "\t\t$include \""+rendersFile+"\"\n", 1),
		Note:    "A fix is offered where the file is in the project.",
		Files:   []lint.File{{Name: "conf.dispatcher.d/renders/default_renders.any", Text: "/rend01 { /hostname \"${AEM_HOST}\" /port \"${AEM_PORT}\" }\n"}},
		Since:   since,
		Sources: []string{debugging, legacy},
	},
}

var allowedClientsIncludeName = lint.Rule{
	ID: "DSP762", Name: "allowedclients-include-name", Severity: diag.Error, Profiles: []string{"cloud"}, Fixable: true,
	File: func(p *lint.Pass, f *grammar.File) { checkFixed(p, f, "allowedClients", allowedClientsFile) },
	Doc: lint.Doc{
		Title: "/allowedClients is not the platform's",
		Why: "In the Cloud Service a farm's /allowedClients has to be the platform's file and nothing else: it is written anew when a container starts, " +
			"for the address of its AEM. The validator refuses a farm with another list.",
		File:    "conf.dispatcher.d/available_farms/site.farm",
		Bad:     cacheFarm("/0001 { /type \"allow\" /glob \"127.0.0.1\" }"),
		Good:    cacheFarm("$include \"" + allowedClientsFile + "\""),
		Note:    "A fix is offered where the file is in the project.",
		Files:   []lint.File{{Name: "conf.dispatcher.d/cache/default_invalidate.any", Text: "/0001 { /type \"deny\"  /glob \"*\" }\n/0002 { /type \"allow\" /glob \"127.0.0.1\" }\n"}},
		Since:   since,
		Sources: []string{debugging, legacy},
	},
}

func cacheFarm(clients string) string {
	return "/site {\n\t/cache {\n\t\t/docroot \"${DOCROOT}\"\n\t\t/allowedClients {\n\t\t\t" + clients + "\n\t\t}\n\t}\n}\n"
}

// farmFile reports whether a text is a farm of the project's in its folder.
func farmFile(p *lint.Pass, f *grammar.File) bool {
	dir := path.Base(path.Dir(f.Src.Name))
	return path.Ext(f.Src.Name) == ".farm" && (dir == "available_farms" || dir == "enabled_farms") && (p.Subject.Immutable == nil || !p.Subject.Immutable(f.Src))
}

// checkFixed looks for a section that has to be one include.
func checkFixed(p *lint.Pass, f *grammar.File, section, file string) {
	if !farmFile(p, f) {
		return
	}
	grammar.Walk(f.Items, func(it grammar.Item) bool {
		s, ok := it.(*grammar.Property)
		if !ok || s.Label() != section || s.Block == nil {
			return true
		}
		if len(s.Block.Items) == 1 {
			if inc, ok := s.Block.Items[0].(*grammar.IncludeItem); ok && inc.Path != nil && fromRoot(inc.Path.Inner().Text()) == fromRoot(file) {
				return false
			}
		}
		d := diag.Diagnostic{
			Span: s.Name, Message: fmt.Sprintf("/%s is not $include %q alone", section, file),
			Hint: fmt.Sprintf("make $include %q all that it consists of", file),
		}
		if n := len(s.Block.Items); n > 0 && !s.Block.Close.IsZero() && p.Subject.Folders != nil &&
			p.Subject.Folders.Read("conf.dispatcher.d/"+fromRoot(file)) != nil {
			at := s.Block.Items[0].Span()
			at.End = s.Block.Items[n-1].Span().End
			// Another machine is asked, or may flush, after it.
			d.Fixes = []diag.Fix{{Title: fmt.Sprintf("replace it by $include %q", file), Edits: []diag.Edit{{Span: at, New: fmt.Sprintf("$include %q", file)}}}}
		}
		p.Report(d)
		return false
	})
}

// fromRoot is the path of an include of a farm, as seen from conf.dispatcher.d.
func fromRoot(file string) string {
	file = strings.ReplaceAll(file, "\\", "/")
	for _, root := range []string{"/etc/httpd/conf.dispatcher.d/", "conf.dispatcher.d/"} {
		if in, ok := strings.CutPrefix(file, root); ok {
			return path.Clean(in)
		}
	}
	return strings.TrimPrefix(path.Clean(file), "../")
}

// ownFiles are the files that sections of a farm may include in the legacy mode, beside their default_ twins.
var ownFiles = map[string]string{
	"clientheaders": "clientheaders/clientheaders.any", "filter": "filters/filters.any", "rules": "cache/rules.any", "virtualhosts": "virtualhosts/virtualhosts.any",
}

var includeUnknownLocation = lint.Rule{
	ID: "DSP763", Name: "include-unknown-location", Severity: diag.Error, Profiles: []string{"cloud"}, File: checkLegacyIncludes,
	Doc: lint.Doc{
		Title: "legacy mode: farm includes a file of another name",
		Why: "In the legacy mode the Cloud Service puts the customer's files together by their names: a section can include the one file that is meant " +
			"for it, and the platform's default beside it. The validator refuses any other.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     without(legacyTree(), "conf.dispatcher.d/available_farms/site.farm"),
		BadFiles:  []lint.File{{Name: "conf.dispatcher.d/available_farms/site.farm", Text: filterFarm("site_filters.any")}, {Name: "conf.dispatcher.d/filters/site_filters.any", Text: filterText}},
		GoodFiles: []lint.File{{Name: "conf.dispatcher.d/available_farms/site.farm", Text: filterFarm("filters.any")}, {Name: "conf.dispatcher.d/filters/filters.any", Text: filterText}},
		Note:      "With " + flexibleMode + " any file of the project may be included.",
		Since:     since,
		Sources:   []string{legacy},
	},
}

// legacyTree is a project for examples in the legacy mode.
func legacyTree() []lint.File {
	return append(without(tree(), flexibleMode), lint.File{Name: "conf.dispatcher.d/virtualhosts/default_virtualhosts.any", Text: "\"*\"\n"})
}

func filterFarm(file string) string {
	return "/site {\n\t/virtualhosts { \"www.example.com\" }\n\t/renders {\n\t\t/rend01 { /hostname \"${AEM_HOST}\" /port \"${AEM_PORT}\" }\n\t}\n\t/filter {\n\t\t$include \"../filters/" + file + "\"\n\t}\n}\n"
}

func checkLegacyIncludes(p *lint.Pass, f *grammar.File) {
	if !legacyMode(p) || !farmFile(p, f) {
		return
	}
	sectionIncludes(f.Items, "", func(section string, inc *grammar.IncludeItem) {
		own, ok := ownFiles[section]
		if !ok {
			return
		}
		dir, base := path.Split(own)
		if got := fromRoot(inc.Path.Inner().Text()); got != own && got != dir+"default_"+base {
			p.Report(diag.Diagnostic{
				Span: inc.Path.At, Message: fmt.Sprintf("/%s includes %s: in the legacy mode it can include %s or default_%s only", section, path.Base(got), base, base),
				Hint: "put it into " + base + ", or switch to the flexible mode",
			})
		}
	})
}

var includeOutsideSection = lint.Rule{
	ID: "DSP764", Name: "include-outside-known-section", Severity: diag.Error, Profiles: []string{"cloud"}, File: checkLegacySections,
	Doc: lint.Doc{
		Title: "legacy mode: farm includes a file where none may be",
		Why: "In the legacy mode the Cloud Service allows includes in /clientheaders, /virtualhosts, /renders, /filter, /rules and /allowedClients. The " +
			"validator refuses one anywhere else in a farm.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     without(legacyTree(), "conf.dispatcher.d/available_farms/site.farm"),
		BadFiles:  []lint.File{{Name: "conf.dispatcher.d/available_farms/site.farm", Text: "/site {\n\t/renders {\n\t\t/rend01 { /hostname \"${AEM_HOST}\" /port \"${AEM_PORT}\" }\n\t}\n\t/cache {\n\t\t/docroot \"${DOCROOT}\"\n\t\t/headers {\n\t\t\t$include \"../cache/headers.any\"\n\t\t}\n\t}\n}\n"}, {Name: "conf.dispatcher.d/cache/headers.any", Text: "\"Content-Type\"\n"}},
		GoodFiles: []lint.File{{Name: "conf.dispatcher.d/available_farms/site.farm", Text: "/site {\n\t/renders {\n\t\t/rend01 { /hostname \"${AEM_HOST}\" /port \"${AEM_PORT}\" }\n\t}\n\t/cache {\n\t\t/docroot \"${DOCROOT}\"\n\t\t/headers {\n\t\t\t\"Content-Type\"\n\t\t}\n\t}\n}\n"}},
		Note:      "Write the lines into the farm, or switch to the flexible mode with " + flexibleMode + ".",
		Since:     since,
		Sources:   []string{legacy},
	},
}

func checkLegacySections(p *lint.Pass, f *grammar.File) {
	if !legacyMode(p) || !farmFile(p, f) {
		return
	}
	sectionIncludes(f.Items, "", func(section string, inc *grammar.IncludeItem) {
		if ownFiles[section] != "" || section == "renders" || section == "allowedClients" || section == "" {
			return
		}
		p.Report(diag.Diagnostic{
			Span: inc.Path.At, Message: fmt.Sprintf("/%s includes a file: in the legacy mode it cannot", section),
			Hint: "write the lines into the farm, or switch to the flexible mode",
		})
	})
}

// sectionIncludes looks at the includes with the innermost section around them.
func sectionIncludes(items []grammar.Item, section string, look func(string, *grammar.IncludeItem)) {
	for _, it := range items {
		switch it := it.(type) {
		case *grammar.IncludeItem:
			if it.Path != nil {
				look(section, it)
			}
		case *grammar.Property:
			if it.Block != nil {
				sectionIncludes(it.Block.Items, it.Label(), look)
			}
		case *grammar.Block:
			sectionIncludes(it.Items, section, look)
		}
	}
}

// legacyMode reports whether the project is known to be in the legacy mode.
func legacyMode(p *lint.Pass) bool {
	list := entries(p)
	return has(list, "conf.d") && has(list, "conf.dispatcher.d") && !flexible(list)
}

var serverIncludeUnknown = lint.Rule{
	ID: "DSP765", Name: "httpd-include-unknown-file", Severity: diag.Error, Profiles: []string{"cloud"}, Text: checkServerIncludes,
	Doc: lint.Doc{
		Title: "virtual host includes a file from a folder that is not taken",
		Why: "The validator of the Cloud Service knows where included files may be: in conf.d/includes, conf.d/modsec, conf.d/rewrites and " +
			"conf.d/variables, and in the legacy mode rewrite.rules, default_rewrite.rules and custom.vars alone. It refuses an Include of any other.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     without(tree(), "conf.d/available_vhosts/site.vhost"),
		BadFiles:  []lint.File{{Name: "conf.d/available_vhosts/site.vhost", Text: strings.Replace(siteHost, "\tDocumentRoot", "\tInclude conf.d/sites/headers.conf\n\tDocumentRoot", 1)}, {Name: "conf.d/sites/headers.conf", Text: headerText}},
		GoodFiles: []lint.File{{Name: "conf.d/available_vhosts/site.vhost", Text: strings.Replace(siteHost, "\tDocumentRoot", "\tInclude conf.d/includes/headers.conf\n\tDocumentRoot", 1)}, {Name: "conf.d/includes/headers.conf", Text: headerText}},
		Note:      "An include of a file that is not there is DSP111.",
		Since:     since,
		Sources:   []string{debugging, legacy},
	},
}

const headerText = "Header set X-Content-Type-Options nosniff\n"

// includeFolders are those from which projects may include in the flexible mode, legacyIncludes the files of the legacy mode.
var (
	includeFolders = []string{"conf.d/includes/", "conf.d/modsec/", "conf.d/rewrites/", "conf.d/variables/"}
	legacyIncludes = []string{"conf.d/rewrites/rewrite.rules", "conf.d/rewrites/default_rewrite.rules", "conf.d/variables/custom.vars"}
)

func checkServerIncludes(p *lint.Pass, f *httpd.File) {
	list := entries(p)
	if len(list) == 0 || p.Subject.Immutable != nil && p.Subject.Immutable(f.Src) || !strings.Contains("/"+f.Src.Name, "/conf.d/") {
		return
	}
	free := flexible(list)
	several := !free && len(rewriteFiles(p)) > 1
	each(f.Items, func(l *httpd.Line, section bool) {
		name := strings.ToLower(l.Name.Text())
		if section || name != "include" && name != "includeoptional" || l.Args.IsZero() {
			return
		}
		words, _ := apacheconf.Words(httpd.Unjoin([]byte(l.Args.Text())))
		if len(words) != 1 || strings.Contains(words[0].Text, "${") {
			return
		}
		file := strings.TrimPrefix(apacheconf.Absolute("/etc/httpd", words[0].Text), "/etc/httpd/")
		known := slices.Contains(legacyIncludes, file)
		if free {
			known = known || slices.ContainsFunc(includeFolders, func(folder string) bool { return strings.HasPrefix(file, folder) })
		} else if several && strings.HasPrefix(file, "conf.d/rewrites/") {
			return // DSP769 speaks of these
		}
		if known || slices.ContainsFunc(p.Subject.Found, func(d diag.Diagnostic) bool {
			return d.Span.File == f.Src && l.At.Contains(d.Span) && (d.Rule == "DSP111" || d.Rule == "DSP112")
		}) {
			return
		}
		d := diag.Diagnostic{
			Span: l.Args, Message: fmt.Sprintf("file %s is included from a folder that the platform does not take", file),
			Hint: "move it to conf.d/includes, or conf.d/rewrites",
		}
		if !free {
			d.Message = fmt.Sprintf("file %s is included: in the legacy mode only rewrite.rules, default_rewrite.rules and custom.vars can be", file)
			d.Hint = "put its lines into one of these, or switch to the flexible mode"
		}
		p.Report(d)
	})
}

var legacySingleRewriteFile = lint.Rule{
	ID: "DSP769", Name: "legacy-single-rewrite-file", Severity: diag.Error, Profiles: []string{"cloud"}, Config: checkRewriteFiles,
	Doc: lint.Doc{
		Title: "legacy mode: several files of rewrite rules are in use",
		Why: "In the legacy mode the Cloud Service knows one file of the project's rewrite rules, conf.d/rewrites/rewrite.rules. Rules in other files are " +
			"not deployed, and their includes are refused.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     without(legacyTree(), "conf.d/available_vhosts/site.vhost"),
		BadFiles:  append(rewriteExample("conf.d/rewrites/brand.rules"), lint.File{Name: "conf.d/rewrites/brand.rules", Text: "RewriteRule ^/brand$ /content/brand.html [PT,L]\n"}),
		GoodFiles: rewriteExample("conf.d/rewrites/default_rewrite.rules"),
		Note:      "Put the rules into one file, or switch to the flexible mode with " + flexibleMode + ".",
		Since:     since,
		Sources:   []string{legacy, converter},
	},
}

func rewriteExample(also string) []lint.File {
	return []lint.File{
		{Name: "conf.d/available_vhosts/site.vhost", Text: strings.Replace(siteHost, "</VirtualHost>", "\tRewriteEngine on\n\tInclude conf.d/rewrites/rewrite.rules\n\tInclude "+also+"\n</VirtualHost>", 1)},
		{Name: "conf.d/rewrites/rewrite.rules", Text: "RewriteRule ^/$ /content/site/en.html [PT,L]\n"},
	}
}

// rewriteFiles are the files of rewrite rules of the project that httpd reads.
func rewriteFiles(p *lint.Pass) []*httpd.File {
	var out []*httpd.File
	for _, f := range p.Subject.ServerFiles {
		if strings.Contains(f.Src.Name, "conf.d/rewrites/") && path.Base(f.Src.Name) != "default_rewrite.rules" {
			out = append(out, f)
		}
	}
	return out
}

func checkRewriteFiles(p *lint.Pass, _ *model.Config) {
	files := rewriteFiles(p)
	if !legacyMode(p) || len(files) < 2 {
		return
	}
	i := slices.IndexFunc(files, func(f *httpd.File) bool { return path.Base(f.Src.Name) != "rewrite.rules" })
	d := diag.Diagnostic{
		Span: files[i].Src.Span(0, 0), Message: fmt.Sprintf("%d files of rewrite rules are in use: in the legacy mode there is rewrite.rules alone", len(files)),
		Hint: "put the rules into rewrite.rules, or switch to the flexible mode",
	}
	for k, f := range files[:min(len(files), 10)] {
		if k != i {
			d.Related = append(d.Related, diag.Related{Span: f.Src.Span(0, 0), Message: "another one"})
		}
	}
	p.Report(d)
}

var managedIncludeMissing = lint.Rule{
	ID: "DSP773", Name: "managed-include-missing", Severity: diag.Warning, Profiles: []string{"cloud"}, File: checkManaged,
	Doc: lint.Doc{
		Title: "project's file does not include the platform's default",
		Why: "The default files of the Cloud Service deny what nobody needs, leave out of the cache what must not be in it, and pass the headers on that " +
			"the platform relies on. A farm with the project's file alone has none of that.",
		File:    "conf.dispatcher.d/filters/filters.any",
		Bad:     "/0100 { /type \"allow\" /extension \"pdf\" /path \"/content/dam/site/*\" }\n",
		Good:    "$include \"./default_filters.any\"\n/0100 { /type \"allow\" /extension \"pdf\" /path \"/content/dam/site/*\" }\n",
		Files:   []lint.File{{Name: "conf.dispatcher.d/available_farms/site.farm", Text: filterFarm("filters.any")}, {Name: "conf.dispatcher.d/filters/default_filters.any", Text: "/0001 { /type \"deny\" /url \"*\" }\n"}},
		Note:    "A file that begins with an entry for everything is a set of its own, and is not reported. Nor is one whose default is included beside it.",
		Since:   since,
		Sources: []string{"adobe/aem-project-archetype, dispatcher.cloud, comments of filters.any", "adobe/skills, dispatcher, guardrails"},
	},
}

func checkManaged(p *lint.Pass, f *grammar.File) {
	dir, base := path.Base(path.Dir(f.Src.Name)), path.Base(f.Src.Name)
	if !slices.Contains([]string{"filters/filters.any", "cache/rules.any", "clientheaders/clientheaders.any"}, dir+"/"+base) || len(f.Items) == 0 {
		return
	}
	want := "default_" + base
	for _, g := range p.Subject.Files {
		// Where any text includes the default, a farm has it, and whether each does is for a person to see.
		for _, it := range includesOf(g) {
			if path.Base(it) == want {
				return
			}
		}
	}
	if ownSet(f, dir) {
		return
	}
	at := f.Items[0].Span()
	p.Report(diag.Diagnostic{
		Span: at, Message: fmt.Sprintf("file %s does not include %s", base, want), Hint: fmt.Sprintf("start it with $include \"./%s\"", want),
	})
}

// includesOf are the files that a text includes.
func includesOf(f *grammar.File) []string {
	var out []string
	grammar.Walk(f.Items, func(it grammar.Item) bool {
		if inc, ok := it.(*grammar.IncludeItem); ok && inc.Path != nil {
			out = append(out, inc.Path.Inner().Text())
		}
		return true
	})
	return out
}

// ownSet reports whether a file looks like one that means to do without the default: it begins with an entry for everything,
// or names many headers.
func ownSet(f *grammar.File, dir string) bool {
	const many = 10 // headers
	if dir == "clientheaders" {
		return len(f.Items) >= many
	}
	first, ok := f.Items[0].(*grammar.Property)
	if !ok || first.Block == nil {
		return true // an include of something else
	}
	all := false
	grammar.Walk(first.Block.Items, func(it grammar.Item) bool {
		if v, ok := it.(*grammar.Property); ok && v.Value != nil && (v.Label() == "url" || v.Label() == "glob") {
			t := v.Value.Inner().Text()
			all = all || t == "*" || t == "/*" || t == ".*"
		}
		return true
	})
	return all
}
