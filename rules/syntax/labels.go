package syntax

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

var labelCharset = lint.Rule{
	ID: "DSP028", Name: "label-charset", Severity: diag.Info, Config: checkLabels, Fixable: true,
	Doc: lint.Doc{
		Title: "label has other characters than letters, digits, dots, hyphens and underscores",
		Why: "Labels decide nothing, but logs name farms, renders and rules by them. With other characters they are hard to search for, and " +
			"programs that read logs or configurations may take them for something else. Often a pattern was meant.",
		Bad: `/filter {
	/0001 { /type "deny" /url "*" }
	/allow:images { /type "allow" /url "/content/dam/*" }
}
`,
		Good: `/filter {
	/0001         { /type "deny"  /url "*" }
	/allow-images { /type "allow" /url "/content/dam/*" }
}
`,
		Note:  "A fix is offered where the characters are ASCII and no other entry has the new label.",
		Since: since,
	},
}

// A label is the name of an entry of a section.
type label struct {
	what, name string
	at         source.Span
	included   []source.Span
}

func checkLabels(p *lint.Pass, c *model.Config) {
	var farms []label
	for _, f := range c.Farms {
		farms = append(farms, label{"farm", f.Name, f.NameAt, f.At.Included})
	}
	checkSection(p, farms, true)
	for _, f := range c.Farms {
		var renders []label
		for _, r := range f.Renders {
			renders = append(renders, label{"render", r.Name, r.NameAt, r.At.Included})
		}
		checkSection(p, renders, false) // the cookie renderid holds the name
		checkRuleLabels(p, f.Filter)
		if c := f.Cache; c != nil {
			for _, list := range []*model.RuleList{c.Rules, c.Invalidate, c.AllowedClients, c.IgnoreURLParams} {
				checkRuleLabels(p, list)
			}
		}
		if a := f.AuthChecker; a != nil {
			checkRuleLabels(p, a.Filter)
			checkRuleLabels(p, a.Headers)
		}
		if s := f.Statistics; s != nil {
			var categories []label
			for _, c := range s.Categories {
				categories = append(categories, label{"category", c.Name, c.NameAt, c.At.Included})
			}
			checkSection(p, categories, true)
		}
	}
}

func checkRuleLabels(p *lint.Pass, list *model.RuleList) {
	if list == nil || !slices.ContainsFunc(list.Rules, func(r *model.Rule) bool { return oddCharacter(r.Label) != "" }) {
		return
	}
	labels := make([]label, len(list.Rules))
	for i, r := range list.Rules {
		labels[i] = label{"rule", r.Label, r.NameAt, r.At.Included}
	}
	checkSection(p, labels, true)
}

// checkSection reports labels of one section. safe says that no request meets them.
func checkSection(p *lint.Pass, labels []label, safe bool) {
	var places map[string]source.Span // of what labels are, or would be, the first of each
	for _, l := range labels {
		odd := oddCharacter(l.name)
		if odd == "" || l.at.IsZero() || strings.Contains(l.name, "${") {
			continue
		}
		if places == nil {
			places = placesOf(labels)
		}
		d := diag.Diagnostic{
			Span: l.at, Included: l.included,
			Message: fmt.Sprintf("label /%s of a %s has the character %s in it", l.name, l.what, odd),
			Hint:    "name it with letters, digits, dots, hyphens and underscores",
		}
		name := plainLabel(l.name)
		if name != "" && places[name] == l.at && !slices.Contains(grammar.Words(), name) && l.at.Text() == "/"+l.name {
			d.Fixes = []diag.Fix{{Title: "write /" + name, Safe: safe, Edits: []diag.Edit{{Span: l.at, New: "/" + name}}}}
		}
		p.Report(d)
	}
}

// placesOf says where each label stands, as it is and as it would be without odd characters; the zero Span where there
// are several.
func placesOf(labels []label) map[string]source.Span {
	places := make(map[string]source.Span, len(labels))
	put := func(name string, at source.Span) {
		if other, ok := places[name]; ok && other != at {
			at = source.Span{}
		}
		places[name] = at
	}
	for _, l := range labels {
		put(l.name, l.at)
		put(plainLabel(l.name), l.at)
	}
	return places
}

// oddCharacter returns the first character that a label should not have; "" for none.
func oddCharacter(name string) string {
	for i := range len(name) {
		if !plain(name[i]) {
			_, n := utf8.DecodeRuneInString(name[i:])
			return name[i : i+n]
		}
	}
	return ""
}

func plain(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// plainLabel returns a label with hyphens for what it should not have; "" where that would leave nothing to know it
// by.
func plainLabel(name string) string {
	if strings.IndexFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
		return ""
	}
	parts := strings.FieldsFunc(name, func(r rune) bool { return !plain(byte(r)) })
	return strings.Trim(strings.Join(parts, "-"), "-.")
}
