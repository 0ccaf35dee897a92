package cloud

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

var layoutMissing = lint.Rule{
	ID: "DSP750", Name: "layout-missing", Severity: diag.Error, Profiles: []string{"cloud"}, InImmutable: true, Config: checkLayout,
	Doc: lint.Doc{
		Title: "conf.d is not beside conf.dispatcher.d",
		Why: "The Cloud Service takes both folders from the top of what is deployed, and refuses a deployment in which one of them is missing: " +
			"there is no virtual host that a request could come to.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     without(tree(), "conf.d/available_vhosts/site.vhost", "conf.d/enabled_vhosts/site.vhost"),
		GoodFiles: without(tree(), flexibleMode, "conf.dispatcher.d/available_farms/site.farm", "conf.dispatcher.d/enabled_farms/site.farm"),
		Note:      "Where conf.dispatcher.d is missing instead, DSP032 says so.",
		Since:     since,
		Sources:   []string{debugging},
	},
}

func checkLayout(p *lint.Pass, _ *model.Config) {
	list := entries(p)
	if len(list) == 0 || has(list, "conf.d") || !has(list, "conf.dispatcher.d") {
		return
	}
	p.Report(diag.Diagnostic{
		Span: top(p), Message: "folder conf.d is not beside conf.dispatcher.d",
		Hint: "add conf.d with enabled_vhosts, from the Dispatcher tools of the SDK",
	})
}

var layoutPrefix = lint.Rule{
	ID: "DSP751", Name: "layout-etc-httpd-prefix", Severity: diag.Error, Profiles: []string{"cloud"}, InImmutable: true, Config: checkPrefix,
	Doc: lint.Doc{
		Title: "configuration lies in etc/httpd",
		Why: "The Cloud Service looks for conf.d and conf.dispatcher.d at the top of what is deployed. In etc/httpd, where they are on a server, " +
			"it does not find them, and refuses the deployment.",
		File: "etc/httpd/conf.dispatcher.d/dispatcher.any", Bad: allFarms, Good: "/farms {\n\t" + strings.TrimSuffix(strings.ReplaceAll(strings.NewReplacer("${AEM_HOST}", "10.0.0.12", "${AEM_PORT}", "4503").Replace(siteFarm), "\n", "\n\t"), "\t") + "}\n",
		BadFiles: below("etc/httpd/", tree()),
		Note:     "A configuration of a server itself, as in the good example, is right there. Move conf.d, conf.dispatcher.d and opt-in to the top of the folder that is deployed.",
		Since:    since,
		Sources:  []string{debugging},
	},
}

// below puts files into a folder.
func below(folder string, files []lint.File) []lint.File {
	for i := range files {
		files[i].Name = folder + files[i].Name
	}
	return files
}

func checkPrefix(p *lint.Pass, _ *model.Config) {
	at := top(p)
	if at.File == nil || !strings.Contains("/"+at.File.Name, "/etc/httpd/conf.dispatcher.d/") || len(entries(p)) == 0 {
		return
	}
	p.Report(diag.Diagnostic{
		Span: at, Message: "conf.d and conf.dispatcher.d lie in etc/httpd",
		Hint: "move them to the top of the folder that is deployed",
	})
}

var noEnabledFarm = lint.Rule{
	ID: "DSP752", Name: "no-enabled-farm", Severity: diag.Error, Profiles: []string{"cloud"}, InImmutable: true, Config: checkEnabledFarm,
	Doc: lint.Doc{
		Title: "no farm is enabled",
		Why: "The Cloud Service reads the files *.farm in conf.dispatcher.d/enabled_farms, which are links to those in available_farms. Without " +
			"one the Dispatcher has no farm to answer a request, and the deployment is refused.",
		File: entryFile, Bad: "/farms {\n\t$include \"enabled_farms/*.any\"\n}\n", Good: allFarms,
		Files:     without(tree(), "conf.dispatcher.d/enabled_farms/site.farm"),
		BadFiles:  []lint.File{{Name: "conf.dispatcher.d/enabled_farms/site_farm.any", Link: "../available_farms/site.farm"}},
		GoodFiles: []lint.File{{Name: "conf.dispatcher.d/enabled_farms/site.farm", Link: "../available_farms/site.farm"}},
		Since:     since,
		Sources:   []string{debugging},
	},
}

