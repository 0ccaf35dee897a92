package rewrite

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// A flag is one of a list, as written.
type flag struct {
	name, value string
	at          source.Span // without the commas and blanks around it
}

// flagsIn returns the flags of a list in its order; none where the list does not stand in the text as it is.
func flagsIn(list source.Span) []flag {
	if list.IsZero() {
		return nil
	}
	s := list.Text()
	open, end := strings.IndexByte(s, '['), strings.LastIndexByte(s, ']')
	if open < 0 || end < open || strings.ContainsAny(s, "$\\") {
		return nil
	}
	var flags []flag
	from := open + 1
	for item := range strings.SplitSeq(s[open+1:end], ",") {
		word := strings.TrimSpace(item)
		lead := strings.Index(item, word)
		f := flag{at: source.Span{File: list.File, Start: list.Start + int32(from+lead)}}
		f.at.End = f.at.Start + int32(len(word))
		f.name, f.value, _ = strings.Cut(word, "=")
		f.name = strings.ToLower(f.name)
		flags = append(flags, f)
		from += len(item) + 1
	}
	return flags
}

// flagNamed returns the first flag of one of the names.
func flagNamed(list source.Span, names ...string) (flag, bool) {
	for _, f := range flagsIn(list) {
		for _, n := range names {
			if f.name == n {
				return f, true
			}
		}
	}
	return flag{}, false
}

// withFlag is a fix that adds a flag to a rule.
func withFlag(r *server.RewriteRule, name string) []diag.Fix {
	if r.FlagsAt.IsZero() {
		at := r.SubstitutionAt
		if at.IsZero() || at.File != r.At.File {
			return nil
		}
		at.Start = at.End
		return []diag.Fix{{Title: "add flag " + name, Edits: []diag.Edit{{Span: at, New: " [" + name + "]"}}}}
	}
	flags := flagsIn(r.FlagsAt)
	if len(flags) == 0 {
		return nil
	}
	last := flags[len(flags)-1].at
	last.Start = last.End
	return []diag.Fix{{Title: "add flag " + name, Edits: []diag.Edit{{Span: last, New: "," + name}}}}
}

// withoutFlag is a fix that takes a flag out of a list, and an empty list with it.
func withoutFlag(list source.Span, f flag) []diag.Fix {
	flags := flagsIn(list)
	for i := range flags {
		if flags[i].at != f.at {
			continue
		}
		at := f.at
		switch {
		case len(flags) == 1:
			at = list
			for at.Start > 0 && (list.File.Text[at.Start-1] == ' ' || list.File.Text[at.Start-1] == '\t') {
				at.Start--
			}
		case i+1 < len(flags):
			at.End = flags[i+1].at.Start
		default:
			at.Start = flags[i-1].at.End
		}
		return []diag.Fix{{Title: "remove flag " + f.at.Text(), Edits: []diag.Edit{{Span: at}}}}
	}
	return nil
}
