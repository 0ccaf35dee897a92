package cache

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/source"
)

func TestNoAddress(t *testing.T) {
	for _, tt := range []struct{ text, what, glob string }{
		{"10.0.0.0/8", "a network in CIDR notation", "10.*"},
		{"172.16.0.0/16", "a network in CIDR notation", "172.16.*"},
		{"192.168.7.9/24", "a network in CIDR notation", "192.168.7.*"},
		{"10.1.2.3/32", "a network in CIDR notation", "10.1.2.3"},
		{"0.0.0.0/0", "a network in CIDR notation", ""},
		{"172.16.0.0/12", "a network in CIDR notation", ""},
		{"::1/128", "a network in CIDR notation", ""},
		{"10.0.0.0/255.0.0.0", "a network or a path", ""},
		{"10.0.0.1;10.0.0.2", "a list", ""},
		{"10.0.0.1-9", "a range", ""},
		{"publish", "a host name", ""},
		{"host[0-9].example.com", "a host name", ""},
		{"10.0", "only a part of one", ""},
		{"10.0.0.256", "only a part of one", ""},
		{"10.0.0.1", "", ""},
		{"10.0.0.[0-9]", "", ""},
		{"10.0.*", "", ""},
		{"*", "", ""},
		{"ab*", "", ""},
		{"[a-z", "", ""},
		{"fe80::1%eth0", "", ""},
	} {
		t.Run(tt.text, func(t *testing.T) {
			if what, glob := noAddress(tt.text); what != tt.what || glob != tt.glob {
				t.Errorf("got %q, %q, want %q, %q", what, glob, tt.what, tt.glob)
			}
		})
	}
}

