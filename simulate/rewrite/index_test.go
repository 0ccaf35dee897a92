package rewrite

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dispcheck/dispcheck/internal/apexpr"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model/server"
)

// asked is a Subject that writes down what rules do to it.
type asked struct {
	uri, query string
	headers    map[string]string
	env        map[string]string
	sub        bool
	log        []string
}

func (a *asked) URI() string           { return a.uri }
func (a *asked) Query() (string, bool) { return a.query, a.query != "" }
func (a *asked) Filename() string      { return "/srv/www" + a.uri }
func (a *asked) PathInfo() string      { return "/info" }
func (a *asked) Variable(name string) (string, bool) {
	return strings.ToLower(name), name != "REMOTE_PORT"
}
func (a *asked) Header(name string) (string, bool) {
	v, ok := a.headers[strings.ToLower(name)]
	return v, ok
}
func (a *asked) Env(name string) (string, bool) { v, ok := a.env[name]; return v, ok }
func (a *asked) SetEnv(name, value string) {
	a.log = append(a.log, "set "+name+"="+value)
	a.env[strings.Clone(name)] = strings.Clone(value)
}
func (a *asked) UnsetEnv(name string)          { a.log = append(a.log, "unset "+name); delete(a.env, name) }
func (a *asked) Vary(name string)              { a.log = append(a.log, "vary "+name) }
func (a *asked) AddCookie(line string)         { a.log = append(a.log, "cookie "+line) }
func (a *asked) CookieTime(minutes int) string { return fmt.Sprint(minutes) }
func (a *asked) Expr(*apexpr.Expr, bool) (bool, string, []int, error) {
	return false, "", nil, nil
}
func (a *asked) Stat(path string) FileKind {
	if path == "/content" {
		return Folder
	}
	return Missing
}
func (a *asked) LookAhead(string, bool) (string, bool) { return "", false }
func (a *asked) Subrequest() bool                      { return a.sub }
func (a *asked) HostURL() string                       { return "http://www.example.com" }
func (a *asked) MatchesHost(host string, _ int) bool   { return host == "www.example.com" }
func (a *asked) DocumentRoot() string                  { return "/srv/www" }
func (a *asked) Map(*server.RewriteMap, string) (string, bool, bool) {
	return "", false, false
}
func (a *asked) NotSimulated(text, why string, _ server.Place) {
	a.log = append(a.log, "not simulated "+text+": "+why)
}

// onlooker is a recorder: while somebody looks on, every rule and every condition is tried.
type onlooker struct{}

