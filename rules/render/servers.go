package render

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/rules/unread"
	"github.com/dispcheck/dispcheck/source"
)

var rendersMissing = lint.Rule{
	ID: "DSP450", Name: "renders-missing", Severity: diag.Error, Farm: checkMissing,
	Doc: lint.Doc{
		Title: "farm has no renders",
		Why: "The renders are the servers that make the pages. A farm without any can answer only what is in its cache already, " +
			"and every other request fails.",
		Bad: `/publish {
	/virtualhosts { "www.brand.example" }
	/clientheaders {
		$include "clientheaders.any"
	}
	/filter {
		$include "filter.any"
	}
	/cache {
		$include "cache.any"
	}
}
`,
		Good: `/publish {
	/virtualhosts { "www.brand.example" }
	/clientheaders {
		$include "clientheaders.any"
	}
	/renders {
		/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
	}
	/filter {
		$include "filter.any"
	}
	/cache {
		$include "cache.any"
	}
}
`,
		Files:   restOfFarm,
		Note:    "A farm is not reported where its renders may stand in a file that cannot be included.",
		Since:   since,
		Sources: []string{configuration, "adobe/aem-dispatcher-optimizer-tool, its model of farms"},
	},
}

func checkMissing(ps *lint.Pass, f *model.Farm) {
	if len(f.Renders) > 0 {
		return
	}
	const hint = `add the server that makes the pages: /renders { /rend01 { /hostname "…" /port "4503" } }`
	if at := f.RendersAt; !at.Span.IsZero() {
		// Only a part of a text is without a head: then renders may stand elsewhere.
		if partOf(ps.Subject.Config) && textedit.Head(at.Span) == at.Span || unread.Property(ps, f, "renders", at.Span) || unread.Property(ps, f, "renders", f.At.Span) {
			return
		}
		ps.Tell(textedit.Head(at.Span), at, "/renders is empty", hint)
		return
	}
	if partOf(ps.Subject.Config) || unread.Property(ps, f, "renders", f.At.Span) {
		return
	}
	at := f.NameAt
	if at.IsZero() {
		at = textedit.Head(f.At.Span)
	}
	ps.Tell(at, f.At, "farm /"+shown(f.Name)+" has no /renders", hint)
}

// maxPort is the highest port of TCP.
const maxPort = 65535

var renderPortInvalid = lint.Rule{
	ID: "DSP452", Name: "render-port-invalid", Severity: diag.Error, Farm: checkPort,
	Doc: lint.Doc{
		Title: "port of a render is none",
		Why:   "TCP has the ports 1 to 65535. No connection to another one comes about, so that the render answers nothing.",
		Bad: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "450300" /timeout "10000" }
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
`,
		Note:    "A port that is no number at all is reported as DSP017.",
		Since:   since,
		Sources: []string{configuration, "adobe/aem-dispatcher-optimizer-tool, its check of integer values"},
	},
}

func checkPort(ps *lint.Pass, f *model.Farm) {
	for _, r := range f.Renders {
		if p := &r.Port; p.Set && known(p.Text) && (p.Value < 1 || p.Value > maxPort) {
			ps.Tell(p.ValueAt, p.At, fmt.Sprintf("property /port is %d, and there are the ports 1 to %d", p.Value, maxPort), "write the port on which the instance listens, such as 4503")
		}
	}
}

var renderSecureMismatch = lint.Rule{
	ID: "DSP455", Name: "render-secure-mismatch", Severity: diag.Warning, Security: true, Farm: checkSecure,
	Doc: lint.Doc{
		Title: "port and /secure of a render do not go together",
		Why: "With /secure 1 the module speaks TLS to the render, without it plain HTTP. 443 is the port of HTTPS; 80, 8080, 4502 and " +
			"4503 are those on which servers and AEM listen for plain HTTP. Where the two ends do not speak the same, no request is " +
			"answered.",
		Bad: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "443" /timeout "10000" }
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "443" /secure "1" /timeout "10000" }
}
`,
		Note:    "Servers can be told to listen otherwise; other ports are not reported.",
		Since:   since,
		Sources: []string{configuration},
	},
}

// plainPorts are those on which plain HTTP is the rule; 4502 and 4503 are AEM's.
var plainPorts = [...]int{80, 8080, 4502, 4503}

func checkSecure(ps *lint.Pass, f *model.Farm) {
	for _, r := range f.Renders {
		p, s := &r.Port, &r.Secure
		if !p.Set || !known(p.Text) || !unread.IsFlag(s) || strconv.Itoa(p.Value) != strings.TrimLeft(p.Text, "0") {
			continue
		}
		if p.Value == 443 && !s.Value {
			d := diag.Diagnostic{
				Span: p.ValueAt, Included: p.At.Included, Message: named(r) + " is asked without TLS on port 443",
				Hint: `add /secure "1", or write the port for plain HTTP`,
			}
			if s.Set {
				d.Related = []diag.Related{{Span: s.At.Span, Message: "TLS is switched off here"}}
			}
			ps.Report(d)
			continue
		}
		for _, plain := range plainPorts {
			if p.Value == plain && s.Value {
				ps.Report(diag.Diagnostic{
					Span: p.ValueAt, Included: p.At.Included, Message: fmt.Sprintf("%s is asked by TLS on port %d, a port of plain HTTP", named(r), plain),
					Hint:    "write the port for TLS, or remove /secure",
					Related: []diag.Related{{Span: s.At.Span, Message: "TLS is switched on here"}},
				})
			}
		}
	}
}

