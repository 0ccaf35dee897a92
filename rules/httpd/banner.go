package httpd

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
)

var serverBanner = lint.Rule{
	ID: "DSP553", Name: "server-banner", Severity: diag.Warning, Profiles: ownServers, Server: checkServerBanner, Fixable: true,
	Doc: lint.Doc{
		Title: "answers name the release of the server",
		Why:   "The header Server and the foot of error pages tell everybody which release of httpd and of its modules to look up weaknesses for.",
		File:  "site.conf",
		Bad: `ServerTokens Full
ServerSignature Off
`,
		Good: `ServerTokens Prod
ServerSignature Off
`,
		Note:    "Where the directive is missing, that is only said of a project that brings its own httpd.conf, with ServerRoot in it.",
		Since:   since,
		Sources: []string{docsCore + " (ServerTokens, ServerSignature)", "httpd.apache.org/docs/2.4, misc/security_tips.html"},
	},
}

var traceEnabled = lint.Rule{
	ID: "DSP554", Name: "trace-enabled", Severity: diag.Warning, Profiles: ownServers, Server: checkTrace, Fixable: true,
	Doc: lint.Doc{
		Title: "method TRACE is answered",
		Why: "httpd answers TRACE itself, in front of the Dispatcher and its filter, with the request as it arrived: headers that proxies in front " +
			"have added, and cookies that scripts must not see, come back in the body.",
		File: "site.conf",
		Bad: `TraceEnable On
`,
		Good: `TraceEnable Off
`,
		Note:    "Where the directive is missing, that is only said of a project that brings its own httpd.conf, with ServerRoot in it.",
		Since:   since,
		Sources: []string{docsCore + " (TraceEnable)"},
	},
}

var poweredBy = lint.Rule{
	ID: "DSP600", Name: "x-powered-by", Severity: diag.Hint, Server: checkPoweredBy, Fixable: true,
	Doc: lint.Doc{
		Title: "answers name parts of the server",
		Why: "Headers such as X-Vhost and X-Dispatcher help to look for a mistake, and tell everybody else which virtual host and which machine " +
			"answered.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	Header always add X-Vhost "site-publish"
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docsHeaders},
	},
}

func checkServerBanner(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	if lines := c.byKey["servertokens"]; len(lines) > 0 {
		// The last one read counts, wherever it stands.
		l := lines[len(lines)-1]
		if w := words(l.Node); len(w) > 0 && !in(w[0].Text, "prod", "productonly") {
			tell(p, l.WordSpan(w[0]), l.Included, fmt.Sprintf("ServerTokens %s tells the release of the server", w[0].Text), "write ServerTokens Prod",
				replacing("write Prod", l.WordSpan(w[0]), w[0].Text, "Prod"))
		}
	} else if c.root != nil && !c.defined["servertokens"] {
		tell(p, c.root.At, c.root.Included, "ServerTokens is not set, and Full is the default", "write ServerTokens Prod",
			inserting("write ServerTokens Prod", c.root.At, "", "ServerTokens Prod"))
	}
	for _, l := range c.byKey["serversignature"] {
		if w := words(l.Node); len(w) > 0 && !in(w[0].Text, "off") {
			tell(p, l.WordSpan(w[0]), l.Included, fmt.Sprintf("ServerSignature %s puts the name of the server below error pages", w[0].Text), "write ServerSignature Off",
				replacing("write Off", l.WordSpan(w[0]), w[0].Text, "Off"))
		}
	}
}

func checkTrace(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, l := range c.byKey["traceenable"] {
		if w := words(l.Node); len(w) > 0 && !in(w[0].Text, "off") {
			tell(p, l.WordSpan(w[0]), l.Included, fmt.Sprintf("TraceEnable %s answers TRACE in front of the Dispatcher", w[0].Text), "write TraceEnable Off",
				replacing("write Off", l.WordSpan(w[0]), w[0].Text, "Off"))
		}
	}
	if c.root != nil && !c.defined["traceenable"] {
		tell(p, c.root.At, c.root.Included, "TraceEnable is not set, and On is the default", "write TraceEnable Off",
			inserting("write TraceEnable Off", c.root.At, "", "TraceEnable Off"))
	}
}

func checkPoweredBy(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	c.eachHeader(func(_ *server.Host, _ vhosts.Placed, r *server.HeaderRule) {
		if gives(r) && in(r.Name, "X-Vhost", "X-Dispatcher", "X-Powered-By", "X-Backend", "X-Backend-Server") && c.owns(r.At) {
			tell(p, r.NameAt, r.Included, fmt.Sprintf("header %s names a part of the server to everybody", r.Name), "send it where you look for mistakes only",
				removing("take the line away", r.At))
		}
	})
}

var requestLimits = lint.Rule{
	ID: "DSP599", Name: "request-limits", Severity: diag.Info, Profiles: ownServers, Server: checkRequestLimits,
	Doc: lint.Doc{
		Title: "slow requests may hold the server for long",
		Why: "Each connection keeps a worker of httpd while its request arrives. Without a short limit for that, a few clients that send a byte now and then " +
			"keep all workers, and nobody else is answered.",
		File: "site.conf",
		Bad: `Timeout 1200
`,
		Good: `Timeout 60
`,
		Note:    "Reported are a Timeout above 300 seconds and a RequestReadTimeout that is switched off.",
		Since:   since,
		Sources: []string{docsCore + " (TimeOut)", "httpd.apache.org/docs/2.4, mod/mod_reqtimeout.html"},
	},
}

// longTimeout is the longest Timeout, in seconds, that is not reported: that of httpd before 2.4.
const longTimeout = 300

func checkRequestLimits(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, l := range c.byKey["timeout"] {
		w := words(l.Node)
		if len(w) == 0 {
			continue
		}
		if n, err := strconv.Atoi(w[0].Text); err == nil && n > longTimeout {
			tell(p, l.WordSpan(w[0]), l.Included, fmt.Sprintf("Timeout lets httpd wait %d seconds for a client", n), "write 60 or less")
		}
	}
	for _, l := range c.byKey["requestreadtimeout"] {
		for _, w := range words(l.Node) {
			name, value, _ := strings.Cut(w.Text, "=")
			first, _, _ := strings.Cut(value, ",")
			if from, _, _ := strings.Cut(first, "-"); from == "0" && in(name, "header", "handshake") {
				tell(p, l.WordSpan(w), l.Included, fmt.Sprintf("RequestReadTimeout %s waits for a request without end", w.Text), "write header=20-40,MinRate=500")
			}
		}
	}
}