func TestWithoutSets(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", ""}, {"abc", "abc"}, {"a[bc]d", "a[]d"}, {"a[]|]d", "a[]d"}, {"a[!]|]d", "a[]d"}, {"a[^|]", "a[]"},
		{"a[b", "a[b"}, {"a[", "a["}, {"a[]", "a[]"}, {"[a][b]", "[][]"}, {"[!", "[!"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			if got := withoutSets(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDanger(t *testing.T) {
	for _, tt := range []struct {
		folder string
		want   bool
	}{
		{"/", true}, {"//", true}, {"/etc", true}, {"/etc/httpd/conf", true}, {"/var/www", true}, {"/var/www/", true}, {"/var/log/httpd", true},
		{"/usr/local/etc/x", true}, {"/var/www/html/..", true}, {"/proc/1", true},
		{"/var/www/html", false}, {"/etc2", false}, {"/mnt/var/www/html", false}, {"/usr/local/apache2/htdocs", false}, {"/opt/cache", false},
		{"etc", false}, {"", false}, {"/etc/${NAME}", false},
	} {
		t.Run(tt.folder, func(t *testing.T) {
			if got := danger(tt.folder); (got != "") != tt.want {
				t.Errorf("got %q, want something: %t", got, tt.want)
			}
		})
	}
}

func TestIsAbsolute(t *testing.T) {
	for _, tt := range []struct {
		name string
		want bool
	}{
		{"/opt/x", true}, {`C:\x`, true}, {"c:/x", true}, {`\\server\x`, true}, {"x", false}, {"./x", false}, {"c:", false}, {"c:x", false}, {"", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := isAbsolute(tt.name); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func TestQuote(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"plain", "a*", `"a*"`},
		{"backslash", `a\.b`, `"a\.b"`},
		{"control character", "a\x1b[0m", `"a\x1b[0m"`},
		{"long", strings.Repeat("a", 81), `"` + strings.Repeat("a", 80) + `…"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := quote(tt.text); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// read returns the cache of a text's first farm.
func read(t *testing.T, text string) *model.Cache {
	t.Helper()
	p, err := project.Load(t.Context(), project.Options{FS: fstest.MapFS{"dispatcher.any": {Data: []byte(text)}}, Path: "dispatcher.any"})
	if err != nil {
		t.Fatal(err)
	}
	return p.Config.Farms[0].Cache
}

// changed returns a text after edits in it.
func changed(t *testing.T, f *source.File, edits []diag.Edit) string {
	t.Helper()
	text, err := diag.Apply(f, edits)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestInsertion(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"own line", "/cache {\n  /docroot \"/x\"\n}\n", "/cache {\n  /docroot \"/x\"\n  /mode \"0700\"\n}\n"},
		{"comment", "/cache {\n\t/docroot \"/x\" # here\n}\n", "/cache {\n\t/docroot \"/x\" # here\n\t/mode \"0700\"\n}\n"},
		{"windows", "/cache {\r\n\t/docroot \"/x\"\r\n}\r\n", "/cache {\r\n\t/docroot \"/x\"\r\n\t/mode \"0700\"\r\n}\r\n"},
		{"one line", "/cache { /docroot \"/x\" }\n", "/cache { /docroot \"/x\" /mode \"0700\" }\n"},
		{"not alone", "/cache {\n\t/docroot \"/x\" /info \"0\"\n}\n", "/cache {\n\t/docroot \"/x\" /mode \"0700\" /info \"0\"\n}\n"},
		{"no docroot", "/cache { /gracePeriod \"2\" }\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := read(t, tt.text)
			got := ""
			if fixes := insertion(c, `/mode "0700"`); fixes != nil {
				got = changed(t, c.At.Span.File, fixes[0].Edits)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFirstEntry(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"lines", "/cache {\n\t/rules {\n\t\t# q\n\t\t/1 { /glob \"q\" /type \"deny\" }\n\t}\n}\n", "/cache {\n\t/rules {\n\t\t/0\n\t\t# q\n\t\t/1 { /glob \"q\" /type \"deny\" }\n\t}\n}\n"},
		{"comment", "/cache {\n\t/rules { # all\n\t\t/1 { /glob \"q\" /type \"deny\" }\n\t}\n}\n", "/cache {\n\t/rules { # all\n\t\t/0\n\t\t/1 { /glob \"q\" /type \"deny\" }\n\t}\n}\n"},
		{"windows", "/cache {\n\t/rules {\r\n\t\t/1 { /glob \"q\" /type \"deny\" }\r\n\t}\n}\n", "/cache {\n\t/rules {\r\n\t\t/0\r\n\t\t/1 { /glob \"q\" /type \"deny\" }\r\n\t}\n}\n"},
		{"one line", "/cache { /rules { /1 { /glob \"q\" /type \"deny\" } } }\n", "/cache { /rules { /0 /1 { /glob \"q\" /type \"deny\" } } }\n"},
		{"comment before the brace", "/cache { /rules # { \"\n{ /1 { /glob \"q\" /type \"deny\" } } }\n", ""},
		{"empty", "/cache { /rules { } }\n", ""},
		{"entries alone", "/1 { /glob \"/q\" /type \"deny\" }\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := read(t, tt.text)
			if c == nil || c.Rules == nil {
				t.Fatal("the text is not read as rules of a cache")
			}
			got := ""
			if edits := textedit.FirstEntry(c.Rules, "/0"); edits != nil {
				got = changed(t, c.Rules.At.Span.File, edits)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnread: where a part of /cache could not be read, nothing is said about what it lacks.
func TestUnread(t *testing.T) {
	const farm = "/farms {\n\t/site {\n\t\t/renders { /r { /hostname \"a\" } }\n\t\t%\n\t}\n}\n"
	for _, tt := range []struct {
		name, cache string
		want        int
	}{
		{"all there", `/cache { /docroot "/var/cache/www" /rules { /0 { /glob "*" /type "allow" } } }`, 1},
		{"file is missing", `/cache { /docroot "/var/cache/www" /rules { /0 { /glob "*" /type "allow" } } $include "gone.any" }`, 0},
		{"file of a file is missing", `/cache { /docroot "/var/cache/www" /rules { /0 { /glob "*" /type "allow" } } $include "there.any" }`, 0},
		{"file elsewhere is missing", `/cache { /docroot "/var/cache/www" /rules { /0 { /glob "*" /type "allow" } } } /filter { $include "gone.any" }`, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := project.Load(t.Context(), project.Options{Path: "dispatcher.any", FS: fstest.MapFS{
				"dispatcher.any": {Data: []byte(strings.Replace(farm, "%", tt.cache, 1))},
				"there.any":      {Data: []byte("$include \"gone.any\"\n")},
			}})
			if err != nil {
				t.Fatal(err)
			}
			s := lint.Subject{Config: p.Config, Files: p.Tree.Files, Profile: string(p.Kind), Found: p.Findings}
			got := 0
			for _, d := range lint.Run(t.Context(), &s, Rules(), nil, lint.RunOptions{}).Findings {
				if d.Rule == statfilesLevelLow.ID {
					got++
				}
			}
			if got != tt.want {
				t.Errorf("got %d findings, want %d", got, tt.want)
			}
		})
	}
}

// TestParameterPolicies: what a project settles by the option.
func TestParameterPolicies(t *testing.T) {
	const (
		ignores = `/cache { /ignoreUrlParams { /0 { /glob "*" /type "allow" } } }`
		denies  = `/cache { /ignoreUrlParams { /0 { /glob "*" /type "deny" } } }`
		neither = `/cache { /ignoreUrlParams { /0 { /glob "q" /type "allow" } } }`
	)
	for _, tt := range []struct {
		name, policy, text, want string
	}{
		{"literal, deny, ignores", "literal " + denyByDefault, ignores, `/ignoreUrlParams does not start with an entry for /glob "*" that has /type "deny"`},
		{"literal, deny, denies", "literal " + denyByDefault, denies, ""},
		{"literal, either, denies", "literal " + eitherWay, denies, `/ignoreUrlParams does not start with an entry for /glob "*" that has /type "allow"`},
		{"either, ignores", eitherWay, ignores, ""},
		{"either, denies", eitherWay, denies, ""},
		{"either, neither", eitherWay, neither, "/ignoreUrlParams does not say what holds for all other parameters"},
		{"ignore, ignores", ignoreByDefault, ignores, ""},
		{"ignore, denies", ignoreByDefault, denies, "/ignoreUrlParams does not ignore parameters that it does not name"},
		{"ignore, neither", ignoreByDefault, neither, "/ignoreUrlParams does not ignore parameters that it does not name"},
		{"deny, ignores", denyByDefault, ignores, "/ignoreUrlParams ignores parameters that it does not name"},
		{"deny, denies", denyByDefault, denies, ""},
		{"deny, neither", denyByDefault, neither, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := project.Load(t.Context(), project.Options{Path: "dispatcher.any", FS: fstest.MapFS{"dispatcher.any": {Data: []byte(tt.text)}}})
			if err != nil {
				t.Fatal(err)
			}
			s := lint.Subject{Config: p.Config, Files: p.Tree.Files}
			policy, literal := strings.CutPrefix(tt.policy, "literal ")
			set := lint.Settings{
				Select:  []string{ignoreURLParamsPolicy.ID},
				Options: map[string]lint.Options{ignoreURLParamsPolicy.ID: {"policy": {Value: policy}}},
			}
			if literal {
				set.Policy = lint.Literal
			}
			got := ""
			for _, d := range lint.Run(t.Context(), &s, Rules(), &set, lint.RunOptions{}).Findings {
				got += d.Message
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