var renderDuplicate = lint.Rule{
	ID: "DSP456", Name: "render-duplicate", Severity: diag.Warning, Farm: checkDuplicate, Fixable: true,
	Doc: lint.Doc{
		Title: "two renders are the same server",
		Why: "Requests are shared out among renders, and another render takes over when one fails. Two that are one server share nothing " +
			"out, and fail together: a retry asks the same server again. Most often the second was copied and not changed.",
		Bad: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
	/rend02 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish1.brand.example" /port "4503" /timeout "10000" }
	/rend02 { /hostname "publish2.brand.example" /port "4503" /timeout "10000" }
}
`,
		Note:    "The fix removes the second render. It may be that its host should be another one instead.",
		Since:   since,
		Sources: []string{configuration},
	},
}

// address is what a render connects to, and false where that is not known.
func address(r *model.Render) (string, bool) {
	host := strings.ToLower(r.Hostname.Value)
	if host == "" || !known(host) || !known(r.Port.Text) {
		return "", false
	}
	port := r.Port.Value
	if !r.Port.Set {
		if !unread.IsFlag(&r.Secure) {
			return "", false
		}
		port = 80
		if r.Secure.Value {
			port = 443
		}
	} else if strings.Trim(r.Port.Text, "0123456789") != "" || r.Port.Text == "" {
		return "", false // what the module takes is not known
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), true
}

func checkDuplicate(ps *lint.Pass, f *model.Farm) {
	first := map[string]*model.Render{}
	for _, r := range f.Renders {
		addr, ok := address(r)
		if !ok {
			continue
		}
		o := first[addr]
		if o == nil {
			first[addr] = r
			continue
		}
		if o.Name == r.Name {
			continue // the label that is there twice is reported
		}
		d := diag.Diagnostic{
			Span: nameOf(r), Included: r.At.Included, Message: fmt.Sprintf("%s is %s, as %s is", named(r), shown(addr), named(o)),
			Hint:    "write the other server's host, or remove one of the two",
			Related: []diag.Related{{Span: nameOf(o), Message: "the same server"}},
		}
		if whole(r.At.Span) && r.Name != "" {
			d.Fixes = []diag.Fix{{Title: "remove " + named(r), Edits: []diag.Edit{textedit.Removed(r.At.Span)}}}
		}
		ps.Report(d)
	}
}

// whole reports whether a span covers a section to its closing brace.
func whole(at source.Span) bool { return strings.HasSuffix(at.Text(), "}") }

var renderLocal = lint.Rule{
	ID: "DSP465", Name: "render-local", Severity: diag.Info, Profiles: []string{"ams", "classic"}, Farm: checkLocal,
	Doc: lint.Doc{
		Title: "render is the machine of the Dispatcher itself",
		Why: "localhost is where the Dispatcher runs. On a developer's machine AEM runs there too; elsewhere there is nothing, and every " +
			"request fails once the file is deployed.",
		Bad: `/renders {
	/rend01 { /hostname "127.0.0.1" /port "4503" /timeout "10000" }
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
`,
		Note:    "A host that comes from a variable is not reported: it is another one on each machine.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkLocal(ps *lint.Pass, f *model.Farm) {
	for _, r := range f.Renders {
		h := &r.Hostname
		if isLocal(h.Value) && !strings.Contains(h.ValueAt.Text(), "${") {
			ps.Tell(h.ValueAt, h.At, fmt.Sprintf("%s is the Dispatcher's own machine, %s", named(r), shown(h.Value)), "write the host of the instance, or a variable that each environment sets")
		}
	}
}

// isLocal reports whether a host is the machine itself.
func isLocal(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

var alwaysResolveOff = lint.Rule{
	ID: "DSP466", Name: "always-resolve-off", Severity: diag.Info, Profiles: []string{"cloud", "ams"}, Farm: checkResolve,
	Options: []lint.Option{{
		Name: "hosts",
		Default: []string{
			"*.elb.amazonaws.com", "*.elb.*.amazonaws.com", "*.elb.*.amazonaws.com.cn", "*.trafficmanager.net", "*.azurefd.net",
			"*.cloudfront.net", "*.adobeaemcloud.com",
		},
		Doc: "Globs over the names of hosts whose addresses change while the Dispatcher runs.",
	}},
	Doc: lint.Doc{
		Title: "address of a render is kept although it changes",
		Why: "The module looks the name of a render up once and keeps the address. The names of load balancers stand for addresses that " +
			"come and go: requests go on to one that is no longer there, until the server is restarted.",
		Bad: `/renders {
	/rend01 { /hostname "publish-1.eu-west-1.elb.amazonaws.com" /port "80" /timeout "10000" }
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish-1.eu-west-1.elb.amazonaws.com" /port "80" /timeout "10000" /always-resolve "1" }
}
`,
		Note:    "Only names of services that are known for this are reported; the option hosts says which.",
		Since:   since,
		Sources: []string{configuration + " (/always-resolve, from 4.1.6 on)"},
	},
}

func checkResolve(ps *lint.Pass, f *model.Farm) {
	var changing []*match.Pattern
	for _, r := range f.Renders {
		h, a := &r.Hostname, &r.AlwaysResolve
		if !h.Set || !known(h.Value) || a.Value || !unread.IsFlag(a) {
			continue
		}
		if changing == nil {
			for _, glob := range ps.Strings("hosts") {
				changing = append(changing, match.GlobFold(glob))
			}
		}
		for _, p := range changing {
			if p.Match(h.Value) {
				ps.Tell(h.ValueAt, h.At, fmt.Sprintf("addresses of %s change, and %s keeps the first", shown(h.Value), named(r)), `add /always-resolve "1"`)
				break
			}
		}
	}
}
