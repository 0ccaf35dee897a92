package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

// Findings is what lint and validate print in every format.
type Findings struct {
	// List is what was found, in the order of output.
	List []diag.Diagnostic
	// Rules returns the rule of an id, nil where there is none. A nil function knows no rule.
	Rules func(id string) *lint.Rule
	// Area returns the area of a rule, such as "filter". It may be nil; SARIF shows it.
	Area func(*lint.Rule) string
	// Names are those of files in fingerprints; nil for the names that are shown.
	Names lint.Names
	// Files counts the files that were looked at.
	Files int
	// Version is that of dispcheck.
	Version string
	// Base is the URL of the folder that holds the pages of the rules; "" for no links.
	Base string
	// Subject is the file or folder that findings without a place are about, for the formats that
	// cannot do without a path. "" stands for the working directory.
	Subject string
}

// A Format writes findings in one form.
type Format func(p *Printer, w io.Writer, f *Findings) error

// formats are the forms of findings in the order in which help names them.
var formats = [...]struct {
	name  string
	write Format
}{
	{"text", func(p *Printer, w io.Writer, f *Findings) error { return p.Text(w, f.List) }},
	{"compact", func(p *Printer, w io.Writer, f *Findings) error { return p.Compact(w, f.List) }},
	{"json", (*Printer).LintJSON},
	{"jsonl", (*Printer).LintJSONLines},
	{"sarif", (*Printer).SARIF},
	{"checkstyle", (*Printer).Checkstyle},
	{"junit", (*Printer).JUnit},
	{"github", (*Printer).GitHub},
	{"github-summary", (*Printer).GitHubSummary},
	{"gitlab", (*Printer).GitLab},
	{"sonar", (*Printer).Sonar},
	{"rdjson", (*Printer).RDJSON},
	{"markdown", (*Printer).Markdown},
	{"csv", (*Printer).CSV},
}

// FormatNames returns the names of the forms that findings can have, the usual ones first.
func FormatNames() []string {
	names := make([]string, 0, len(formats))
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// FormatOf returns the format of a name, nil where there is none.
func FormatOf(name string) Format {
	for _, f := range formats {
		if f.name == name {
			return f.write
		}
	}
	return nil
}

// Summary says in one line how many findings there are: "2 errors, 1 warning in 12 files". Severities
// without a finding are left out, and the files where none was counted.
func Summary(f *Findings) string {
	var parts []string
	for s := diag.Error; s >= diag.Hint; s-- {
		if n := f.count(s); n > 0 {
			parts = append(parts, counted(n, s.String()))
		}
	}
	text := "no findings"
	if len(parts) > 0 {
		text = strings.Join(parts, ", ")
	}
	if f.Files > 0 {
		text += " in " + counted(f.Files, "file")
	}
	return text
}

func counted(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func (f *Findings) count(s diag.Severity) int {
	n := 0
	for i := range f.List {
		if f.List[i].Severity == s {
			n++
		}
	}
	return n
}

// path returns the file of a finding for formats that need one in each.
func (p *Printer) path(f *Findings, d *diag.Diagnostic) string {
	if !d.Span.IsZero() {
		return Path(p.Prefix, d.Span.File.Name)
	}
	if f.Subject == "" {
		return Path(p.Prefix, ".")
	}
	return Path(p.Prefix, f.Subject)
}

// rule returns the rule of an id, nil where nobody knows it.
func (f *Findings) rule(id string) *lint.Rule {
	if f.Rules == nil || id == "" {
		return nil
	}
	return f.Rules(id)
}

// name returns the name of a rule, "" where nobody knows it.
func (f *Findings) name(id string) string {
	if r := f.rule(id); r != nil {
		return r.Name
	}
	return ""
}

// url returns the page of a rule, "" where there is none.
func (f *Findings) url(id string) string {
	if f.Base == "" || f.rule(id) == nil {
		return ""
	}
	return strings.TrimSuffix(f.Base, "/") + "/" + id + ".md"
}

func (f *Findings) area(r *lint.Rule) string {
	if f.Area == nil || r == nil {
		return ""
	}
	return f.Area(r)
}

// A foundRule is a rule that some finding names, with the worst severity among them: settings may have
// made it another than the rule's own.
type foundRule struct {
	id    string
	rule  *lint.Rule
	worst diag.Severity
}

// found returns the rules that the findings name, by id. Findings without a rule name none.
func (f *Findings) found() []foundRule {
	var rules []foundRule
	for i := range f.List {
		d := &f.List[i]
		if d.Rule == "" {
			continue
		}
		at, ok := slices.BinarySearchFunc(rules, d.Rule, func(r foundRule, id string) int { return strings.Compare(r.id, id) })
		if !ok {
			rules = slices.Insert(rules, at, foundRule{id: d.Rule, rule: f.rule(d.Rule)})
		}
		rules[at].worst = max(rules[at].worst, d.Severity)
	}
	return rules
}

// advice returns the message of a finding with what to do next, in one line.
func advice(d *diag.Diagnostic) string {
	if d.Hint == "" {
		return line(d.Message)
	}
	return line(d.Message) + "; " + line(d.Hint)
}

// told returns the lines of a finding for formats that show several: the message, why it matters and
// what to do.
func told(d *diag.Diagnostic) []string {
	lines := []string{line(d.Message)}
	if d.Why != "" {
		lines = append(lines, "why: "+line(d.Why))
	}
	if d.Hint != "" {
		lines = append(lines, "hint: "+line(d.Hint))
	}
	return lines
}

// title returns id and name of a finding's rule, "dispcheck" where it has none.
func (f *Findings) title(d *diag.Diagnostic) string {
	if d.Rule == "" {
		return tool
	}
	return strings.TrimSuffix(d.Rule+" "+f.name(d.Rule), " ")
}

// The name by which outputs know the program, and where it lives.
const (
	tool    = "dispcheck"
	toolURL = "https://github.com/dispcheck/dispcheck"
)

// textOnly reports whether the edits of a fix can be told in formats that hold text only.
func textOnly(edits []diag.Edit) bool {
	return !slices.ContainsFunc(edits, func(e diag.Edit) bool { return !utf8.ValidString(e.New) })
}