func (onlooker) Step(Step)       {}
func (onlooker) Log(int, string) {}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// randomRules draws rules in which paths, hosts and prefixes meet often.
func randomRules(t *testing.T, r *rand.Rand, n int) *server.RewriteSettings {
	t.Helper()
	patterns := []string{
		"^/a$", "^/a/?$", "^/a/b$", "^/A/b", "^/a/(.*)$", "^/(de|fr)/(.*)/$", "^/(?:a|b)c?/", "^(.*)$", "^/?$", "^$", "^", "a", `\.html$`, "^/a.*html$",
		"^/ab", "^/abc", "^/abc/d$", "^/[ab]/x$", "^/x{2}", "^/(a", "^a/(.*)", "^a$", "^srv", "^/srv/www/a", "^/content/", "^(a|b*)c", "^/a?+b", "^http://",
	}
	hosts := []string{"^www\\.example\\.com$", "^www", "^shop\\.", "example\\.com$", "^(?:www|shop)\\.", "^WWW", "^$", "(", "^[a-z]+\\."}
	uris := []string{"^/a", "^/b", "^/content", "^/a/b", "/a", "^/a$", "^(/a)", "^/de", "^"}
	compile := func(text string) *server.Pattern {
		p := &server.Pattern{Text: text, Negated: false, NoCase: r.IntN(4) == 0}
		re, err := match.CompilePCRE(text, match.PCREOptions{IgnoreCase: p.NoCase})
		if err != nil {
			p.NotSimulated = "cannot be read"
			return p
		}
		p.PCRE = re
		return p
	}
	s := &server.RewriteSettings{Directory: pick(r, []string{"", "/srv/www/"})}
	for range n {
		rule := &server.RewriteRule{Pattern: compile(pick(r, patterns))}
		rule.Pattern.Negated = r.IntN(10) == 0
		rule.Substitution = pick(r, []string{"/a", "/b/$1", "/a/b", "/content/$1.html", "/x?y=%1", "a/$1", "/fr/$1/", "http://www.example.com/a", "/abc/d"})
		rule.NoSubstitution = r.IntN(6) == 0
		f := &rule.Flags
		f.Last, f.PassThrough, f.Chain = r.IntN(8) == 0, r.IntN(8) == 0, r.IntN(8) == 0
		f.End, f.Proxy, f.QueryAppend = r.IntN(30) == 0, r.IntN(30) == 0, r.IntN(6) == 0
		f.NoSubrequest = r.IntN(10) == 0
		if r.IntN(12) == 0 {
			f.Redirect, f.Status = true, 301
		}
		if r.IntN(20) == 0 {
			f.Next, f.NextLimit = true, 5
		}
		if r.IntN(8) == 0 {
			f.Skip = r.IntN(4)
		}
		if r.IntN(20) == 0 && !f.Redirect {
			f.Forbidden, f.Status = true, 403
		}
		if r.IntN(6) == 0 {
			f.Env = []string{pick(r, []string{"SEEN:$1", "!SEEN", "HOST:%1"})}
		}
		for range pick(r, []int{0, 0, 0, 1, 1, 2, 3}) {
			c := &server.RewriteCond{Or: r.IntN(4) == 0, Negated: r.IntN(2) == 0, NoVary: r.IntN(10) == 0}
			switch r.IntN(5) {
			case 0, 1:
				c.Test, c.Pattern = "%{HTTP_HOST}", compile(pick(r, hosts))
			case 2, 3:
				c.Test, c.Pattern = "%{REQUEST_URI}", compile(pick(r, uris))
			default:
				c.Test, c.Pattern = pick(r, []string{"%{HTTP:X-A}", "%{QUERY_STRING}", "%{ENV:SEEN}", "%{REMOTE_PORT}", "$1", "%{HTTP:Host}"}), compile(pick(r, []string{"a", "^$", "(.)"}))
			}
			if r.IntN(20) == 0 {
				c.NotSimulated = "a condition of a kind"
			}
			rule.Conditions = append(rule.Conditions, c)
		}
		s.Rules = append(s.Rules, rule)
	}
	return s
}

// TestIndexTellsTheTruth: rules that are left out, conditions that are tried at once and texts in a Memory make no
// difference to anything that can be seen.
func TestIndexTellsTheTruth(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	uris := []string{"/", "", "/a", "/a/", "/A/B", "/a/b", "/a/b.html", "/ab", "/abc/d", "/de/x/", "/fr/", "/bc/x", "/content/a.html", "/b/x", "/xx", "/content", "/é"}
	opts := cmp.Options{cmpopts.IgnoreFields(Result{}, "Memory"), cmp.Comparer(func(a, b *server.RewriteRule) bool { return a == b })}
	var memory Memory
	left, applied := 0, 0
	for range 3000 {
		rs := Compile(randomRules(t, r, 1+r.IntN(140)), nil)
		for range 4 {
			uri, query := pick(r, uris), pick(r, []string{"", "a=b"})
			host, sub := pick(r, []string{"www.example.com", "shop.example.com", "WWW.Example.com", ""}), r.IntN(8) == 0
			run := func(perDir bool, rec Recorder, m *Memory) (Result, []string) {
				s := &asked{uri: uri, query: query, sub: sub, headers: map[string]string{"host": host, "x-a": "abc"}, env: map[string]string{}}
				res := Result{Memory: m}
				if perDir {
					rs.RunDirectory(s, rec, &res)
				} else {
					rs.RunServer(s, rec, &res)
				}
				return res, s.log
			}
			for _, perDir := range []bool{false, true} {
				want, wantLog := run(perDir, onlooker{}, nil)
				memory.Reset()
				got, gotLog := run(perDir, nil, &memory)
				if diff := cmp.Diff(want, got, opts) + cmp.Diff(wantLog, gotLog); diff != "" {
					t.Fatalf("%q of host %q, per directory %t: with somebody looking on -, without +:\n%s", uri, host, perDir, diff)
				}
				if want.Outcome != Declined {
					applied++
				}
				if rs.index != nil {
					set := rs.index.candidates(nil, uri, host)
					for i := next(set, 0); i < rs.Len(); i = next(set, i+1) {
						left--
					}
					left += rs.Len()
				}
			}
		}
	}
	if left < 100_000 || applied < 5_000 {
		t.Errorf("%d rules were left out and %d requests changed: too few to prove anything", left, applied)
	}
}