func checkEnabledFarm(p *lint.Pass, _ *model.Config) {
	list := entries(p)
	if !has(list, "conf.dispatcher.d") || found(p, "DSP034", "DSP103") || slices.ContainsFunc(list, func(e lint.Entry) bool { return isEnabled(&e, "conf.dispatcher.d/enabled_farms", ".farm") }) {
		return
	}
	d := diag.Diagnostic{Span: top(p), Message: "no file *.farm is in conf.dispatcher.d/enabled_farms", Hint: "link a file of available_farms there"}
	for _, e := range list {
		if path.Dir(e.Name) == "conf.dispatcher.d/enabled_farms" && path.Ext(e.Name) == ".any" && path.Base(e.Name) != "farms.any" {
			d.Span, d.Hint = e.File.Span(0, 0), "rename "+path.Base(e.Name)+" to "+strings.TrimSuffix(strings.TrimSuffix(path.Base(e.Name), ".any"), "_farm")+".farm"
			break
		}
	}
	p.Report(d)
}

var noEnabledHost = lint.Rule{
	ID: "DSP753", Name: "no-enabled-vhost", Severity: diag.Error, Profiles: []string{"cloud"}, InImmutable: true, Config: checkEnabledHost,
	Doc: lint.Doc{
		Title: "no virtual host is enabled",
		Why: "The Cloud Service reads the files *.vhost in conf.d/enabled_vhosts, which are links to those in available_vhosts. Without one " +
			"the container does not start, and the deployment is refused.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     without(tree(), "conf.d/enabled_vhosts/site.vhost"),
		BadFiles:  []lint.File{{Name: "conf.d/enabled_vhosts/README", Text: "Links to available_vhosts.\n"}},
		GoodFiles: []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Link: "../available_vhosts/site.vhost"}},
		Since:     since,
		Sources:   []string{debugging},
	},
}

func checkEnabledHost(p *lint.Pass, _ *model.Config) {
	list := entries(p)
	if !has(list, "conf.d") || found(p, "DSP112") || slices.ContainsFunc(list, func(e lint.Entry) bool { return isEnabled(&e, "conf.d/enabled_vhosts", ".vhost") }) {
		return
	}
	at := folderOf(list, "conf.d/enabled_vhosts", "conf.d")
	d := diag.Diagnostic{Span: at, Message: "no file *.vhost is in conf.d/enabled_vhosts", Hint: "link a file of available_vhosts there"}
	for _, e := range list {
		if path.Dir(e.Name) == "conf.d/enabled_vhosts" && path.Ext(e.Name) == ".conf" && path.Base(e.Name) != "vhosts.conf" {
			d.Span, d.Hint = e.File.Span(0, 0), "rename "+path.Base(e.Name)+" to "+strings.TrimSuffix(path.Base(e.Name), ".conf")+".vhost"
			break
		}
	}
	p.Report(d)
}

var compatLayout = lint.Rule{
	ID: "DSP766", Name: "compat-layout", Severity: diag.Warning, Profiles: []string{"cloud"}, InImmutable: true, Config: checkCompat,
	Doc: lint.Doc{
		Title: "files have the names of Managed Services",
		Why: "The validator of the Cloud Service takes names that start with ams_ for a layout that is no longer supported, and goes into a " +
			"mode for compatibility that newer versions do not have.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files: without(tree(), "conf.dispatcher.d/available_farms/site.farm"),
		BadFiles: []lint.File{
			{Name: "conf.dispatcher.d/available_farms/site.farm", Text: strings.Replace(siteFarm, "\t\t/0001 { /type \"deny\"  /url \"*\" }\n\t\t/0002 { /type \"allow\" /url \"/content/*\" }\n", "\t\t$include \"../filters/ams_publish_filters.any\"\n", 1)},
			{Name: "conf.dispatcher.d/filters/ams_publish_filters.any", Text: filterText},
		},
		GoodFiles: []lint.File{
			{Name: "conf.dispatcher.d/available_farms/site.farm", Text: strings.Replace(siteFarm, "\t\t/0001 { /type \"deny\"  /url \"*\" }\n\t\t/0002 { /type \"allow\" /url \"/content/*\" }\n", "\t\t$include \"../filters/filters.any\"\n", 1)},
			{Name: "conf.dispatcher.d/filters/filters.any", Text: filterText},
		},
		Note:    "One finding names all such files.",
		Since:   since,
		Sources: []string{debugging},
	},
}

