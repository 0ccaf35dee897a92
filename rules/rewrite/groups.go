package rewrite

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

var referenceRange = lint.Rule{
	ID: "DSP690", Name: "backreference-out-of-range", Severity: diag.Error, Fixable: true, Server: eachRule(checkReferences),
	Doc: lint.Doc{
		Title: "reference to a group that is not there",
		Why: "A $ and a digit stand for a group of the rule's pattern, a % and a digit for one of the last condition that matched. Where there " +
			"is no such group nothing is put in, and the address lacks a part. An encoded character such as %20 is taken for %2 and a 0.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/shop/(.*)$ /content/shop/$2 [PT,L]` + "\n",
		Good:    `RewriteRule ^/shop/(.*)$ /content/shop/$1 [PT,L]` + "\n",
		Note:    "There is a fix where the pattern has one group, and the reference is to the second.",
		Since:   since,
		Sources: []string{docModule},
	},
}

func checkReferences(p *lint.Pass, w *site, _ *scope, _ int, r *server.RewriteRule) {
	if r.Pattern.PCRE == nil {
		return
	}
	if !r.NoSubstitution && !r.Flags.Forbidden && !r.Flags.Gone {
		tellReferences(p, w, r, r.Conditions, r.Substitution, r.SubstitutionAt, r.Place)
	}
	for i, c := range r.Conditions {
		if w.owns(c.At) && c.Kind != server.CondExpr {
			tellReferences(p, w, r, r.Conditions[:i], c.Test, c.TestAt, c.Place)
		}
	}
}

