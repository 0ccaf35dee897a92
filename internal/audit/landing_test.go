package audit

import (
	"strings"
	"testing"
)

// operators are all of them.
var operators = []Operator{
	AsIs, ExtensionFlip, NewlineParameter, PathParameter, GraphQLParameter, GraphQLTraversal, ProxyParameter, Suffix, QueryExtension, Slashes,
	DottedSelectors, UnicodeDigits, ParentParameter, BracketParent, EncodedParent, EncodedSlash, EncodedLetter, TrailingControl, LetterCase,
	SelectorWrap, FormSelector, MethodTunnel,
}

func TestReaches(t *testing.T) {
	const maybe = "AEM" // what every reason starts with
	for _, tt := range []struct {
		path, resource string
		by             Found
		ok             bool
		depends        string
	}{
		{"/bin/querybuilder.json", "/bin/querybuilder.json", ByPath, true, ""},
		{"/bin/querybuilder.json.css", "/bin/querybuilder.json", ByPath, true, ""},
		{"/bin/querybuilder.json/x.css", "/bin/querybuilder.json", ByPath, true, ""},
		{"/bin/querybuilder.json;\nxyz.css", "/bin/querybuilder.json", ByPath, true, ""},
		{"/bin/querybuilder.json;x='.css/x'", "/bin/querybuilder.json", ByPath, true, ""},
		{"///bin///querybuilder.json", "/bin/querybuilder.json", ByPath, true, ""},
		{"/bin/querybuilderx.json", "/bin/querybuilder.json", ByPath, false, ""},
		{"/content/site/bin/querybuilder.json", "/bin/querybuilder.json", ByPath, false, ""},
		{"/content/..;/bin/querybuilder.json", "/bin/querybuilder.json", ByPath, true, maybe},
		{"/content/.[./bin/querybuilder.json", "/bin/querybuilder.json", ByPath, true, maybe},
		{"/content/%2e%2e/bin/querybuilder.json", "/bin/querybuilder.json", ByPath, true, maybe},
		{"/graphql/execute.json/..%2f../bin/querybuilder.json", "/bin/querybuilder.json", ByPath, true, maybe},
		{"/bin%2fquerybuilder.json", "/bin/querybuilder.json", ByPath, true, maybe},
		{"/BIN/QUERYBUILDER.JSON", "/bin/querybuilder.json", ByPath, true, maybe},
		{"/a.form.html/bin/querybuilder.json", "/bin/querybuilder.json", ByPath, true, maybe},
		{"/bin/msm/audit/x.css", "/bin/msm/audit", ByPath, true, maybe},
		{"/etc/x.css", "/etc", ByNode, false, ""},
		{"/etc.json", "/etc", ByNode, true, ""},
		{"/etc.1.json/x.css", "/etc", ByNode, true, ""},
		{"/etc.css", "/etc", ByNode, true, maybe},
		{"/etc.clientlibs/site/a.css", "/etc", ByNode, true, maybe},
		{"/crx/de/x.css", "/crx/de", ByMount, true, ""},
		{"/crx/de.css", "/crx/de", ByMount, true, maybe},
		{"/crx/de\t", "/crx/de", ByMount, true, maybe},
		{"/crx/design", "/crx/de", ByMount, false, ""},
		{"/", "/crx/de", ByMount, false, ""},
	} {
		ok, depends := reaches(tt.path, tt.resource, tt.by)
		if ok != tt.ok || ok && (tt.depends == "") != (depends == "") || tt.depends != "" && !strings.HasPrefix(depends, tt.depends) {
			t.Errorf("%q for %s: %v, %q", tt.path, tt.resource, ok, depends)
		}
	}
}

