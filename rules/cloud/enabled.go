package cloud

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
)

// The folders of what is enabled, and where the files themselves are.
var enabledFolders = [...]struct{ enabled, available, ending string }{
	{"conf.d/enabled_vhosts", "conf.d/available_vhosts", ".vhost"},
	{"conf.dispatcher.d/enabled_farms", "conf.dispatcher.d/available_farms", ".farm"},
}

var enabledNameIgnored = lint.Rule{
	ID: "DSP754", Name: "enabled-name-ignored", Severity: diag.Warning, Profiles: []string{"cloud", "ams"}, InImmutable: true, Config: checkEnabledNames,
	Doc: lint.Doc{
		Title: "file in a folder of enabled files has a name that is not read",
		Why: "The platform reads what is enabled by the ending of the name: *.vhost, and *.farm or, for Managed Services, *_farm.any. A file of " +
			"another name lies there as if it were enabled, and has no effect.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     tree(),
		BadFiles:  []lint.File{{Name: "conf.d/enabled_vhosts/shop.conf", Text: strings.Replace(siteHost, "www.", "shop.", 1)}},
		GoodFiles: []lint.File{{Name: "conf.d/available_vhosts/shop.vhost", Text: strings.Replace(siteHost, "www.", "shop.", 1)}, {Name: "conf.d/enabled_vhosts/shop.vhost", Link: "../available_vhosts/shop.vhost"}},
		Note:      "Texts for people, such as README, are not reported, nor is what another file includes.",
		Since:     since,
		Sources:   []string{debugging, converter},
	},
}

func checkEnabledNames(p *lint.Pass, _ *model.Config) {
	for _, e := range entries(p) {
		for _, f := range enabledFolders {
			if e.Folder || path.Dir(e.Name) != f.enabled || forPeople(path.Base(e.Name)) || len(e.File.Text) > 0 {
				continue
			}
			ending := f.ending
			if p.Subject.Profile == "ams" && ending == ".farm" {
				ending = "_farm.any"
			}
			if strings.HasSuffix(e.Name, ending) || (e.To != "" && p.Subject.Folders.Read(e.To) != nil && wasRead(p, e.To)) {
				continue
			}
			base := path.Base(e.Name)
			p.Report(diag.Diagnostic{
				Span: e.File.Span(0, 0), Message: fmt.Sprintf("file %s is not read: names of what is enabled end in %s", base, ending),
				Hint: "rename it to " + strings.TrimSuffix(base, path.Ext(base)) + ending + ", or remove it",
			})
		}
	}
}

// forPeople reports whether a file in a folder of enabled files is none that ought to be enabled.
func forPeople(base string) bool {
	upper := strings.ToUpper(base)
	switch {
	case strings.HasPrefix(base, "."), strings.HasPrefix(upper, "README"), base == "vhosts.conf", base == "farms.any":
		return true
	}
	return !slices.Contains([]string{".vhost", ".conf", ".farm", ".any"}, path.Ext(base))
}

// wasRead reports whether a file, by its name from the root, was read.
func wasRead(p *lint.Pass, name string) bool {
	for _, e := range entries(p) {
		if e.Name == name {
			return len(e.File.Text) > 0
		}
	}
	return false
}

var enabledNotSymlink = lint.Rule{
	ID: "DSP770", Name: "enabled-not-symlink", Severity: diag.Error, Profiles: []string{"cloud"}, InImmutable: true, Config: checkSymlinks,
	Doc: lint.Doc{
		Title: "file in a folder of enabled files is not a symbolic link",
		Why: "The validator of the Cloud Service wants links to available_vhosts and available_farms in the folders of what is enabled. A copy is " +
			"refused, and until then the file that people change is not the one that counts.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     without(tree(), "conf.d/enabled_vhosts/site.vhost"),
		BadFiles:  []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Text: siteHost}},
		GoodFiles: []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Link: "../available_vhosts/site.vhost"}},
		Note:      "A file that holds the text of a link is DSP116. Where no file of the folder is a link, as in an archive that keeps none, one finding names them all.",
		Since:     since,
		Sources:   []string{debugging, "adobe/skills, dispatcher, guardrails"},
	},
}

