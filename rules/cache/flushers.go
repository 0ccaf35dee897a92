package cache

import (
	"fmt"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/rules/unread"
)

var allowedClientsOpen = lint.Rule{
	ID: "DSP332", Name: "allowedclients-open", Severity: diag.Error, Security: true, Drops: true, Farm: checkClientsOpen,
	Doc: lint.Doc{
		Title: "/allowedClients lets any address flush the cache",
		Why: "Flushes do not pass the filter: /allowedClients alone keeps strangers from them. Who may flush can keep the cache empty, and then " +
			"all requests go to AEM.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/allowedClients {
		/0001 { /glob "*" /type "allow" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/allowedClients {
		/0000 { /glob "*"        /type "deny" }
		/0001 { /glob "10.1.1.5" /type "allow" }
	}
}
`,
		Note: "Asked about is 203.0.113.7, an address that nobody has. The last entry that matches decides; an address that no entry matches may " +
			"not flush. Where a firewall keeps clients away, suppress the finding.",
		Since:   since,
		Sources: []string{configuration, skills, "Netcentric/pickaxe-security-scanner"},
	},
}

var allowedClientsIPv6Gap = lint.Rule{
	ID: "DSP333", Name: "allowedclients-ipv6-gap", Severity: diag.Warning, Security: true, Fixable: true, Drops: true, Farm: checkClientsIPv6,
	Doc: lint.Doc{
		Title: "entry that keeps clients from flushing is for IPv4 alone",
		Why: `An address is compared as text. "*.*.*.*" fits those of IPv4, with three dots, and none of IPv6, such as 2001:db8::7: what holds ` +
			"for these another entry says, or none.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/allowedClients {
		/0000 { /glob "*"        /type "allow" }
		/0001 { /glob "*.*.*.*"  /type "deny" }
		/0002 { /glob "10.1.1.5" /type "allow" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/allowedClients {
		/0001 { /glob "*"        /type "deny" }
		/0002 { /glob "10.1.1.5" /type "allow" }
	}
}
`,
		Note: "An info where no entry matches addresses of IPv6: what the module does then is not published, and it is taken to refuse. Adobe's " +
			"default_invalidate.any is of this kind.",
		Since:   since,
		Sources: []string{configuration, archetype + " (default_invalidate.any)"},
	},
}

// Addresses of the ranges that are kept for documentation (RFC 5737, RFC 3849).
const (
	strangerIPv4 = "203.0.113.7"
	strangerIPv6 = "2001:db8::7"
)

// flushing returns the entries that decide whether strangers of IPv4 and IPv6 may flush, nil for none. It is false where
// that is not known.
func flushing(p *lint.Pass, f *model.Farm) (four, six *model.Rule, ok bool) {
	if f.Cache == nil || f.Cache.AllowedClients == nil || len(f.Cache.AllowedClients.Rules) == 0 {
		return nil, nil, false
	}
	l := f.Cache.AllowedClients
	if len(l.Unknown) > 0 || unread.Section(p, l.At.Span) {
		return nil, nil, false
	}
	knownFour, knownSix := true, true
	for _, r := range l.Rules {
		if r.Glob == nil {
			return nil, nil, false
		}
		plain := lastmatch.Plain(r)
		if !plain || r.Glob.Match(strangerIPv4) {
			four, knownFour = r, plain
		}
		if !plain || r.Glob.Match(strangerIPv6) {
			six, knownSix = r, plain
		}
	}
	return four, six, knownFour && knownSix
}

func checkClientsOpen(p *lint.Pass, f *model.Farm) {
	r, _, ok := flushing(p, f)
	if !ok || r == nil || !r.Allow {
		return
	}
	p.Report(diag.Diagnostic{
		Span: r.At.Span, Included: r.At.Included,
		Message: fmt.Sprintf("%s of /allowedClients lets %s flush the cache, and so anybody", lastmatch.Name(r), strangerIPv4),
		Hint:    `deny "*" first, then allow the addresses of the AEM instances`,
	})
}

func checkClientsIPv6(p *lint.Pass, f *model.Farm) {
	four, six, ok := flushing(p, f)
	if !ok || four == nil || four.Allow || six != nil && !six.Allow {
		return
	}
	d := diag.Diagnostic{
		Span: four.Glob.ValueAt, Included: four.Glob.At.Included,
		Hint: `deny "*", which fits every address`,
	}
	if six != nil {
		d.Message = fmt.Sprintf("/glob %s fits no IPv6 address, and %s lets those flush the cache", quote(four.Glob.Text()), lastmatch.Name(six))
		d.Related = []diag.Related{{Span: six.At.Span, Message: strangerIPv6 + " is allowed here"}}
	} else {
		d.Severity = diag.Info
		d.Message = fmt.Sprintf("/glob %s fits no IPv6 address, and no entry says what holds for those", quote(four.Glob.Text()))
	}
	if four.Glob.Text() == "*.*.*.*" && four.Glob.Quote != '\'' {
		d.Fixes = textedit.Replaced(four.Glob.ValueAt, "*") // not safe: addresses of IPv6 that might flush no longer may
	}
	p.Report(d)
}