func TestIndex(t *testing.T) {
	texts := []string{"^/a$", "^/a/?$", "^/(de|fr)/(.*)$", "^(.*)$", "!^/a$", "^/News/", "^/(?:a|b*)c", "^/about", "^/about/us$", "x"}
	var rules []rule
	for _, text := range texts {
		p := &server.Pattern{Text: text}
		if rest, ok := strings.CutPrefix(text, "!"); ok {
			p.Negated, text = true, rest
		}
		re, err := match.CompilePCRE(text, match.PCREOptions{IgnoreCase: text == "^/News/"})
		if err != nil {
			t.Fatal(err)
		}
		p.PCRE = re
		rules = append(rules, rule{RewriteRule: &server.RewriteRule{Pattern: p}})
	}
	ix := newIndex(rules)
	for _, tt := range []struct {
		path string
		want string // beside those that are always tried
	}{
		{"/a", "^/a$ ^/a/?$"},
		{"/a/", "^/a/?$"},
		{"/a/b", ""},
		{"/de/x", "^/(de|fr)/(.*)$"},
		{"/news/x", "^/News/"},
		{"/NEWS/x", "^/News/"},
		{"/about", "^/about"},
		{"/about/us", "^/about ^/about/us$"},
		{"/about/us/x", "^/about"},
		{"/", ""},
		{"", ""},
	} {
		t.Run(tt.path, func(t *testing.T) {
			set := ix.candidates(nil, tt.path, "")
			var got []string
			for i := next(set, 0); i < len(rules); i = next(set, i+1) {
				if text := texts[i]; !slices.Contains([]string{"^(.*)$", "!^/a$", "^/(?:a|b*)c", "x"}, text) {
					got = append(got, text)
				}
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			for _, i := range []int{3, 4, 6, 9} {
				if next(set, i) != i {
					t.Errorf("%s is left out", texts[i])
				}
			}
		})
	}
}

// TestMemory: texts stay what they are while others are made, and the room is used again after a reset.
func TestMemory(t *testing.T) {
	var m Memory
	for range 3 {
		m.Reset()
		var got, want []string
		for i := range 500 {
			a, b := strings.Repeat("a", i%70), fmt.Sprint(i)
			got, want = append(got, m.Join(a, "-", b), m.Text([]byte(b))), append(want, a+"-"+b, b)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal("want -, got +:\n", diff)
		}
	}
	if got := m.Join("", ""); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
	var none *Memory
	if got := none.Join("a", "b") + none.Text([]byte("c")); got != "abc" {
		t.Errorf("got %q of no memory, want abc", got)
	}
	m.Reset()
	m.Join(strings.Repeat("x", mostMemory+1))
	m.Reset()
	if cap(m.b) != 0 {
		t.Errorf("got %d bytes kept, want none", cap(m.b))
	}
}

// TestRulesSeeWhatOthersMade: a rule that nothing led to at first is tried where another has changed the path.
func TestRulesSeeWhatOthersMade(t *testing.T) {
	var list []*server.RewriteRule
	for _, step := range [][2]string{{"^/b$", "/never"}, {"^/a$", "/b"}, {"^/b$", "/c/d"}, {"^/a$", "/never"}, {"^/c/(.*)$", "/e"}, {"^/x$", "/never"}} {
		list = append(list, &server.RewriteRule{Pattern: patternOf(t, step[0]), Substitution: step[1]})
	}
	rs := Compile(&server.RewriteSettings{Rules: list}, nil)
	for _, rec := range []Recorder{nil, onlooker{}} {
		var res Result
		rs.RunServer(&asked{uri: "/a", headers: map[string]string{}, env: map[string]string{}}, rec, &res)
		if res.Filename != "/e" || res.By != list[4] {
			t.Errorf("got %q, want /e", res.Filename)
		}
	}
}
