package decisiondiff_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A mutant is a tree with one edit.
type mutant struct {
	kind, file  string
	line        int
	before, now string
	texts       map[string]string
}

func (m *mutant) String() string {
	return fmt.Sprintf("%s %s:%d: %s -> %s", m.kind, m.file, m.line, strings.TrimSpace(m.before), strings.TrimSpace(m.now))
}

// An operator makes edits of one line; next is the line below. It returns what stands in place of both, false where it has
// nothing to do.
type operator struct {
	kind string
	edit func(r *rand.Rand, line, next string) (string, string, bool)
}

// replace is an operator that edits what a pattern finds in a line.
func replace(kind, pattern string, with func(*rand.Rand, string) string) operator {
	find := regexp.MustCompile(pattern)
	return operator{kind, func(r *rand.Rand, line, next string) (string, string, bool) {
		at := find.FindStringSubmatchIndex(line)
		if at == nil {
			return "", "", false
		}
		from, to := at[0], at[1]
		if len(at) > 2 && at[2] >= 0 {
			from, to = at[2], at[3]
		}
		now := line[:from] + with(r, line[from:to]) + line[to:]
		return now, next, now != line
	}}
}

func to(s string) func(*rand.Rand, string) string {
	return func(*rand.Rand, string) string { return s }
}

