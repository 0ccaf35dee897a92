package model

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/source"
)

// TestDecode: each testdata/decode/*.txtar holds texts, of which the first is decoded and the others are
// included, then the configuration and the findings. Lines of its comment that start with @ are options:
// @fragment, @version 4.1.9, @defaults, @env NAME=value, @check for the findings of grammar.Check too.
func TestDecode(t *testing.T) {
	paths, err := filepath.Glob("testdata/decode/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			in, want := splitCase(a.Files)
			if len(in) == 0 {
				t.Fatal("no text to decode")
			}
			c := newCase(string(a.Comment))
			items := c.expand(in, in[0].Name, nil)
			config, found := Decode(items, c.options)
			lawsOfDecode(t, items, config, found)
			var model, findings strings.Builder
			if err := (Printer{Places: true, Unread: true, Defaults: c.defaults}).Fprint(&model, config); err != nil {
				t.Fatal(err)
			}
			if c.check {
				found = append(found, c.checked...)
				diag.Sort(found)
			}
			printFindings(&findings, found)
			got := []txtar.File{{Name: "model", Data: []byte(model.String())}, {Name: "findings", Data: []byte(findings.String())}}
			if *testkit.Update {
				a.Files = append(in, got...)
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(text(want), text(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func splitCase(files []txtar.File) (in, want []txtar.File) {
	for i, f := range files {
		if f.Name == "model" || f.Name == "findings" {
			return files[:i:i], files[i:]
		}
	}
	return files, nil
}

func text(files []txtar.File) map[string]string {
	m := make(map[string]string)
	for _, f := range files {
		m[f.Name] = strings.ReplaceAll(string(f.Data), "\r\n", "\n")
	}
	return m
}

// A testCase does by hand what package expand does.
type testCase struct {
	options  Options
	defaults bool
	check    bool
	checked  []diag.Diagnostic
	env      map[string]string
	files    map[string]*source.File
}

func newCase(comment string) *testCase {
	c := &testCase{env: map[string]string{}, files: map[string]*source.File{}}
	for line := range strings.Lines(comment) {
		option, ok := strings.CutPrefix(strings.TrimSpace(line), "@")
		if !ok {
			continue
		}
		word, rest, _ := strings.Cut(option, " ")
		switch word {
		case "fragment":
			c.options.Fragment = true
		case "version":
			c.options.DispatcherVersion = rest
		case "defaults":
			c.defaults = true
		case "check":
			c.check = true
		case "env":
			name, value, _ := strings.Cut(rest, "=")
			c.env[name] = value
		default:
			panic("no option @" + option)
		}
	}
	return c
}

func (c *testCase) expand(files []txtar.File, name string, chain []source.Span) []grammar.Item {
	for _, f := range files {
		if f.Name == name {
			src, ok := c.files[name]
			if !ok {
				src = source.NewFile(name, f.Data)
				c.files[name] = src
			}
			tree := grammar.Parse(src)
			if !ok {
				c.checked = append(c.checked, grammar.Check(tree)...)
			}
			return c.splice(files, tree.Items, chain)
		}
	}
	return nil
}

func (c *testCase) splice(files []txtar.File, items []grammar.Item, chain []source.Span) []grammar.Item {
	var out []grammar.Item
	for _, it := range items {
		if i, ok := it.(*grammar.IncludeItem); ok && i.Path != nil {
			inner := append(chain[:len(chain):len(chain)], i.Span())
			if found := c.expand(files, i.Path.Text(), inner); found != nil {
				out = append(out, found...)
				continue
			}
		}
		if len(chain) > 0 {
			it.(interface{ SetOrigin(*grammar.Origin) }).SetOrigin(&grammar.Origin{Included: chain})
		}
		switch it := it.(type) {
		case *grammar.Property:
			if it.Block != nil {
				it.Block.Items = c.splice(files, it.Block.Items, chain)
			}
			if it.Value != nil {
				c.expandValue(it.Value)
			}
		case *grammar.Block:
			it.Items = c.splice(files, it.Items, chain)
		case *grammar.Value:
			c.expandValue(it)
		}
		out = append(out, it)
	}
	return out
}

func (c *testCase) expandValue(v *grammar.Value) {
	text := v.Literal()
	var uses []grammar.Use
	for name, value := range c.env {
		if use := "${" + name + "}"; strings.Contains(text, use) {
			text = strings.ReplaceAll(text, use, value)
			uses = append(uses, grammar.Use{Name: name, Value: value, Defined: true, Span: v.At})
		}
	}
	if uses != nil {
		v.Expanded = &grammar.Expansion{Text: text, Uses: uses}
	}
}

// printFindings prints findings with all that is in them but the reasons.
func printFindings(b *strings.Builder, found []diag.Diagnostic) {
	for _, f := range found {
		fmt.Fprintf(b, "%s %s %s: %s\n", spot1(f.Span), f.Severity, f.Rule, f.Message)
		if f.Hint != "" {
			fmt.Fprintf(b, "\thint: %s\n", f.Hint)
		}
		for _, r := range f.Related {
			fmt.Fprintf(b, "\trelated: %s %s\n", spot1(r.Span), r.Message)
		}
		for _, s := range f.Included {
			fmt.Fprintf(b, "\tincluded: %s\n", spot1(s))
		}
		for _, fix := range f.Fixes {
			safe := ""
			if fix.Safe {
				safe = " (safe)"
			}
			fmt.Fprintf(b, "\tfix%s: %s:", safe, fix.Title)
			for _, e := range fix.Edits {
				fmt.Fprintf(b, " %s -> %q", spot1(e.Span), e.New)
			}
			b.WriteByte('\n')
		}
	}
}

func spot1(s source.Span) string {
	if s.IsZero() {
		return "-"
	}
	p := s.Position()
	return fmt.Sprintf("%s:%d:%d %q", s.File.Name, p.Line, p.Column, s.Text())
}