const filterText = "/0001 { /type \"deny\"  /url \"*\" }\n/0002 { /type \"allow\" /url \"/content/*\" }\n"

func checkCompat(p *lint.Pass, _ *model.Config) {
	var named []lint.Entry
	for _, e := range entries(p) {
		if base := path.Base(e.Name); !e.Folder && strings.HasPrefix(e.Name, "conf.dispatcher.d/") && (strings.HasPrefix(base, "ams_") || strings.Contains(base, "_ams_")) {
			named = append(named, e)
		}
	}
	if len(named) == 0 {
		return
	}
	d := diag.Diagnostic{
		Span: named[0].File.Span(0, 0), Message: fmt.Sprintf("file %s has a name of Managed Services", path.Base(named[0].Name)),
		Hint: "rename it, as in the Dispatcher tools of the SDK: without ams_",
	}
	d.Related = alike(named[1:], "another one")
	p.Report(d)
}

// alike are further files that a finding is about.
func alike(list []lint.Entry, message string) []diag.Related {
	const most = 10
	var out []diag.Related
	for _, e := range list[:min(len(list), most)] {
		out = append(out, diag.Related{Span: e.File.Span(0, 0), Message: message})
	}
	return out
}

var flexibleModeOff = lint.Rule{
	ID: "DSP767", Name: "flexible-mode-off", Severity: diag.Warning, Profiles: []string{"cloud"}, InImmutable: true, Config: checkFlexible,
	Doc: lint.Doc{
		Title: "project is in the legacy mode",
		Why: "Without opt-in/USE_SOURCES_DIRECTLY the Cloud Service puts the files together into a few of fixed names: there is one file of " +
			"rewrite rules, includes of other files are refused, and all together may have 1 MB. Rapid development environments do not take " +
			"such a project at all.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     without(tree(), flexibleMode),
		BadFiles:  []lint.File{{Name: "conf.dispatcher.d/filters/default_filters.any", Text: "/0001 { /type \"deny\" /url \"*\" }\n"}},
		GoodFiles: []lint.File{{Name: flexibleMode}},
		Note:      "Add the empty file, and look at what dispcheck validate then says: what the legacy mode replaces is used as it is from then on.",
		Since:     since,
		Sources:   []string{overview, legacy},
	},
}

func checkFlexible(p *lint.Pass, _ *model.Config) {
	list := entries(p)
	if !has(list, "conf.d") || !has(list, "conf.dispatcher.d") || flexible(list) {
		return
	}
	p.Report(diag.Diagnostic{
		Span: top(p), Message: "file " + flexibleMode + " is not there: the project is in the legacy mode",
		Hint: "add the empty file",
	})
}

// entries are what lies in the project's root.
func entries(p *lint.Pass) []lint.Entry {
	if p.Subject.Folders == nil {
		return nil
	}
	return p.Subject.Folders.Entries()
}

func has(list []lint.Entry, name string) bool {
	_, ok := slices.BinarySearchFunc(list, name, func(e lint.Entry, n string) int { return strings.Compare(e.Name, n) })
	return ok
}

// flexible reports whether the flexible mode is on.
func flexible(list []lint.Entry) bool { return has(list, flexibleMode) }

// isEnabled reports whether an entry is one that the Cloud Service reads of a folder of enabled files.
func isEnabled(e *lint.Entry, folder, ending string) bool {
	return !e.Folder && path.Dir(e.Name) == folder && path.Ext(e.Name) == ending
}

// found reports whether reading has reported one of the rules.
func found(p *lint.Pass, rules ...string) bool {
	return slices.ContainsFunc(p.Subject.Found, func(d diag.Diagnostic) bool { return slices.Contains(rules, d.Rule) && d.Severity == diag.Error })
}

// top is where findings about the whole project are: the first text.
func top(p *lint.Pass) source.Span {
	if len(p.Subject.Files) == 0 {
		return source.Span{}
	}
	return p.Subject.Files[0].Src.Span(0, 0)
}

// folderOf is the first of some folders that is there.
func folderOf(list []lint.Entry, names ...string) source.Span {
	for _, n := range names {
		for i := range list {
			if list[i].Name == n {
				return list[i].File.Span(0, 0)
			}
		}
	}
	return source.Span{}
}