func checkSymlinks(p *lint.Pass, _ *model.Config) {
	list := entries(p)
	for _, f := range enabledFolders {
		var plain []lint.Entry
		links := false
		for _, e := range list {
			switch {
			case !isEnabled(&e, f.enabled, f.ending):
			case e.Link != "" || e.To != "":
				links = true
			default:
				plain = append(plain, e)
			}
		}
		report := func(e lint.Entry, more []lint.Entry) {
			base := path.Base(e.Name)
			d := diag.Diagnostic{
				Span: e.File.Span(0, 0), Message: fmt.Sprintf("file %s in %s is not a symbolic link", base, path.Base(f.enabled)),
				Hint: fmt.Sprintf("move it to %s, and make a link to ../%s/%s", path.Base(f.available), path.Base(f.available), base),
			}
			if has(list, f.available+"/"+base) {
				d.Hint = fmt.Sprintf("make it a link to ../%s/%s, which is there too", path.Base(f.available), base)
			}
			d.Related = alike(more, "another one")
			p.Report(d)
		}
		if len(plain) > 1 && !links {
			report(plain[0], plain[1:])
			continue
		}
		for _, e := range plain {
			report(e, nil)
		}
	}
}

var enabledLinkTarget = lint.Rule{
	ID: "DSP771", Name: "enabled-link-target", Severity: diag.Error, Profiles: []string{"cloud"}, InImmutable: true, Config: checkLinkTargets,
	Doc: lint.Doc{
		Title: "link of an enabled file leads to another folder than available_vhosts or available_farms",
		Why: "The Cloud Service takes what is enabled from available_vhosts and available_farms: those are the folders that its validator looks " +
			"through, and from which it knows which files are the project's.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     without(tree(), "conf.d/enabled_vhosts/site.vhost", "conf.d/available_vhosts/site.vhost"),
		BadFiles:  []lint.File{{Name: "conf.d/sites/site.vhost", Text: siteHost}, {Name: "conf.d/enabled_vhosts/site.vhost", Link: "../sites/site.vhost"}},
		GoodFiles: []lint.File{{Name: "conf.d/available_vhosts/site.vhost", Text: siteHost}, {Name: "conf.d/enabled_vhosts/site.vhost", Link: "../available_vhosts/site.vhost"}},
		Note:      "A link that leads to nothing is DSP117, one out of the configuration DSP118.",
		Since:     since,
		Sources:   []string{debugging, converter},
	},
}

func checkLinkTargets(p *lint.Pass, _ *model.Config) {
	for _, e := range entries(p) {
		for _, f := range enabledFolders {
			if !isEnabled(&e, f.enabled, f.ending) || e.To == "" || e.Broken || strings.HasPrefix(e.To, f.available+"/") || strings.HasPrefix(e.To, "../") {
				continue
			}
			p.Report(diag.Diagnostic{
				Span: e.File.Span(0, 0), Message: fmt.Sprintf("link %s leads to %s, not into %s", path.Base(e.Name), e.To, f.available),
				Hint: "move the file to " + f.available + ", and let the link lead there",
			})
		}
	}
}

var defaultStillEnabled = lint.Rule{
	ID: "DSP772", Name: "default-still-enabled", Severity: diag.Warning, Profiles: []string{"cloud"}, InImmutable: true, Server: checkDefaultEnabled,
	Doc: lint.Doc{
		Title: "default.vhost is enabled and takes hosts of the project",
		Why: "The first virtual host that knows the name of a request answers it, in the order of the files' names. default.vhost knows every " +
			"name: hosts in files behind it get its settings, without the project's rewrite rules and headers.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:    tree(),
		BadFiles: []lint.File{{Name: "conf.d/available_vhosts/default.vhost", Text: strings.Replace(siteHost, "www.example.com", "publish\n\tServerAlias *", 1)}, {Name: "conf.d/enabled_vhosts/default.vhost", Link: "../available_vhosts/default.vhost"}},
		Note:     "Remove the link default.vhost, or give the project's links names that come before it.",
		Since:    since,
		Sources:  []string{overview, "httpd.apache.org, 2.4, vhosts/name-based"},
	},
}

func checkDefaultEnabled(p *lint.Pass, s *server.Server) {
	link := lint.Entry{}
	for _, e := range entries(p) {
		if e.Name == "conf.d/enabled_vhosts/default.vhost" {
			link = e
		}
	}
	if link.File == nil {
		return
	}
	var def *server.Host
	var taken []diag.Related
	for _, h := range s.Hosts {
		switch {
		case path.Base(h.At.File.Name) == "default.vhost":
			if def == nil {
				def = h
			}
		case def == nil || !vhosts.Own(p, h):
		case slices.ContainsFunc(def.Names, func(a server.Alias) bool { return a.Pattern == "*" }) && h.Name.Set:
			taken = append(taken, diag.Related{Span: h.At, Message: "this one gets no requests for " + h.Name.Host})
		}
	}
	if len(taken) == 0 {
		return
	}
	p.Report(diag.Diagnostic{
		Span: link.File.Span(0, 0), Message: fmt.Sprintf("default.vhost is enabled and takes the requests of %d virtual %s behind it", len(taken), plural(len(taken), "host")),
		Hint: "remove the link, or name the project's links so that they come before it", Related: taken[:min(len(taken), 10)],
	})
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
