package cache

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
)

var allowedClientsMissing = lint.Rule{
	ID: "DSP331", Name: "allowedclients-missing", Severity: diag.Error, Security: true, Profiles: []string{"ams", "classic"}, Drops: true, Farm: checkClientsMissing,
	Doc: lint.Doc{
		Title: "anybody may flush the cache",
		Why: "Without entries in /allowedClients every client may send a flush. Who does so again and again keeps the cache empty, and all " +
			"requests go to AEM.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
		}
	}
}
`,
		Good: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
			/allowedClients {
				/0000 { /glob "*"        /type "deny" }
				/0001 { /glob "10.1.1.5" /type "allow" }
			}
		}
	}
}
`,
		Files: exampleCache(exampleLevel + exampleGrace + exampleStale + exampleTTL + exampleRules + exampleInvalid + exampleParams + exampleHeaders),
		Note: "It does not help that the address of the flush is secret or that /filter denies it: flushes do not pass the filter. Where a " +
			"firewall keeps clients away from it, suppress the finding.",
		Since:   since,
		Sources: []string{configuration, "AdobeDocs/experience-manager-dispatcher.en, release-notes.md (DISP-1040)"},
	},
}

func checkClientsMissing(p *lint.Pass, f *model.Farm) {
	if !complete(p, f) || !f.Cache.Docroot.Set {
		return
	}
	at, message := head(f.Cache.At), "/cache has no /allowedClients: anybody may flush it"
	if l := f.Cache.AllowedClients; l != nil {
		if len(l.Rules) > 0 || len(l.Unknown) > 0 {
			return
		}
		at, message = head(l.At), "/allowedClients is empty: anybody may flush the cache"
	}
	p.Report(diag.Diagnostic{
		Span: at.Span, Included: at.Included, Message: message,
		Hint: `deny "*", then allow the addresses of the AEM instances`,
	})
}

var allowedClientsBadPattern = lint.Rule{
	ID: "DSP334", Name: "allowedclients-bad-pattern", Severity: diag.Error, Fixable: true, Farm: checkClientPattern,
	Doc: lint.Doc{
		Title: "pattern of /allowedClients fits no address",
		Why: "The patterns are globs that are compared with the client's IP address as text. Networks with a slash, ranges, lists and host " +
			"names fit no address: an allow entry lets nobody flush, so pages stay stale, and a deny entry keeps nobody out.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/allowedClients {
		/0000 { /glob "*"          /type "deny" }
		/0001 { /glob "10.0.0.0/8" /type "allow" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/allowedClients {
		/0000 { /glob "*"    /type "deny" }
		/0001 { /glob "10.*" /type "allow" }
	}
}
`,
		Note:    "A fix is offered for IPv4 networks of 8, 16, 24 and 32 bits, which globs can say. Patterns in single quotes are not looked at.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkClientPattern(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || f.Cache.AllowedClients == nil {
		return
	}
	for _, r := range f.Cache.AllowedClients.Rules {
		g := r.Glob
		if g == nil || g.Quote == '\'' || g.Text() == "" || undetermined(g.Text()) || regexSign(g, subjectAddress) != "" {
			continue
		}
		what, glob := noAddress(g.Text())
		if what == "" {
			continue
		}
		d := diag.Diagnostic{
			Span: g.ValueAt, Included: g.At.Included, Message: fmt.Sprintf("/glob %s fits no address: it is %s", quote(g.Text()), what),
			Hint: "write addresses, or globs such as 10.0.0.*, an entry for each",
		}
		if glob != "" {
			d.Fixes = textedit.Replaced(g.ValueAt, glob) // not safe: the entry comes to decide
		}
		p.Report(d)
	}
}

// noAddress says what a glob is that fits no IP address, "" where it may fit one, and which glob means the same;
// "" where there is none.
func noAddress(text string) (what, glob string) {
	bare := withoutSets(text)
	if strings.ContainsRune(text, '[') && bare == text {
		return "", "" // a set without an end, which the model speaks of
	}
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return "a network in CIDR notation", prefixGlob(prefix)
	}
	switch {
	case strings.ContainsRune(bare, '/'):
		return "a network or a path", ""
	case strings.ContainsAny(bare, ", ;|"):
		return "a list", ""
	case strings.ContainsRune(bare, '%'):
		return "", "" // IPv6 addresses may name a zone
	case strings.ContainsFunc(bare, func(c rune) bool { return c > 'f' && c <= 'z' || c > 'F' && c <= 'Z' || c == '_' || c > 0x7f }):
		return "a host name", ""
	case strings.ContainsRune(bare, '-'):
		return "a range", ""
	case strings.ContainsAny(text, "*?["):
		return "", ""
	}
	if _, err := netip.ParseAddr(text); err != nil {
		return "only a part of one", ""
	}
	return "", ""
}

// prefixGlob returns the glob for a network whose border is between two numbers of an IPv4 address.
func prefixGlob(p netip.Prefix) string {
	const bitsOfNumber, bitsOfAll = 8, 32
	if !p.Addr().Is4() || p.Bits()%bitsOfNumber != 0 || p.Bits() == 0 {
		return ""
	}
	if p.Bits() == bitsOfAll {
		return p.Addr().String()
	}
	numbers := strings.Split(p.Addr().String(), ".")
	return strings.Join(numbers[:p.Bits()/bitsOfNumber], ".") + ".*"
}
