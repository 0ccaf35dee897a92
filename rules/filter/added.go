package filter

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/source"
)

type (
	addressesKey struct {
		farm *model.Farm
		open bool
	}
	pagesKey struct{ farm *model.Farm }
)

// sharedAddresses is addresses, made once for all rules. The list must not be changed.
func (a *asking) sharedAddresses(open bool) []string {
	return lint.Memo(a.pass, addressesKey{a.farm, open}, func() []string { return a.addresses(open) })
}

// sharedPages is pages, asked for once by all rules. The list must not be changed.
func (a *asking) sharedPages() []string {
	return lint.Memo(a.pass, pagesKey{a.farm}, a.pages)
}

// theirs reports whether a rule stands in a file that its owner must not change.
func (a *asking) theirs(r *model.Rule) bool {
	immutable := a.pass.Subject.Immutable
	return immutable != nil && immutable(r.At.Span.File)
}

// section returns where a finding about /filter as a whole stands: its name.
func (a *asking) section() (source.Span, []source.Span) {
	at := a.farm.Filter.At
	return textedit.Head(at.Span), at.Included
}

// appended is the fix that writes a rule behind all others of a list, where it has the last word. The rule is written
// without its name; word is its name where the others are named by words.
//
// It is never safe: requests are answered otherwise after it.
func appended(list *model.RuleList, word, rule string) []diag.Fix {
	if list == nil || len(list.Rules) == 0 {
		return nil
	}
	last := list.Rules[len(list.Rules)-1].At.Span
	if last.IsZero() {
		return nil
	}
	text := "/" + freeLabel(list.Rules, word) + " " + rule
	return []diag.Fix{{Title: "add " + text, Edits: []diag.Edit{behindLine(last, text)}}}
}

// behindLine is the edit that writes an item on the line below the one on which a span ends, or behind the span where
// another item follows on its line. A comment stays where it is.
func behindLine(at source.Span, item string) diag.Edit {
	text := at.File.Text
	end := int(at.End)
	for end < len(text) && text[end] != '\n' {
		end++
	}
	rest := bytes.TrimSpace(text[at.End:end])
	start := bytes.LastIndexByte(text[:at.Start], '\n') + 1
	lead := text[start:at.Start]
	if len(bytes.TrimLeft(lead, " \t")) > 0 || len(rest) > 0 && rest[0] != '#' {
		return diag.Edit{Span: at.File.Span(int(at.End), int(at.End)), New: " " + item}
	}
	newLine := "\n"
	if end > 0 && end < len(text) && text[end-1] == '\r' {
		newLine = "\r\n"
		end--
	}
	return diag.Edit{Span: at.File.Span(end, end), New: newLine + string(lead) + item}
}

// freeLabel returns a label that no rule has: the number behind the highest where rules are numbered, else a word.
func freeLabel(rules []*model.Rule, word string) string {
	taken := make(map[string]bool, len(rules))
	top, width, numbers := uint64(0), 0, 0
	for _, r := range rules {
		taken[r.Label] = true
		if n, err := strconv.ParseUint(r.Label, 10, 32); err == nil {
			numbers++
			if n >= top {
				top, width = n, len(r.Label)
			}
		}
	}
	if 2*numbers >= len(rules) {
		return fmt.Sprintf("%0*d", width, top+1)
	}
	label := word
	for n := 2; taken[label]; n++ {
		label = word + "-" + strconv.Itoa(n)
	}
	return label
}

// namedFolders returns how many folders a path names, the last part of it left out.
func namedFolders(path string) int { return max(strings.Count(path, "/")-1, 0) }
