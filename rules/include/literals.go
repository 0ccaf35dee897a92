package include

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

var hardcodedEnvironmentValue = lint.Rule{
	ID: "DSP128", Name: "hardcoded-environment-value", Severity: diag.Warning, Profiles: []string{"cloud", "ams"}, Farm: checkLiterals, Fixable: true,
	Doc: lint.Doc{
		Title: "value that the platform gives in a variable is written out",
		Why: "The address of AEM differs from one environment to the next, and changes when servers are replaced. The same configuration " +
			"runs in all of them: a value that is written out is right in one at best, and wrong in the others without a word.",
		File: "conf.dispatcher.d/available_farms/site.farm",
		Bad: `/site {
	/virtualhosts { "www.example.com" }
	/renders {
		/rend01 { /hostname "10.43.0.12" /port "${AEM_PORT}" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`,
		Good: `/site {
	/virtualhosts { "www.example.com" }
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`,
		Note: "Looked at are addresses of renders, names and ports of renders that listen where AEM does (4502, 4503), and " +
			"on Managed Services the document root (in the Cloud Service DSP301 tells of it). Addresses of the own machine and names without a dot are left out. Fixes are offered in the Cloud Service and where the value is the variable's.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-cloud-service.en, disp-overview.md", "AdobeDocs/experience-manager-learn.en, explanation-config-files.md"},
	},
}

// platformRoot is the document root that both platforms have.
const platformRoot = "/mnt/var/www/html"

func checkLiterals(p *lint.Pass, f *model.Farm) {
	cloud := p.Subject.Profile == "cloud"
	for _, r := range f.Renders {
		host, port := ofText(r.Hostname), ofNumber(r.Port)
		aem := r.Port.Value == 4502 || r.Port.Value == 4503
		if host.literal() && (host.isAddress() || aem && host.isName()) {
			// The port goes with the name: one of them alone would be of another machine.
			var also []diag.Edit
			if port.literal() && aem {
				also = []diag.Edit{port.edit("AEM_PORT")}
			}
			host.report(p, "hostname", pick(cloud, "AEM_HOST", "PUBLISH_IP or AUTHOR_IP"), cloud, also...)
		}
		if port.literal() && aem && strings.Contains(host.raw, "${") {
			port.report(p, "port", pick(cloud, "AEM_PORT", "PUBLISH_PORT or AUTHOR_PORT"), cloud)
		}
	}
	if f.Cache == nil || cloud {
		return // in the Cloud Service docroot-not-variable says so
	}
	if root := ofText(f.Cache.Docroot); root.literal() && strings.TrimRight(root.text, "/") == platformRoot {
		root.report(p, "docroot", "PUBLISH_DOCROOT", true)
	}
}

func pick(cloud bool, ofCloud, ofAMS string) string {
	if cloud {
		return ofCloud
	}
	return ofAMS
}

// A written is a value as it stands in the text.
type written struct {
	set       bool
	text, raw string
	at        model.Place
	valueAt   source.Span
}

func ofText(s model.Setting[string]) written {
	return written{s.Set, s.Text, s.ValueAt.Text(), s.At, s.ValueAt}
}

func ofNumber(s model.Setting[int]) written {
	return written{s.Set, s.Text, s.ValueAt.Text(), s.At, s.ValueAt}
}

// literal reports whether the value stands in the text as it is, without a variable.
func (w written) literal() bool { return w.set && w.text != "" && strings.Trim(w.raw, `"'`) == w.text }

// isAddress reports whether the value is an address of another machine.
func (w written) isAddress() bool {
	addr, err := netip.ParseAddr(w.text)
	return err == nil && !addr.IsLoopback()
}

// isName reports whether the value is a name of the DNS. One without a dot belongs to the network it is asked in, as the
// names of containers do.
func (w written) isName() bool {
	_, err := netip.ParseAddr(w.text)
	return err != nil && strings.Contains(w.text, ".")
}

// report reports the value. fix says that the variable is the only one that can be meant; what it holds on the server
// is not known here, so the fix is not safe. It makes the edits of also besides.
func (w written) report(p *lint.Pass, property, variable string, fix bool, also ...diag.Edit) {
	d := diag.Diagnostic{
		Span: w.valueAt, Included: w.at.Included,
		Message: fmt.Sprintf("property /%s has the value %s written out", property, w.raw),
		Hint:    "use the platform's variable: " + variable,
	}
	if fix {
		d.Hint = "use ${" + variable + "}"
		title := "write ${" + variable + "}"
		for _, e := range also {
			title += " and " + strings.Trim(e.New, `"`)
		}
		d.Fixes = []diag.Fix{{Title: title, Edits: append([]diag.Edit{w.edit(variable)}, also...)}}
	}
	p.Report(d)
}

// edit writes a variable in place of the value.
func (w written) edit(variable string) diag.Edit {
	return diag.Edit{Span: w.valueAt, New: `"${` + variable + `}"`}
}