// tellReferences looks at the references of a string behind some conditions.
func tellReferences(p *lint.Pass, w *site, r *server.RewriteRule, conditions []*server.RewriteCond, s string, where source.Span, in server.Place) {
	groups, unknown := -1, false // of conditions: -1 where none can match
	for _, c := range conditions {
		switch {
		case c.Kind == server.CondExpr, c.Kind == server.CondPattern && c.Pattern.PCRE == nil:
			unknown = true
		case c.Kind == server.CondPattern && !c.Negated:
			groups = max(groups, c.Pattern.PCRE.NumCaptures())
		}
	}
	for _, ref := range references(s) {
		at := where
		if base, ok := literalIn(where, s); ok {
			at = source.Span{File: where.File, Start: base + int32(ref.start), End: base + int32(ref.end)}
		}
		written := s[ref.start:ref.end]
		d := diag.Diagnostic{}
		switch {
		case ref.kind == ruleGroup && r.Pattern.Negated:
			d.Message = fmt.Sprintf("%s stands for nothing: a pattern with ! in front has no groups", written)
			d.Hint = "write the pattern without !, or take %{REQUEST_URI}"
		case ref.kind == ruleGroup && ref.n > r.Pattern.PCRE.NumCaptures():
			n := r.Pattern.PCRE.NumCaptures()
			d.Message = fmt.Sprintf("%s stands for nothing: pattern %s has %s", written, shown(r.Pattern), groupsOf(n))
			d.Hint = "correct the number, or put the part into parentheses"
			if n == 1 && ref.n == 2 && at != where && !usesGroup(s, 1) {
				d.Hint = "write $1"
				d.Fixes = []diag.Fix{{Title: "write $1", Edits: []diag.Edit{{Span: at, New: "$1"}}}}
			}
		case ref.kind == condGroup && !unknown && ref.n > groups:
			d.Message = fmt.Sprintf("%s stands for nothing: no condition in front has that group", written)
			d.Hint = "put a RewriteCond with a group in front, or write $ for a group of the rule's pattern"
			if ref.end < len(s) && isHex(s[ref.end]) {
				written = s[ref.start : ref.end+1]
				d.Message = fmt.Sprintf("%s is taken for a group of a condition and a %c", written, s[ref.end])
				d.Hint = `write \` + written + " and flag NE for an encoded character"
				if groups < 0 && ref.n == 2 && s[ref.end] == '0' {
					d.Hint = `write \%20 and flag NE, or "\ " for a blank`
				}
			}
		default:
			continue
		}
		w.tell(p, at, in, d)
	}
}

func groupsOf(n int) string {
	switch n {
	case 0:
		return "no group"
	case 1:
		return "one group"
	}
	return fmt.Sprintf("%d groups", n)
}

func usesGroup(s string, n int) bool {
	for _, r := range references(s) {
		if r.kind == ruleGroup && r.n == n {
			return true
		}
	}
	return false
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

var unknownVariable = lint.Rule{
	ID: "DSP691", Name: "unknown-server-variable", Severity: diag.Error, Fixable: true, Server: eachRule(checkVariables),
	Doc: lint.Doc{
		Title: "variable that mod_rewrite does not know",
		Why: "A name in %{…} that mod_rewrite does not know stands for nothing, without a word in the log: a condition on it never holds, or " +
			"always does.",
		File: "site.rules",
		Bad: `RewriteCond %{REQUEST_URL} !^/content
RewriteRule ^/(.*)$ /content/site/$1 [PT,L]
`,
		Good: `RewriteCond %{REQUEST_URI} !^/content
RewriteRule ^/(.*)$ /content/site/$1 [PT,L]
`,
		Note:    "Headers are %{HTTP:Name}, variables of the environment %{ENV:NAME}. There is a fix where the name that was meant is plain.",
		Since:   since,
		Sources: []string{docModule},
	},
}

// variables are those of mod_rewrite.
const variables = " HTTP_USER_AGENT HTTP_REFERER HTTP_COOKIE HTTP_FORWARDED HTTP_HOST HTTP_PROXY_CONNECTION HTTP_ACCEPT " +
	"CONN_REMOTE_ADDR REMOTE_ADDR REMOTE_HOST REMOTE_PORT REMOTE_USER REMOTE_IDENT REQUEST_METHOD SCRIPT_FILENAME PATH_INFO QUERY_STRING AUTH_TYPE " +
	"CONTEXT_PREFIX CONTEXT_DOCUMENT_ROOT DOCUMENT_ROOT SERVER_ADMIN SERVER_NAME SERVER_ADDR SERVER_PORT SERVER_PROTOCOL SERVER_SOFTWARE " +
	"TIME_YEAR TIME_MON TIME_DAY TIME_HOUR TIME_MIN TIME_SEC TIME_WDAY TIME " +
	"API_VERSION THE_REQUEST REQUEST_URI REQUEST_FILENAME REQUEST_SCHEME IS_SUBREQ HTTPS IPV6 SCRIPT_USER SCRIPT_GROUP "

// meant are names that are often written, and what they mean.
var meant = map[string]string{
	"REQUEST_URL": "REQUEST_URI", "REQUESTURI": "REQUEST_URI", "URI": "REQUEST_URI", "REQUEST_PATH": "REQUEST_URI", "REQUEST_URIS": "REQUEST_URI", "SCRIPT_URL": "REQUEST_URI",
	"QUERYSTRING": "QUERY_STRING", "QUERY": "QUERY_STRING", "ARGS": "QUERY_STRING",
	"HOST": "HTTP_HOST", "HTTPHOST": "HTTP_HOST", "REQUEST_HOST": "HTTP_HOST", "HOSTNAME": "HTTP_HOST", "HTTP_REFERRER": "HTTP_REFERER", "REFERER": "HTTP_REFERER",
	"USER_AGENT": "HTTP_USER_AGENT", "HTTP_USERAGENT": "HTTP_USER_AGENT", "METHOD": "REQUEST_METHOD", "SCHEME": "REQUEST_SCHEME", "REQUEST_PROTOCOL": "REQUEST_SCHEME",
	"DOCUMENTROOT": "DOCUMENT_ROOT", "SERVERNAME": "SERVER_NAME", "REMOTE_IP": "REMOTE_ADDR", "REQUEST_FILE": "REQUEST_FILENAME",
	"HTTP_AUTHORIZATION": "HTTP:Authorization", "HTTP_ACCEPT_LANGUAGE": "HTTP:Accept-Language", "HTTP_ORIGIN": "HTTP:Origin",
}

func checkVariables(p *lint.Pass, w *site, _ *scope, _ int, r *server.RewriteRule) {
	if !r.NoSubstitution {
		tellVariables(p, w, r.Substitution, r.SubstitutionAt, r.Place)
	}
	for _, c := range r.Conditions {
		if w.owns(c.At) && c.Kind != server.CondExpr {
			tellVariables(p, w, c.Test, c.TestAt, c.Place)
		}
	}
}

func tellVariables(p *lint.Pass, w *site, s string, where source.Span, in server.Place) {
	for _, ref := range references(s) {
		if ref.kind != variable {
			continue
		}
		name := strings.ToUpper(ref.name)
		prefix, rest, colon := strings.Cut(name, ":")
		known := listed(variables, name)
		if colon {
			known = rest != "" && listed(" ENV HTTP SSL LA-U LA-F ", prefix)
		}
		if known {
			continue
		}
		d := diag.Diagnostic{Message: fmt.Sprintf("%%{%s} is no variable of mod_rewrite: it stands for nothing", text(ref.name)), Hint: "correct the name, or write %{ENV:NAME} or %{HTTP:Name}"}
		right := meant[name]
		if header, ok := strings.CutPrefix(name, "HTTP_X_"); ok && right == "" {
			right = "HTTP:X-" + headerCase(header)
		}
		if right == "" {
			right = oneOff(name)
		}
		at := where
		if base, ok := literalIn(where, s); ok {
			at = source.Span{File: where.File, Start: base + int32(ref.start), End: base + int32(ref.end)}
			if right != "" {
				d.Fixes = []diag.Fix{{Title: "write %{" + right + "}", Edits: []diag.Edit{{Span: at, New: "%{" + right + "}"}}}}
			}
		}
		if right != "" {
			d.Hint = "did you mean %{" + right + "}"
		}
		w.tell(p, at, in, d)
	}
}

// headerCase writes FORWARDED_PROTO as Forwarded-Proto.
func headerCase(s string) string {
	words := strings.Split(strings.ToLower(s), "_")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "-")
}

// oneOff returns the variable from which a name differs by one sign that is wrong, missing or too many.
func oneOff(name string) string {
	for known := range strings.FieldsSeq(variables) {
		n := 0
		for n < len(known) && n < len(name) && known[n] == name[n] {
			n++
		}
		a, b := known[n:], name[n:]
		if a != "" && (a[1:] == b || b != "" && a[1:] == b[1:]) || b != "" && a == b[1:] {
			return known
		}
	}
	return ""
}
