package simulate

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/internal/match"
)

// TestFacts checks what is known of the module's behaviour. A file of testdata/facts is a text archive: its comment
// says what is shown and where that is published, config.any is a configuration or a part of one, and facts has a
// line for each request:
//
//	GET /content/x.html tls version=4.3.0 host=www.example.com -H "Cookie: a=b" => filter=deny rule=/0001
//
// In place of a request, "glob PATTERN SUBJECT" and "regex PATTERN SUBJECT" are facts about a pattern alone.
func TestFacts(t *testing.T) {
	files, err := filepath.Glob("testdata/facts/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no facts: %v", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			if !strings.Contains(string(a.Comment), "Source: ") {
				t.Error("the file does not say where its facts are published")
			}
			var config string
			n := 0
			for _, f := range a.Files {
				switch f.Name {
				case "config.any":
					config = string(f.Data)
				case "facts":
					for line := range strings.Lines(string(f.Data)) {
						if line = strings.TrimSpace(line); line != "" {
							n++
							t.Run(line, func(t *testing.T) { checkFact(t, config, line) })
						}
					}
				default:
					t.Errorf("section %s is unknown", f.Name)
				}
			}
			if n == 0 {
				t.Error("the file has no facts")
			}
		})
	}
}

func checkFact(t *testing.T, config, line string) {
	left, right, ok := strings.Cut(line, " => ")
	if !ok {
		t.Fatal("the line has no =>")
	}
	words, wants := splitWords(left), splitWords(right)
	if words[0] == "glob" || words[0] == "regex" {
		checkPatternFact(t, words, wants)
		return
	}
	r, o := requestOf(t, words)
	e := New(decode(t, config, o.Version, nil), o)
	var d, fast Decision
	var trace Trace
	if err := e.Decide(context.Background(), r, &d, &trace); err != nil {
		t.Fatal(err)
	}
	if err := e.Decide(context.Background(), r, &fast, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range wants {
		key, value, ok := strings.Cut(want, "=")
		if !ok {
			t.Fatalf("%q has no =", want)
		}
		if key == "log" || key == "nolog" {
			if err := hasLine(&trace, value); (err == nil) != (key == "log") {
				t.Errorf("%s: %v", want, err)
			}
			continue
		}
		if got := factOf(t, &d, key); got != value {
			t.Errorf("%s: got %q, want %q", key, got, value)
		}
		if got := factOf(t, &fast, key); got != value {
			t.Errorf("%s without a trace: got %q, want %q", key, got, value)
		}
	}
}

func checkPatternFact(t *testing.T, words, wants []string) {
	p := match.Glob(words[1])
	if words[0] == "regex" {
		var err error
		if p, err = match.ERE(words[1]); err != nil {
			p = match.Nothing(match.KindERE, words[1])
		}
	}
	if got := fmt.Sprintf("match=%v", p.Match(words[2])); got != wants[0] || len(wants) != 1 {
		t.Errorf("got %s, want %s", got, wants)
	}
}

// requestOf reads "METHOD URL option…".
func requestOf(t *testing.T, words []string) (*Request, Options) {
	t.Helper()
	r, err := NewRequest(words[0], words[1])
	if err != nil { // a target that only a raw request has
		r = &Request{Method: words[0], Target: words[1]}
	}
	if r.Host == "" {
		r.Host = "localhost"
	}
	var o Options
	for i := 2; i < len(words); i++ {
		key, value, _ := strings.Cut(words[i], "=")
		switch key {
		case "tls":
			r.TLS = true
		case "host":
			r.Host = value
		case "proto":
			r.Proto = value
		case "farm":
			r.Farm = value
		case "client":
			r.Client = netip.MustParseAddr(value)
		case "version":
			if o.Version, err = ParseVersion(value); err != nil {
				t.Fatal(err)
			}
		case "slashes":
			o.EncodedSlashes = map[string]EncodedSlashes{"On": DecodeEncodedSlashes, "Off": RefuseEncodedSlashes, "NoDecode": KeepEncodedSlashes}[value]
		case "-H":
			i++
			name, value, _ := strings.Cut(words[i], ":")
			r.Header = append(r.Header, Field{name, strings.TrimSpace(value)})
		default:
			t.Fatalf("nothing is known of %q", words[i])
		}
	}
	return r, o
}

// factOf returns what a decision says about one thing, as it stands in a line of facts.
func factOf(t *testing.T, d *Decision, key string) string {
	t.Helper()
	yes := func(b bool) string { return map[bool]string{true: "yes", false: "no"}[b] }
	switch key {
	case "outcome":
		return d.Outcome.String()
	case "why":
		return string(d.Reason)
	case "filter":
		if !d.Filter.Reached {
			return ""
		}
		return map[bool]string{true: "allow", false: "deny"}[d.Filter.Allow]
	case "rule":
		if d.Filter.Rule == nil {
			return ""
		}
		return label(d.Filter.Rule.Label)
	case "status":
		return fmt.Sprint(d.Response.Status)
	case "from":
		return d.Response.From
	case "depends":
		return strings.Join(d.Filter.DependsOn(), ",")
	case "farm":
		if d.Farm.Farm == nil {
			return ""
		}
		return d.Farm.Farm.Name
	case "virtualhost":
		if d.Farm.VirtualHost == nil {
			return ""
		}
		return d.Farm.VirtualHost.Text
	case "chosen":
		return string(d.Farm.Reason)
	case "cached":
		return yes(d.Cache.Cacheable)
	case "cachewhy":
		return string(d.Cache.Reason)
	case "cacherule":
		if d.Cache.Rule == nil {
			return ""
		}
		return label(d.Cache.Rule.Label)
	case "cachedepends":
		return strings.Join(d.Cache.DependsOn(), ",")
	case "info":
		return d.Cache.Info()
	case "header":
		return d.Cache.Header()
	case "reason":
		return d.Cache.Log()
	case "action":
		return d.Cache.Action.String()
	case "file":
		return d.Cache.File()
	case "uri":
		return d.URI
	case "query":
		if !d.HasQuery {
			return "none"
		}
		return d.Query
	case "path":
		return d.Parts.Path
	case "selectors":
		return strings.Join(d.Parts.Selectors(), ",")
	case "extension":
		return d.Parts.Extension
	case "suffix":
		return d.Parts.Suffix
	case "allowed":
		return yes(d.Invalidation.Allowed)
	case "client-rule":
		if d.Invalidation.Rule == nil {
			return ""
		}
		return label(d.Invalidation.Rule.Label)
	case "touched":
		return strings.Join(d.Invalidation.Touched, ",")
	case "touched-outside":
		return strings.Join(d.Invalidation.TouchedOutside, ",")
	case "handler":
		return strings.Join(d.Invalidation.Handler, "|")
	case "propagated":
		return yes(d.Invalidation.Forwarded)
	case "length":
		return fmt.Sprint(d.Response.Length)
	}
	t.Fatalf("nothing is known of %q", key)
	return ""
}

// splitWords splits a line at blanks that stand outside "…".
func splitWords(s string) []string {
	var words []string
	var b strings.Builder
	quoted, any := false, false
	for _, c := range s {
		switch {
		case c == '"':
			quoted, any = !quoted, true
		case c == ' ' && !quoted:
			if any {
				words = append(words, b.String())
			}
			b.Reset()
			any = false
		default:
			b.WriteRune(c)
			any = true
		}
	}
	if any {
		words = append(words, b.String())
	}
	return words
}
