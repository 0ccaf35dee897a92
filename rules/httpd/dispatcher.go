package httpd

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	grammar "github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

var forwardedHostTrust = lint.Rule{
	ID: "DSP561", Name: "forwarded-host-trust", Severity: diag.Warning, Profiles: ownServers, Server: checkForwardedHost,
	Doc: lint.Doc{
		Title: "every client chooses the farm",
		Why: "With DispatcherUseForwardedHost On, the farm is chosen by X-Forwarded-Host, whoever sends it: a client reaches farms that its host name does not lead to, and with " +
			"another name in that header puts pages with wrong links into the cache.",
		File: "site.conf",
		Bad: `DispatcherUseForwardedHost On
`,
		Good: `DispatcherUseForwardedHost conf.d/edge.key
`,
		Note:    "Suppress it where the server can only be reached through a proxy that sets the header itself.",
		Since:   since,
		Sources: []string{docsInstall, "release notes of the Dispatcher, DISP-824"},
	},
}

var dispatcherLogLevel = lint.Rule{
	ID: "DSP562", Name: "dispatcher-loglevel", Severity: diag.Warning, Server: checkLogLevel, Fixable: true,
	Doc: lint.Doc{
		Title: "log tells every step of every request",
		Why: "At debug and trace levels the module and mod_rewrite write dozens of lines for each request. That slows the server down under load, fills its disk, and puts addresses and " +
			"headers of visitors into logs.",
		File: "site.vhost",
		Bad: `Define DISP_LOG_LEVEL trace1
`,
		Good: `Define DISP_LOG_LEVEL warn
`,
		Note:    "A level in a section <IfDefine ENVIRONMENT_DEV>, or in one for what is not production, is left alone.",
		Since:   since,
		Sources: []string{docsInstall + " (DispatcherLogLevel)", docsCore + " (LogLevel)", "AdobeDocs/experience-manager-cloud-service.en, implementing/developing/logging.md"},
	},
}

func checkForwardedHost(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, l := range c.byKey["dispatcheruseforwardedhost"] {
		if w := words(l.Node); len(w) == 1 && in(w[0].Text, "on", "1") {
			tell(p, l.WordSpan(w[0]), l.Included, "DispatcherUseForwardedHost On believes every client", "name the file with the key that the proxy in front sends")
		}
	}
}

// chatty reports whether a level of a log tells every step.
func chatty(level string) bool {
	level = strings.ToLower(level)
	return level == "debug" || strings.HasPrefix(level, "trace")
}

// levelVariables are those that the main file of conf.d sets levels by, and archetypes of Managed Services.
var levelVariables = []string{"DISP_LOG_LEVEL", "REWRITE_LOG_LEVEL"}

func checkLogLevel(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, f := range p.Subject.ServerFiles {
		c.levelsDefined(p, f.Items, nil)
	}
	for _, key := range []string{"loglevel", "dispatcherloglevel"} {
		for _, l := range c.byKey[key] {
			if len(l.Variables) > 0 {
				continue
			}
			for _, w := range words(l.Node) {
				module, level, named := strings.Cut(w.Text, ":")
				if !named {
					level = module
				}
				wrong := chatty(level) && (!named || strings.HasPrefix(module, "dispatcher") || strings.HasPrefix(module, "rewrite") || strings.HasPrefix(module, "mod_rewrite")) ||
					key == "dispatcherloglevel" && in(level, "3", "4")
				if wrong {
					by := "warn"
					if named {
						by = module + ":warn"
					}
					if in(level, "3", "4") {
						by = "1"
					}
					tell(p, l.WordSpan(w), l.Included, fmt.Sprintf("%s %s writes lines for every step of every request", l.Name, w.Text), "write "+by,
						replacing("write "+by, l.WordSpan(w), w.Text, by))
				}
			}
		}
	}
}

// levelsDefined looks for Define in a text, whether it is read today or in another environment.
func (c *scene) levelsDefined(p *lint.Pass, items []grammar.Item, around []string) {
	for _, item := range items {
		switch x := item.(type) {
		case *grammar.Section:
			in := around
			if strings.EqualFold(x.Name.Text(), "IfDefine") {
				in = append(around[:len(around):len(around)], strings.TrimSpace(x.Args.Text()))
			}
			c.levelsDefined(p, x.Items, in)
		case *grammar.Directive:
			if !strings.EqualFold(x.Name.Text(), "Define") || x.Args.IsZero() || developing(around) {
				continue
			}
			list, _ := apacheconf.Words(x.Args.Text())
			if len(list) != 2 || !in(list[0].Text, levelVariables...) || !chatty(list[1].Text) {
				continue
			}
			at := source.Span{File: x.Args.File, Start: x.Args.Start + int32(list[1].Start), End: x.Args.Start + int32(list[1].End)}
			tell(p, at, nil, fmt.Sprintf("%s is %s outside of development: lines for every step of every request", list[0].Text, list[1].Text), "write warn",
				replacing("write warn", at, list[1].Text, "warn"))
		}
	}
}

// developing reports whether one of some conditions is about an environment that is not production.
func developing(conditions []string) bool {
	for _, d := range conditions {
		if in(d, "ENVIRONMENT_DEV", "ENVIRONMENT_RDE", "!ENVIRONMENT_PROD", "ENVIRONMENT_STAGE") {
			return true
		}
	}
	return false
}