// letter changes one letter of a text.
func letter(r *rand.Rand, s string) string {
	var at []int
	for i := range len(s) {
		if c := s[i]; 'a' <= c && c <= 'z' && (i == 0 || s[i-1] != '\\' && s[i-1] != '%' && s[i-1] != '{') {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return s
	}
	i := at[r.IntN(len(at))]
	c := byte('a' + r.IntN(26))
	return s[:i] + string(c) + s[i+1:]
}

// operators are all edits. Those of .any texts stand first.
func operators() []operator {
	flip := func(_ *rand.Rand, s string) string {
		if strings.Contains(s, "allow") {
			return strings.Replace(s, "allow", "deny", 1)
		}
		return strings.Replace(s, "deny", "allow", 1)
	}
	return []operator{
		{"delete a rule", func(_ *rand.Rand, line, next string) (string, string, bool) {
			return "", next, strings.Contains(line, "/type") && strings.Contains(line, "{") && strings.Contains(line, "}")
		}},
		replace("flip allow and deny", `/type\s+["']?(allow|deny)`, flip),
		replace("a letter of a filter's pattern", `/(?:url|path|extension|selectors|suffix|query)\s+["']([^"']+)`, letter),
		replace("a letter of a glob", `/glob\s+["']([^"']+)`, letter),
		replace("another method", `/method\s+["'](GET|POST|HEAD|OPTIONS)`, func(_ *rand.Rand, s string) string {
			if s == "POST" {
				return "GET"
			}
			return "POST"
		}),
		{"swap two rules", func(_ *rand.Rand, line, next string) (string, string, bool) {
			return next, line, strings.Contains(line, "/type") && strings.Contains(next, "/type") && strings.Count(line, "{") == strings.Count(line, "}") && strings.Count(next, "{") == strings.Count(next, "}")
		}},
		replace("a virtual host of a farm", `^\s*"([a-z*][a-z0-9.*-]*\.[a-z*]+)"`, letter),
		replace("a header of /clientheaders", `^\s*"([A-Za-z][A-Za-z-]+)"\s*$`, letter),
		replace("/docroot", `/docroot\s+["']([^"']+)`, func(_ *rand.Rand, s string) string { return s + "/zq" }),
		replace("/statfileslevel", `/statfileslevel\s+["']?([0-9]+)`, func(_ *rand.Rand, s string) string { return s + "1" }),
		replace("/allowAuthorized", `/allowAuthorized\s+["']?([01])`, func(_ *rand.Rand, s string) string { return string('0' + '1' - s[0]) }),
		replace("a number of a farm", `/(?:gracePeriod|enableTTL|serveStaleOnError|timeout|receiveTimeout|numberOfRetries|retryDelay|failover)\s+["']([0-9]+)`, func(_ *rand.Rand, s string) string { return "1" + s }),
		replace("/port", `/port\s+["']([0-9]+)"`, to("4999")),
		replace("a letter of a rewrite's pattern", `(?i)^\s*RewriteRule\s+"?(\S+)`, letter),
		replace("a letter of a rewrite's target", `(?i)^\s*RewriteRule\s+\S+\s+"?(/\S+|https?://\S+)`, letter),
		replace("a rewrite's status", `R=30[0-9]`, func(_ *rand.Rand, s string) string {
			if s == "R=302" {
				return "R=301"
			}
			return "R=302"
		}),
		replace("a rewrite's flag", `\[(?:[^\]]*,)?(L|PT|QSA|NE|NC|F|P)[,\]]`, func(_ *rand.Rand, s string) string {
			if s == "F" {
				return "G"
			}
			return "F"
		}),
		replace("a condition's pattern", `(?i)^\s*RewriteCond\s+\S+\s+"?(\S+)`, letter),
		replace("a condition turned", `(?i)^\s*RewriteCond\s+\S+\s+"?([!^/a-z])`, func(_ *rand.Rand, s string) string {
			if s == "!" {
				return ""
			}
			return "!" + s
		}),
		replace("a redirect's path", `(?i)^\s*Redirect\w*\s+(?:[0-9a-z]+\s+)?"?(\S+)`, letter),
		replace("ServerName", `(?i)^\s*ServerName\s+"?(\S+)`, letter),
		replace("ServerAlias", `(?i)^\s*ServerAlias\s+"?(.+)`, letter),
		replace("a value of Header", `(?i)^\s*(?:Request)?Header\s+(?:always\s+)?(?:set|add|append|merge|setifempty)\s+\S+\s+"?([^"]+)`, letter),
		replace("DocumentRoot", `(?i)^\s*DocumentRoot\s+"?([^"\s]+)`, func(_ *rand.Rand, s string) string { return s + "/zq" }),
		replace("a section's argument", `(?i)^\s*<(?:Location|LocationMatch|Files|FilesMatch)\s+"?([^">]+)`, letter),
		replace("Require", `(?i)^\s*Require all (granted|denied)`, func(_ *rand.Rand, s string) string {
			if s == "granted" {
				return "denied"
			}
			return "granted"
		}),
		replace("SetEnvIf", `(?i)^\s*SetEnvIf\w*\s+(\S+\s+"?\S+)`, letter),
		{"delete a directive", func(_ *rand.Rand, line, next string) (string, string, bool) {
			w := strings.TrimSpace(line)
			return "", next, regexp.MustCompile(`^(RewriteRule|RewriteCond|Header|RequestHeader|Redirect|RedirectMatch|ServerAlias|SetEnvIf|Alias|ExpiresByType|Require)\s`).MatchString(w)
		}},
		{"swap two directives", func(_ *rand.Rand, line, next string) (string, string, bool) {
			rule := regexp.MustCompile(`^\s*(RewriteRule|Redirect|RedirectMatch|Header)\s`)
			return next, line, rule.MatchString(line) && rule.MatchString(next) && line != next
		}},
	}
}

// mutants returns edits of a tree: each operator in turn at one of the places where it has something to do, until there are
// n. They are the same each time.
func mutants(tb testing.TB, t *tree, n int, seed uint64) []*mutant {
	tb.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	texts := t.files(tb)
	var names []string
	for name := range texts {
		names = append(names, name)
	}
	slices.Sort(names)
	type place struct {
		file string
		line int
	}
	ops := operators()
	where := make([][]place, len(ops))
	for _, name := range names {
		lines := strings.Split(texts[name], "\n")
		for i := range lines {
			if strings.HasPrefix(strings.TrimSpace(lines[i]), "#") {
				continue
			}
			next := ""
			if i+1 < len(lines) {
				next = lines[i+1]
			}
			for k, op := range ops {
				if _, _, ok := op.edit(rand.New(rand.NewPCG(1, 1)), lines[i], next); ok {
					where[k] = append(where[k], place{name, i})
				}
			}
		}
	}
	var out []*mutant
	done := map[string]bool{}
	for tries := 0; len(out) < n && tries < 40*n; tries++ {
		k := tries % len(ops)
		if len(where[k]) == 0 {
			continue
		}
		at := where[k][r.IntN(len(where[k]))]
		lines := strings.Split(texts[at.file], "\n")
		next := ""
		if at.line+1 < len(lines) {
			next = lines[at.line+1]
		}
		now, after, ok := ops[k].edit(r, lines[at.line], next)
		key := fmt.Sprint(ops[k].kind, at, now)
		if !ok || done[key] {
			continue
		}
		done[key] = true
		edited := slices.Clone(lines)
		edited[at.line] = now
		if at.line+1 < len(lines) {
			edited[at.line+1] = after
		}
		out = append(out, &mutant{
			kind: ops[k].kind, file: at.file, line: at.line + 1, before: lines[at.line], now: now,
			texts: map[string]string{at.file: strings.Join(edited, "\n")},
		})
	}
	return out
}
