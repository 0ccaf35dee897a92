package simulate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// runGolden runs the archives of testdata/<stage>: config.any, request (a line as in facts), decision and trace.
// The last two are what is expected; -update writes them. A line "env NAME=VALUE" in the section env defines a
// variable; a section explain asks for the rules that were looked at.
func runGolden(t *testing.T, stage string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", stage, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives for stage %s: %v", stage, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { checkGolden(t, file) })
	}
}

func checkGolden(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	section := func(name string) string {
		for _, f := range a.Files {
			if f.Name == name {
				return string(f.Data)
			}
		}
		return ""
	}
	env := map[string]string{}
	for line := range strings.Lines(section("env")) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			env[name] = value
		}
	}
	r, o := requestOf(t, splitWords(strings.TrimSpace(section("request"))))
	e := New(decode(t, section("config.any"), o.Version, env), o)
	var d Decision
	trace := Trace{Explain: strings.Contains(string(a.Comment), "(explained)")}
	if err := e.Decide(context.Background(), r, &d, &trace); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{"decision": decisionText(&d), "trace": traceText(&trace)}
	if trace.Explain {
		got["explained"] = lookedText(&trace)
	}
	changed := false
	for i, f := range a.Files {
		text, ok := got[f.Name]
		if !ok {
			continue
		}
		delete(got, f.Name)
		if *testkit.Update {
			a.Files[i].Data = []byte(text)
			changed = true
		} else if diff := cmp.Diff(strings.ReplaceAll(string(f.Data), "\r\n", "\n"), text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.Name, diff)
		}
	}
	for _, name := range []string{"decision", "trace", "explained"} {
		if text, ok := got[name]; ok {
			a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(text)})
			changed = true
			if !*testkit.Update {
				t.Errorf("the archive has no section %s; go test -update writes it", name)
			}
		}
	}
	if changed && *testkit.Update {
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// decisionText writes a decision, one part to a line.
func decisionText(d *Decision) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s: %s by %s", d.Outcome, d.Reason, placeText(d.By))
	line("uri %q, query %v %q, host %q", d.URI, d.HasQuery, d.Query, d.Host)
	line("path %q, selectors %q, extension %q, suffix %q", d.Parts.Path, d.Parts.Selectors(), d.Parts.Extension, d.Parts.Suffix)
	if f := d.Farm; f.Farm != nil {
		value := "none"
		if f.VirtualHost != nil {
			value = fmt.Sprintf("%q", f.VirtualHost.Text)
		}
		line("farm %s: %s, virtual host %s", f.Farm.Name, f.Reason, value)
	}
	if v := &d.Filter; v.Reached {
		line("filter: allow %v, %s, rule %s, matched%s, depends on %q", v.Allow, v.Reason, ruleName(v.Rule), ruleNames(v.Matched), v.DependsOn())
	}
	if v := &d.Cache; v.Reached {
		line("cache: cacheable %v, %s by %s, rule %s, action %q", v.Cacheable, v.Reason, placeText(v.By), ruleName(v.Rule), v.Action)
		line("cache: info %q, log %q, header %q", v.Info(), v.Log(), v.Header())
		line("cache: file %q, depends on %q", v.File(), v.DependsOn())
	}
	if d.Response.Status != 0 {
		line("response %d from %s", d.Response.Status, d.Response.From)
	}
	return b.String()
}

func ruleName(r *model.Rule) string {
	if r == nil {
		return "none"
	}
	return label(r.Label)
}

func ruleNames(rules []*model.Rule) string {
	var b strings.Builder
	for _, r := range rules {
		b.WriteString(" " + label(r.Label))
	}
	return b.String()
}

func placeText(s source.Span) string {
	if s.IsZero() {
		return "-"
	}
	p := s.Position()
	return fmt.Sprintf("%s:%d:%d", s.File.Name, p.Line, p.Column)
}

func traceText(t *Trace) string {
	var b strings.Builder
	for _, e := range t.Events {
		fmt.Fprintf(&b, "[%s] %s: %s", e.Level, e.Stage, e.Message)
		if e.Reason != "" {
			fmt.Fprintf(&b, " (%s)", e.Reason)
		}
		if !e.Rule.Span.IsZero() {
			fmt.Fprintf(&b, " at %s", placeText(e.Rule.Span))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func lookedText(t *Trace) string {
	var b strings.Builder
	for _, l := range t.Looked {
		fmt.Fprintf(&b, "%s %s %s: %v, %s\n", l.Stage, l.Section, label(l.Rule.Label), l.Match, l.Reason)
		for _, e := range l.Elements {
			subject := fmt.Sprintf("%q", e.Subject)
			if e.Absent {
				subject = "nothing"
			}
			fmt.Fprintf(&b, "\t/%s %s on %s: %v", e.Name, e.Pattern, subject, e.Match)
			if e.Err != "" {
				fmt.Fprintf(&b, ": %s", e.Err)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