// TestProbesReachThemselves: each probe, as it is, comes where it wants to go, and does not depend on anything for it where it
// is no trick already.
func TestProbesReachThemselves(t *testing.T) {
	for _, p := range Probes() {
		target := strings.ReplaceAll(p.Target, "{page}", "/content/a/b")
		path, _, _ := strings.Cut(target, "?")
		ok, depends := reaches(delivered(path), aim(target), p.Class.Found)
		if !ok {
			t.Errorf("%s does not come to %s", p.Name(), aim(target))
		}
		if depends != "" && !p.Only {
			t.Errorf("%s depends: %s", p.Name(), depends)
		}
	}
}

// TestMutate: each operator makes forms, each form can come to what the probe is after, and no form is another resource.
func TestMutate(t *testing.T) {
	p := &Probe{Class: &Class{}, Method: "GET", Target: "/bin/querybuilder.json?path=/home"}
	made := map[Operator]int{}
	forms := 0
	p.Forms(p.Target, nil, func(o Operator, method, target string) {
		made[o]++
		forms++
		path, query, _ := strings.Cut(target, "?")
		if !strings.HasPrefix(query, "path=/home") {
			t.Errorf("%s loses the query: %s", o, target)
		}
		if ok, _ := reaches(delivered(path), "/bin/querybuilder.json", ByPath); !ok && !strings.Contains(path, "%00") {
			t.Errorf("%s: %s does not come there", o, target)
		}
		if method != "GET" && o != MethodTunnel {
			t.Errorf("%s: %s %s", o, method, target)
		}
		if o != AsIs && o.Why() == "" {
			t.Errorf("%s has no reason", o)
		}
	})
	for _, o := range operators {
		if o != SelectorWrap && made[o] == 0 {
			t.Errorf("%s makes nothing", o)
		}
	}
	if len(made) != len(operators)-1 {
		t.Errorf("%d operators were used, and there are %d", len(made), len(operators))
	}
	if forms < 38 {
		t.Errorf("%d forms", forms)
	}
	for o, want := range map[Operator]string{
		SelectorWrap: "/content/a.model.infinity.json", ExtensionFlip: "/content/a.infinity.json.css", NewlineParameter: "/content/a.infinity.json;%0axyz.css",
		UnicodeDigits: "/content/a.infinity.json.%D9%A1.json", ParentParameter: "/content/..;/content/a.infinity.json", LetterCase: "/content/a.infinity.JSON",
		EncodedSlash: "/content%2fa.infinity.json", EncodedLetter: "/content/a.infinity.jso%6e", QueryExtension: "/content/a.infinity.json?.ico",
	} {
		found := false
		(&Probe{Class: &Class{}, Method: "GET", Page: true}).Forms("/content/a.infinity.json", []string{"model"}, func(got Operator, _, target string) {
			found = found || got == o && target == want
		})
		if !found {
			t.Errorf("%s does not make %s", o, want)
		}
	}
	only := 0
	(&Probe{Class: &Class{}, Method: "GET", Only: true}).Forms("/x", nil, func(Operator, string, string) { only++ })
	if only != 1 {
		t.Errorf("a probe that is a trick already has %d forms", only)
	}
}

// FuzzReaches: no path makes it panic or go on, and a path always reaches itself.
func FuzzReaches(f *testing.F) {
	for _, s := range []string{"/a/b.json", "/..;/%2f;x/.[./a", "//", ";/;/..", "/a%2", "/.form./x", "/a\x00\n"} {
		f.Add(s, "/a/b.json")
	}
	f.Fuzz(func(t *testing.T, path, resource string) {
		if len(path)+len(resource) > 4096 {
			return
		}
		for _, by := range []Found{ByPath, ByNode, ByMount} {
			reaches(path, resource, by)
		}
		if a := aim(path); a == "" || a[0] != '/' {
			t.Errorf("aim of %q is %q", path, a)
		}
		if plain := single(path); strings.HasPrefix(plain, "/") {
			if ok, depends := reaches(plain, plain, ByPath); !ok || depends != "" {
				t.Errorf("%q does not reach itself: %v %s", plain, ok, depends)
			}
		}
	})
}
