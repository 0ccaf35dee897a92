package decisiondiff

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/model/server"
)

// maxPreimages bounds how many paths are found from which rules may make one path.
const maxPreimages = 12

// An undoer has the templates of rules that were read.
type undoer map[*server.RewriteRule]*template

// preimages returns paths that rules of a host may rewrite to a path: filters and caches see what the rules made, and
// a request has to be sent so that it comes out of them.
func (u undoer) preimages(h *server.Host, path string) []string {
	if h == nil {
		return nil
	}
	var out []string
	for _, r := range h.Rewrite.Rules {
		if r.NoSubstitution || r.Flags.Redirect || r.Flags.Forbidden || r.Flags.Gone || r.Pattern == nil {
			continue
		}
		t, known := u[r]
		if !known {
			t = templateOf(r)
			u[r] = t
		}
		if t == nil {
			continue
		}
		groups, ok := t.undo(h.Maps, path)
		if !ok {
			continue
		}
		for _, g := range groups {
			for _, s := range filled(r.Pattern, g) {
				if out = append(out, s); len(out) >= maxPreimages {
					return out
				}
			}
		}
	}
	return out
}

// reference finds what a substitution refers to: groups, maps, variables.
var reference = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\$\{[^{}:]+:[^{}]*\}|\$[0-9]|%[0-9]|%\{[^}]*\}`)
})

// A template is the substitution of a rule, read backwards: the groups of whole are what its references held.
type template struct {
	whole *regexp.Regexp
	refs  []string
}

// templateOf reads a substitution; nil for one that makes no path of this server.
func templateOf(r *server.RewriteRule) *template {
	sub, _, _ := strings.Cut(r.Substitution, "?")
	if !strings.HasPrefix(sub, "/") && !strings.HasPrefix(sub, "$") && !strings.HasPrefix(sub, "%") {
		return nil
	}
	var t template
	var b strings.Builder
	b.WriteString(`\A`)
	at := 0
	for _, m := range reference().FindAllStringIndex(sub, -1) {
		b.WriteString(regexp.QuoteMeta(sub[at:m[0]]))
		b.WriteString(`(.*)`)
		t.refs = append(t.refs, sub[m[0]:m[1]])
		at = m[1]
	}
	b.WriteString(regexp.QuoteMeta(sub[at:]))
	b.WriteString(`\z`)
	var err error
	if t.whole, err = regexp.Compile(b.String()); err != nil {
		return nil
	}
	return &t
}

// undo finds what the groups of a rule's pattern held where the rule has made path.
func (t *template) undo(maps map[string]*server.RewriteMap, path string) (groups []map[int]string, ok bool) {
	found := t.whole.FindStringSubmatch(path)
	if found == nil {
		return nil, false
	}
	known := map[int]string{}
	groups = []map[int]string{known}
	for i, ref := range t.refs {
		switch {
		case strings.HasPrefix(ref, "${"):
			name, key, _ := strings.Cut(strings.Trim(ref, "${}"), ":")
			key, _, _ = strings.Cut(key, "|")
			n := group1(key)
			if m := maps[name]; m != nil && n > 0 {
				for _, k := range keysOf(m, found[i+1]) {
					groups = append(groups, map[int]string{n: k})
				}
			}
		case ref[0] == '$' && ref[1] != '0':
			known[int(ref[1]-'0')] = found[i+1]
		}
	}
	return groups, true
}

// group1 is the number of the group that a text like $1 refers to; 0 for other texts.
func group1(s string) int {
	if len(s) == 2 && s[0] == '$' && '1' <= s[1] && s[1] <= '9' {
		return int(s[1] - '0')
	}
	return 0
}

// keysOf are some keys of a map with a value.
func keysOf(m *server.RewriteMap, value string) []string {
	var out []string
	for k, v := range m.Entries {
		if v == value {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out[:min(len(out), 3)]
}
