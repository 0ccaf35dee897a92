package cloud

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

var unsupportedFarmProperty = lint.Rule{
	ID: "DSP774", Name: "unsupported-farm-property", Severity: diag.Warning, Profiles: []string{"cloud"}, Farm: checkProperties,
	Doc: lint.Doc{
		Title: "property has no use in the Cloud Service",
		Why: "Containers of the Cloud Service come and go, and each has a cache and a disk of its own: sessions that one of them knows mean nothing to the next, " +
			"and flushes go to all of them by the platform. What the property asks for does not happen.",
		File:    "conf.dispatcher.d/available_farms/site.farm",
		Bad:     strings.Replace(siteFarm, "\t/filter", "\t/propagateSyndPost \"1\"\n\t/filter", 1),
		Good:    siteFarm,
		Note:    "Reported are /sessionmanagement, /propagateSyndPost \"1\" and /statfile. A program in /invalidateHandler is DSP342.",
		Since:   since,
		Sources: []string{"adobe/skills, dispatcher, cloud service guardrails", converter},
	},
}

func checkProperties(p *lint.Pass, f *model.Farm) {
	report := func(at model.Place, property, hint string) {
		p.Report(diag.Diagnostic{
			Span: lineOf(at.Span), Included: at.Included, Message: fmt.Sprintf("/%s has no use in the Cloud Service", property), Hint: hint,
		})
	}
	if f.SessionManagement != nil {
		report(f.SessionManagement.At, "sessionmanagement", "remove it, and let AEM or the CDN check who asks, or use /auth_checker")
	}
	if f.PropagateSyndPost.Value {
		report(f.PropagateSyndPost.At, "propagateSyndPost", "remove it")
	}
	if f.Cache != nil && f.Cache.Statfile.Set && f.Cache.Statfile.Value != "" {
		report(f.Cache.Statfile.At, "statfile", "remove it, and set /statfileslevel")
	}
}

// lineOf is the first line of a span.
func lineOf(s source.Span) source.Span {
	if i := strings.IndexAny(s.Text(), "\r\n{"); i > 0 {
		s.End = s.Start + int32(len(strings.TrimRight(s.Text()[:i], " \t")))
	}
	return s
}

var reservedLocation = lint.Rule{
	ID: "DSP775", Name: "reserved-location", Severity: diag.Error, Profiles: []string{"cloud"}, Text: checkReserved,
	Doc: lint.Doc{
		Title: "project sets what answers an address of the platform",
		Why: "The Cloud Service asks /system/probes and /systemready whether a container is alive and ready, and answers /libs/cq/frontend-static itself. A " +
			"directive of the project's for one of these takes the platform's place: containers count as broken, and are started again and again.",
		File:    "site.vhost",
		Bad:     strings.Replace(siteHost, "\t<Directory", "\tAlias /systemready /var/www/ready.html\n\t<Directory", 1),
		Good:    siteHost,
		Note:    "Looked at are Location, LocationMatch, Alias, ProxyPass, Redirect and their kin.",
		Since:   since,
		Sources: []string{"adobe/aem-project-archetype, dispatcher.cloud, comments of dispatcher_vhost.conf"},
	},
}

// reserved are the addresses that the platform answers.
var reserved = [...]string{"/system/probes", "/systemready", "/libs/cq/frontend-static"}

func checkReserved(p *lint.Pass, f *httpd.File) {
	if p.Subject.Immutable != nil && p.Subject.Immutable(f.Src) {
		return
	}
	each(f.Items, func(l *httpd.Line, section bool) {
		var pattern bool
		switch name := strings.ToLower(l.Name.Text()); {
		case section && (name == "location" || name == "locationmatch"):
			pattern = name == "locationmatch"
		case !section && (name == "alias" || name == "proxypass" || name == "redirect" || name == "scriptalias"):
		case !section && (name == "aliasmatch" || name == "proxypassmatch" || name == "redirectmatch" || name == "scriptaliasmatch"):
			pattern = true
		default:
			return
		}
		if l.Args.IsZero() {
			return
		}
		words, _ := apacheconf.Words(httpd.Unjoin([]byte(l.Args.Text())))
		for i, w := range words {
			path := w.Text
			if i == 0 && section && path == "~" {
				pattern = true
				continue
			}
			if pattern {
				path = strings.TrimLeft(path, "^(?:")
			}
			if i > 2 || strings.Contains(path, "://") {
				break
			}
			for _, r := range reserved {
				if path == r || strings.HasPrefix(path, r+"/") || pattern && strings.HasPrefix(path, r) {
					p.Report(diag.Diagnostic{
						Span: l.At, Message: fmt.Sprintf("%s is for %s, which the platform answers", l.Name.Text(), r), Hint: "remove it",
					})
					return
				}
			}
			if !strings.HasPrefix(path, "/") && !pattern {
				continue // a status of Redirect
			}
			break
		}
	})
}

var legacySizeLimit = lint.Rule{
	ID: "DSP768", Name: "legacy-size-limit", Severity: diag.Error, Profiles: []string{"cloud"}, InImmutable: true, Config: checkSize,
	Doc: lint.Doc{
		Title: "legacy mode: files are larger than 1 MB together",
		Why:   "In the legacy mode the Cloud Service takes less than 1 MB of the project's files together, and refuses a deployment with more.",
		File:  entryFile, Bad: allFarms, Good: allFarms,
		Files:    legacyTree(),
		BadFiles: []lint.File{{Name: "conf.d/rewrites/rewrite.rules", Text: "# moved pages, by year\n", Times: 50_000}},
		Note:     "Files of the platform do not count. Switch to the flexible mode with " + flexibleMode + ".",
		Since:    since,
		Sources:  []string{legacy},
	},
}

func checkSize(p *lint.Pass, _ *model.Config) {
	if !legacyMode(p) {
		return
	}
	const most = 1 << 20
	var sum int64
	var largest lint.Entry
	for _, e := range entries(p) {
		if e.Folder || versionsOf(e.Name) != nil || !strings.HasPrefix(e.Name, "conf.d/") && !strings.HasPrefix(e.Name, "conf.dispatcher.d/") {
			continue
		}
		sum += e.Size
		if e.Size > largest.Size {
			largest = e
		}
	}
	if sum < most {
		return
	}
	p.Report(diag.Diagnostic{
		Span: largest.File.Span(0, 0), Message: fmt.Sprintf("files of the project have %d bytes together: in the legacy mode they may have %d", sum, most-1),
		Hint: "switch to the flexible mode, or make this one smaller: it is the largest",
	})
}
