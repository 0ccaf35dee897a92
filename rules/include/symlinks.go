package include

import (
	"fmt"
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var absoluteSymlink = lint.Rule{
	ID: "DSP118", Name: "absolute-symlink", Severity: diag.Error, Profiles: []string{"cloud", "ams"}, InImmutable: true, Config: checkLinks,
	Doc: lint.Doc{
		Title: "symbolic link leads out of the configuration",
		Why: "The configuration is packed and unpacked elsewhere. A link by an absolute path, or to a folder beside the configuration, leads to nothing " +
			"there, and the farm or virtual host behind it is missing.",
		File: "conf.dispatcher.d/dispatcher.any",
		Bad:  anyFarm, Good: anyFarm,
		Files: []lint.File{
			{Name: "conf.dispatcher.d/enabled_farms/brand.farm", Text: siteFarm},
			{Name: "conf.d/available_vhosts/site.vhost", Text: "<VirtualHost *:80>\n</VirtualHost>\n"},
		},
		BadFiles:  []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Link: "/etc/httpd/conf.d/available_vhosts/site.vhost"}},
		GoodFiles: []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Link: "../available_vhosts/site.vhost"}},
		Note: "Looked at are all links in conf.d and conf.dispatcher.d. For Managed Services a path below /etc/httpd is a warning, since it is right on " +
			"the server.",
		Since:   since,
		Sources: []string{debugging, "adobe/aem-cloud-service-source-migration, dispatcher converter (makes relative links)"},
	},
}

// onServer starts the paths of a configuration on servers.
const onServer = "/etc/httpd/"

func checkLinks(p *lint.Pass, _ *model.Config) {
	if p.Subject.Folders == nil {
		return
	}
	for _, l := range p.Subject.Folders.Links() {
		if l.Inside {
			continue
		}
		d := diag.Diagnostic{
			Span:    l.File.Span(0, 0),
			Message: fmt.Sprintf("link %s leads to %s, outside of the configuration", path.Base(l.File.Name), shortened(l.Target)),
			Hint:    "make it a relative link to a file of the configuration",
		}
		if path.IsAbs(l.Target) {
			d.Message = fmt.Sprintf("link %s leads to %s, by an absolute path", path.Base(l.File.Name), shortened(l.Target))
			if p.Subject.Profile == "ams" && strings.HasPrefix(l.Target, onServer) {
				d.Severity = diag.Warning
			}
		}
		if to := fromLink(l.File.Name, l.Target); to != "" {
			d.Hint = "make it a relative link: " + to
		}
		p.Report(d)
	}
}

// fromLink returns the path from a link to what it leads to where both are in conf.d, or both in conf.dispatcher.d; ""
// otherwise.
func fromLink(link, target string) string {
	for _, folder := range []string{"/conf.d/", "/conf.dispatcher.d/"} {
		i, k := strings.LastIndex("/"+link, folder), strings.LastIndex(target, folder)
		if i < 0 || k < 0 {
			continue
		}
		up := strings.Count(("/" + link)[i+len(folder):], "/")
		return strings.Repeat("../", up) + target[k+len(folder):]
	}
	return ""
}

// shortened keeps a target from making a message long.
func shortened(target string) string {
	const most = 80
	if r := []rune(strings.ToValidUTF8(target, "?")); len(r) > most {
		return string(r[:most]) + "…"
	}
	return strings.ToValidUTF8(target, "?")
}
