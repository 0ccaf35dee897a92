package model

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/source"
)

func TestNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "7": "7", "007": "7", "2147483647": "2147483647", "2147483648": "", "-1": "", "+1": "", "": "",
		" 1": "", "1 ": "", "1s": "", "0x10": "", "1.5": "", "99999999999999999999": "", "1e3": "",
	} {
		n, ok := parseNumber(text)
		if got := fmt.Sprint(n); (want == "") == ok || ok && got != want {
			t.Errorf("%q: got %v %v, want %q", text, n, ok, want)
		}
	}
}

// TestValues: what written values come to. The left side is the body of a farm.
func TestValues(t *testing.T) {
	tests := []struct {
		text string
		got  func(*Farm) any
		want any
	}{
		{`/info "1"`, func(f *Farm) any { return f.Info.Value }, true},
		{`/info 1`, func(f *Farm) any { return f.Info.Value }, true},
		{`/info '1'`, func(f *Farm) any { return f.Info.Value }, true},
		{`/info "0"`, func(f *Farm) any { return f.Info.Value }, false},
		{`/info "true"`, func(f *Farm) any { return f.Info.Value }, false},
		{`/info "01"`, func(f *Farm) any { return f.Info.Value }, false},
		{`/info ""`, func(f *Farm) any { return f.Info.Value }, false},
		{`/vanity_urls { /url "u" }`, func(f *Farm) any { return f.VanityURLs.LoadOnStartup.Value }, true},
		{`/vanity_urls { /loadOnStartup "no" }`, func(f *Farm) any { return f.VanityURLs.LoadOnStartup.Value }, false},
		{`/vanity_urls { /delay "soon" }`, func(f *Farm) any { return f.VanityURLs.Delay.Value }, 300},
		{`/vanity_urls { /delay 350# Confuse this
			}`, func(f *Farm) any { return f.VanityURLs.Delay.Value }, 350},
		{`/retryDelay "10"`, func(f *Farm) any { return f.RetryDelay.Value }, 10},
		{`/retryDelay "10s"`, func(f *Farm) any { return f.RetryDelay.Value }, 1},
		{`/retryDelay "10s"`, func(f *Farm) any { return f.RetryDelay.Text }, "10s"},
		{`/retryDelay "10" /retryDelay "20"`, func(f *Farm) any { return f.RetryDelay.Value }, 20},
		{`/cache { /mode "0640" }`, func(f *Farm) any { return f.Cache.Mode.Value }, uint32(0o640)},
		{`/cache { /mode 755 }`, func(f *Farm) any { return f.Cache.Mode.Value }, uint32(0o755)},
		{`/cache { /mode "rw" }`, func(f *Farm) any { return f.Cache.Mode.Value }, uint32(0o755)},
		{`/cache { }`, func(f *Farm) any { return f.Cache.Mode.Value }, uint32(0o755)},
		{`/cache { /docroot '/a\'b' }`, func(f *Farm) any { return f.Cache.Docroot.Value }, "/a'b"},
		{`/cache { /statfileslevel { "2" } }`, func(f *Farm) any { return f.Cache.StatfilesLevel.Set }, false},
		{`/renders { /a { /hostname "h" } }`, func(f *Farm) any { return f.Renders[0].Port.Value }, 80},
		{`/renders { /a { /hostname "h" } }`, func(f *Farm) any { return f.Renders[0].ReceiveTimeout.Value }, 600000},
		{`/renders { /a { /secure "1" } }`, func(f *Farm) any { return f.Renders[0].Port.Value }, 443},
		{`/renders { /a { /secure "1" /port "80" } }`, func(f *Farm) any { return f.Renders[0].Port.Value }, 80},
		{`/renders { /a { /port "x" /secure "1" } }`, func(f *Farm) any { return f.Renders[0].Port.Value }, 80},
		{`/renders { /secure "1" }`, func(f *Farm) any { return f.Renders[0].Port.Value }, 443},
		{`/sessionmanagement { /encode "rot13" }`, func(f *Farm) any { return f.SessionManagement.Encode.Value }, "md5"},
		{`/filter { /1 { /type "allow" } }`, func(f *Farm) any { return f.Filter.Rules[0].Allow }, true},
		{`/filter { /1 { /type 'allow' } }`, func(f *Farm) any { return f.Filter.Rules[0].Allow }, true},
		{`/filter { /1 { /type Allow } }`, func(f *Farm) any { return f.Filter.Rules[0].Allow }, false},
		{`/filter { /1 { /type Allow } }`, func(f *Farm) any { return f.Filter.Rules[0].Type.Value }, "Allow"},
		{`/filter { /1 { /url "x" } }`, func(f *Farm) any { return f.Filter.Rules[0].Allow }, false},
		{`/filter { /1 { /type "allow" /type "deny" } }`, func(f *Farm) any { return f.Filter.Rules[0].Allow }, false},
		{`/filter { /1 { /url "a" /url 'b' } }`, func(f *Farm) any { return f.Filter.Rules[0].URL.Text() }, "b"},
		{`/cache { /rules { /1 { /glob '/a.*' } } }`, func(f *Farm) any { return f.Cache.Rules.Rules[0].Glob.Match("/ab") }, true},
		{`/cache { /rules { /1 { /glob "/a.*" } } }`, func(f *Farm) any { return f.Cache.Rules.Rules[0].Glob.Match("/ab") }, false},
		{`/info "1"`, func(f *Farm) any { return f.Filter == nil && f.Cache == nil && f.ClientHeaders == nil }, true},
		{`/filter { }`, func(f *Farm) any { return f.Filter != nil && len(f.Filter.Rules) == 0 }, true},
		{`/info "1" /stickyConnectionsFor "/a"`, func(f *Farm) any { return f.NumberOfRetries }, Setting[int]{Value: 5}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			c, _ := decodeText(t, "v.any", "/farms { /a { "+tt.text+" } }", Options{})
			if diff := cmp.Diff(tt.want, tt.got(c.Farms[0])); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestModes(t *testing.T) {
	for text, want := range map[string]uint32{"0755": 0o755, "755": 0o755, "0": 0, "7777": 0o7777, "10000": 1, "0788": 1, "": 1, "+755": 1, "rwx": 1, "0o755": 1} {
		n, ok := parseMode(text)
		if ok != (want != 1) || ok && n != want {
			t.Errorf("%q: got %o %v", text, n, ok)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"type", "glob", "method", "url", "query", "protocol", "path", "selectors", "extension", "suffix"}
	for name, want := range map[string]string{
		"extensions": "extension", "Extension": "extension", "selector": "selectors", "ulr": "url", "uri": "url",
		"pth": "path", "mthod": "method", "metohd": "method", "querry": "query", "typ": "type", "x": "", "glb": "glob",
		"zzzz": "", "protocoll": "protocol", "prtcl": "", "": "", "a": "", "extensionandmoreandmoreandmoreandmoreandmore": "",
	} {
		if got := nearest(name, slices.Values(words)); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := nearest("ab", slices.Values([]string{"ac", "ad"})); got != "" {
		t.Errorf("two equally near words give %q", got)
	}
}

func TestReports(t *testing.T) {
	got := Reports()
	if !slices.IsSorted(got) || len(got) != len(reports) {
		t.Errorf("not sorted or not all: %v", got)
	}
	for id := range maps.Keys(reports) {
		if !slices.Contains(got, id) {
			t.Errorf("%s is missing", id)
		}
	}
	got[0] = "x"
	if Reports()[0] == "x" {
		t.Error("the result is shared")
	}
}

// TestPatternSpan: a byte of a pattern is found in the text, through escapes.
func TestPatternSpan(t *testing.T) {
	text := `/filter { /1 { /type "deny" /url '/a\\.b\'c\d' /path "x" } }`
	c, _ := decodeText(t, "f.any", text, Options{Fragment: true})
	r := c.Farms[0].Filter.Rules[0]
	if got, want := r.URL.Text(), `/a\.b'c\d`; got != want {
		t.Fatalf("text %q, want %q", got, want)
	}
	for at, want := range map[[2]int]string{{0, 1}: "/", {2, 3}: `\\`, {3, 4}: ".", {5, 6}: `\'`, {6, 7}: "c", {7, 9}: `\d`, {0, 9}: `/a\\.b\'c\d`, {9, 9}: "", {3, 99}: `'/a\\.b\'c\d'`, {-1, 2}: `'/a\\.b\'c\d'`} {
		if got := r.URL.Span(at[0], at[1]).Text(); got != want {
			t.Errorf("bytes %v: got %q, want %q", at, got, want)
		}
	}
}

// TestRule: what the methods of a rule say.
func TestRule(t *testing.T) {
	c, _ := decodeText(t, "f.any", `
/1 { /type "allow" /glob "GET *" /url "/x" }
/2 { /type "deny" /glob "GET *" }
/3 { /type "allow" /suffix "s" /method "GET" /path 'p' }
/4 { /type "allow" }`, Options{Fragment: true})
	rules := c.Farms[0].Filter.Rules
	var got []string
	for _, r := range rules {
		s := fmt.Sprint(r.Label, r.AllowsByGlob())
		for _, p := range r.Patterns() {
			s += fmt.Sprintf(" /%s %c%s", p.Property, p.Quote, p.Text())
		}
		got = append(got, s)
	}
	want := []string{`1true /glob "GET *`, `2false /glob "GET *`, `3false /method "GET /path 'p /suffix "s`, `4false`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestBrokenPattern: a regular expression that does not compile never matches.
func TestBrokenPattern(t *testing.T) {
	c, _ := decodeText(t, "f.any", `/1 { /type "allow" /url '(a' } /2 { /type "allow" /url '(a)\1' } /3 { /type "allow" /url "(a" }`, Options{Fragment: true})
	rules := c.Farms[0].Filter.Rules
	for i, subject := range []string{"a", "aa", "(a"} {
		u := rules[i].URL
		if broken := i < 2; (u.Err != nil) != broken || u.Match(subject) == broken {
			t.Errorf("rule %d: err %v, match %v", i+1, u.Err, u.Match(subject))
		}
	}
}

// TestFindingsAreBounded: a text with a mistake on each line does not give as many findings.
func TestFindingsAreBounded(t *testing.T) {
	text := make([]byte, 0, 1<<20)
	text = append(text, "/farms { /a { "...)
	for i := range 3 * MaxFindings {
		text = fmt.Appendf(text, "/unknown%d \"x\"\n", i)
	}
	text = append(text, "} }"...)
	tree := grammar.Parse(source.NewFile("many.any", text))
	c, found := Decode(tree.Items, Options{})
	if len(found) != MaxFindings {
		t.Errorf("%d findings, want %d", len(found), MaxFindings)
	}
	if got := len(c.Farms[0].Unknown); got != 3*MaxFindings {
		t.Errorf("%d unknown properties are kept, want %d", got, 3*MaxFindings)
	}
}

// TestOddTrees: trees that no text gives do no harm.
func TestOddTrees(t *testing.T) {
	var noProperty *grammar.Property
	var noBlock *grammar.Block
	src := source.NewFile("x", []byte(`/farms "x`))
	value := &grammar.Value{At: src.Span(7, 9), Quote: '"', Broken: true}
	deep := []grammar.Item{value}
	for range 5000 {
		deep = []grammar.Item{&grammar.Block{Items: deep}, &grammar.Property{Name: src.Span(0, 6), Block: &grammar.Block{Items: nil}}}
	}
	trees := map[string][]grammar.Item{
		"nothing":         nil,
		"nil items":       {nil, noProperty, noBlock},
		"no places":       {&grammar.Property{}, &grammar.Property{Value: &grammar.Value{}}, &grammar.Property{Block: &grammar.Block{}}, &grammar.Value{}, &grammar.Value{Quote: '"'}, &grammar.Block{}, &grammar.IncludeItem{}, &grammar.Stray{}},
		"place too long":  {&grammar.Property{Name: source.Span{File: src, Start: 0, End: 99}, Value: &grammar.Value{At: source.Span{File: src, Start: -1, End: 99}, Quote: '"'}}},
		"quote alone":     {&grammar.Property{Name: src.Span(0, 6), Value: &grammar.Value{At: src.Span(7, 8), Quote: '"'}}},
		"value and block": {&grammar.Property{Name: src.Span(0, 6), Value: value, Block: &grammar.Block{Items: []grammar.Item{value}}}},
		"deep":            deep,
		"deep farms":      {&grammar.Property{Name: src.Span(0, 6), Block: &grammar.Block{Items: deep}}},
		"nil inside":      {&grammar.Property{Name: src.Span(0, 6), Block: &grammar.Block{Items: []grammar.Item{nil, noProperty, &grammar.Block{Items: []grammar.Item{nil}}}}}},
	}
	for name, items := range trees {
		for _, fragment := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", name, fragment), func(t *testing.T) {
				if c, _ := Decode(items, Options{Fragment: fragment}); c == nil {
					t.Error("no configuration")
				}
			})
		}
	}
}
