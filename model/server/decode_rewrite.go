package server

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/source"
)

// rewrite returns the settings of mod_rewrite that a directive of this scope belongs to.
func (d *decoder) rewrite(sc *scope) *RewriteSettings {
	if sc.server() {
		sc.host.rewrite = true
		return &sc.host.host.Rewrite
	}
	s := sc.place.set
	if s.Rewrite == nil {
		s.Rewrite = &RewriteSettings{Directory: sc.place.directory}
	}
	return s.Rewrite
}

// base returns the settings of per-directory context that a server's level has, too: RewriteEngine and RewriteOptions set
// both, so that a section can change what the server has.
func (sc *scope) base() *RewriteSettings {
	s := sc.place.set
	if s.Rewrite == nil {
		s.Rewrite = &RewriteSettings{}
	}
	return s.Rewrite
}

func (d *decoder) rewriteEngine(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	on, _ := flag(words[0].Text)
	r := d.rewrite(sc)
	r.On, r.OnAt = &on, placeOf(n)
	if sc.server() {
		b := sc.base()
		b.On, b.OnAt = &on, placeOf(n)
	}
}

func (d *decoder) rewriteBase(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	switch {
	case sc.server():
		d.refuse(ruleContext, n, n.NameAt, "put it into <Directory>", "RewriteBase may not stand outside of sections")
	case !strings.HasPrefix(words[0].Text, "/"):
		d.argument(n, words[0], "begin it with a slash", "RewriteBase %q is no path", words[0].Text)
	default:
		d.rewrite(sc).Base = textOf(n, words[0])
	}
}

// rewriteOptionNames are the options as their documentation writes them.
var rewriteOptionNames = [...]string{"Inherit", "InheritBefore", "InheritDown", "InheritDownBefore", "IgnoreInherit", "AllowNoSlash",
	"AllowAnyURI", "MergeBase", "IgnoreContextInfo", "LegacyPrefixDocRoot", "LongURLOptimization"}

func (d *decoder) rewriteOptions(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	all := []*RewriteSettings{d.rewrite(sc)}
	if sc.server() {
		all = append(all, sc.base())
	}
	for _, w := range words {
		name := strings.ToLower(w.Text)
		if strings.HasPrefix(name, "maxredirects=") {
			d.warn(ruleArgument, n, n.WordSpan(w), "use LimitInternalRecursion", "option MaxRedirects does nothing")
			continue
		}
		for _, r := range all {
			r.OptionsSet = true
			switch name {
			case "inherit":
				r.Inherit = true
			case "inheritbefore":
				r.InheritBefore = true
			case "inheritdown":
				r.InheritDown = true
			case "inheritdownbefore":
				r.InheritDownBefore = true
			case "ignoreinherit":
				r.IgnoreInherit = true
			case "allowanyuri":
				r.AllowAnyURI = true
			case "mergebase":
				r.MergeBase = true
			case "ignorecontextinfo":
				r.IgnoreContextInfo = true
			case "legacyprefixdocroot":
				r.LegacyPrefixDocRoot = true
			case "longurloptimization":
				r.LongURLOptimization = true
			case "allownoslash":
				r.AllowNoSlash = true
			default:
				hint := "the options are " + strings.Join(rewriteOptionNames[:], ", ")
				if near := nearestOf(w.Text, rewriteOptionNames[:]); near != "" {
					hint = "did you mean " + near
				}
				d.argument(n, w, hint, "RewriteOptions has no option %q", w.Text)
				return
			}
		}
	}
}

// rewriteRule decodes a rule. httpd reads the flags first.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_rewrite.html, rewrite/flags.html.
func (d *decoder) rewriteRule(sc *scope, n *apacheconf.Node) {
	settings := d.rewrite(sc)
	words := n.RewriteWords(3)
	if len(words) < 2 {
		d.refuse(ruleCount, n, at(n), "write a pattern, a substitution and flags", "RewriteRule has fewer than two arguments")
		return
	}
	r := &RewriteRule{Place: placeOf(n), Conditions: sc.place.conditions, Substitution: words[1].Text, SubstitutionAt: n.WordSpan(words[1])}
	sc.place.conditions = nil
	r.NoSubstitution = words[1].Text == "-"
	r.Flags.EscapeBlankAsPlus = true
	if len(words) > 2 {
		if all := n.RewriteWords(4); len(all) > 3 && !strings.HasPrefix(words[2].Text, "[") && strings.HasPrefix(all[3].Text, "[") {
			d.refuse(ruleCount, n, n.WordSpan(words[2]), "put an argument with blanks in quotes", "argument %s of RewriteRule stands where the flags belong", words[2].Text)
			return
		}
		r.FlagsAt = n.WordSpan(words[2])
		if !d.flags(n, words[2], func(name, value string, w source.Span) bool { return d.ruleFlag(n, r, name, value, w) }) {
			return
		}
	}
	text, negated := strings.CutPrefix(words[0].Text, "!")
	p, ok := d.pattern(n, n.WordSpan(words[0]), text, r.Flags.NoCase)
	p.Negated = negated
	r.Pattern = p
	if !ok {
		return
	}
	if f := &r.Flags; f.Redirect && (f.Status < 300 || f.Status > 399) && !r.NoSubstitution && !samePath(r.Substitution) {
		d.warn(ruleStatus, n, r.SubstitutionAt, "write a status from 301 to 308, or - for an answer without an address",
			"target %s is never used: status %d is no redirect", r.Substitution, f.Status)
	}
	settings.Rules = append(settings.Rules, r)
}

// samePath reports whether a substitution is no more than the path, or a part of it: who asks for an answer without a
// redirect writes it in the place of "-".
func samePath(s string) bool {
	s = strings.TrimPrefix(s, "/")
	return len(s) == 2 && s[0] == '$' || strings.EqualFold(s, "%{REQUEST_URI}")
}

func at(n *apacheconf.Node) source.Span {
	if n.Args == "" {
		return n.NameAt
	}
	return n.ArgsAt
}

// flags takes a list of flags apart as mod_rewrite does.
func (d *decoder) flags(n *apacheconf.Node, w apacheconf.Word, set func(name, value string, at source.Span) bool) bool {
	s := w.Text
	if len(s) < 2 || s[0] != '[' || s[len(s)-1] != ']' {
		hint := "write flags in one pair of brackets, without blanks: [L,R=301]"
		if strings.HasPrefix(s, "[") {
			hint = "remove the blanks inside of the brackets, or put the list in quotes"
		} else if strings.HasPrefix(s, "#") {
			hint = "a comment needs a line of its own"
		}
		at := n.WordSpan(w)
		if at.IsZero() || at.Len() == 0 {
			at = n.At
		}
		d.refuse(ruleFlags, n, at, hint, "flags %s do not stand in brackets", s)
		return false
	}
	start := w.Start + 1
	if w.Quote != 0 {
		start++
	}
	rest := s[1 : len(s)-1]
	for {
		item, after, more := strings.Cut(rest, ",")
		trimmed := strings.TrimFunc(item, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) })
		lead := len(item) - len(strings.TrimLeftFunc(item, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) }))
		name, value, _ := strings.Cut(trimmed, "=")
		at := n.Span(start+lead, start+lead+len(trimmed))
		if at.IsZero() || trimmed == "" {
			at = n.WordSpan(w)
		}
		if !set(name, value, at) {
			return false
		}
		if !more {
			return true
		}
		start += len(item) + 1
		rest = after
	}
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

var ruleFlagNames = [...]string{"B", "backrefescaping", "BNP", "backrefernoplus", "BCTLS", "BNE", "C", "chain", "CO", "cookie", "DPI", "discardpath",
	"E", "env", "END", "F", "forbidden", "G", "gone", "H", "handler", "L", "last", "N", "next", "NC", "nocase", "NE", "noescape",
	"NS", "nosubreq", "P", "proxy", "PT", "passthrough", "QSA", "qsappend", "QSD", "qsdiscard", "QSL", "qslast", "R", "redirect",
	"S", "skip", "T", "type", "UnsafeAllow3F", "UnsafePrefixStat", "UNC"}

// ruleFlag sets one flag.
func (d *decoder) ruleFlag(n *apacheconf.Node, r *RewriteRule, name, value string, at source.Span) bool {
	f := &r.Flags
	switch strings.ToLower(name) {
	case "b", "backrefescaping":
		f.Escape = true
		f.EscapeOnly = value
	case "bne":
		if value == "" {
			d.refuse(ruleFlags, n, at, "write BNE= and the signs", "flag BNE has no list of signs")
			return false
		}
		f.EscapeNot = value
	case "bnp", "backrefernoplus":
		f.EscapeBlankAsPlus = false
	case "bctls": // does not need B
		f.Escape, f.EscapeCTLs = true, true
	case "c", "chain":
		f.Chain = true
	case "co", "cookie":
		f.Cookies = append(f.Cookies, value)
	case "dpi", "discardpath":
		f.DiscardPath = true
	case "e", "env":
		f.Env = append(f.Env, value)
	case "end":
		f.End = true
	case "f", "forbidden":
		f.Status, f.Forbidden, f.Gone, f.Redirect = 403, true, false, false
	case "g", "gone":
		f.Status, f.Forbidden, f.Gone, f.Redirect = 410, false, true, false
	case "h", "handler":
		f.Handler = &value
	case "l", "last":
		f.Last = true
	case "n", "next":
		f.Next = true
		f.NextLimit = leading(value)
	case "nc", "nocase":
		f.NoCase = true
	case "ne", "noescape":
		f.NoEscape = true
	case "ns", "nosubreq":
		f.NoSubrequest = true
	case "p", "proxy":
		f.Proxy = true
	case "pt", "passthrough":
		f.PassThrough = true
	case "qsa", "qsappend":
		f.QueryAppend = true
	case "qsd", "qsdiscard":
		f.QueryDiscard = true
	case "qsl", "qslast":
		f.QueryLast = true
	case "r", "redirect":
		return d.redirectFlag(n, f, value, at)
	case "s", "skip":
		f.Skip = max(0, leading(value))
	case "t", "type":
		v := strings.ToLower(value)
		f.Type = &v
	case "unsafeallow3f":
		f.UnsafeAllow3F = true
	case "unsafeprefixstat":
		f.UnsafePrefixStat = true
	case "unc":
		f.UNC = true
	default:
		hint := "see the list of flags of mod_rewrite"
		if near := nearestOf(name, ruleFlagNames[:]); near != "" {
			hint = "did you mean " + near
		}
		d.refuse(ruleFlags, n, at, hint, "flag %q is not one of RewriteRule", name)
		return false
	}
	return true
}

// redirectFlag is R. Together with F and G it has one status: the last of them decides, and a status outside of 300 to 399
// that was asked for before makes of a later redirect an answer without a Location.
func (d *decoder) redirectFlag(n *apacheconf.Node, f *RewriteFlags, value string, at source.Span) bool {
	answers := f.Forbidden || f.Gone || f.Status != 0 && (f.Status < 300 || f.Status > 399)
	answers = answers || f.Status != 0 && !f.Redirect
	status := f.Status
	switch strings.ToLower(value) {
	case "permanent":
		status = 301
	case "temp":
		status = 302
	case "seeother":
		status = 303
	default:
		if value != "" && '0' <= value[0] && value[0] <= '9' {
			status = leading(value)
			if !isStatus(status) {
				d.refuse(ruleStatus, n, at, "write 301, 302, 303, 307 or 308", "flag R=%s is no status that httpd has", value)
				return false
			}
		} else if status == 0 {
			status = 302
		}
	}
	f.Status, f.Forbidden, f.Gone = status, false, false
	f.Redirect = !(answers && status >= 300 && status <= 399)
	return true
}

// isStatus reports whether httpd has a text for a status.
//
// Source: httpd 2.4.71, server: status_lines.
func isStatus(s int) bool {
	switch {
	case s >= 100 && s <= 103, s >= 200 && s <= 208, s == 226, s >= 300 && s <= 305, s == 307, s == 308, s >= 400 && s <= 417,
		s >= 421 && s <= 424, s == 426, s == 428, s == 429, s == 431, s == 451, s >= 500 && s <= 508, s == 510, s == 511:
		return true
	}
	return false
}

// leading is C's atoi.
func leading(s string) int {
	s = strings.TrimLeft(s, " \t\r\n\v\f")
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && (s[0] == '-' || s[0] == '+')) {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 32)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return int(n)
}

var condFlagNames = [...]string{"NC", "nocase", "OR", "ornext", "NV", "novary"}

// rewriteCond decodes a condition.
func (d *decoder) rewriteCond(sc *scope, n *apacheconf.Node) {
	d.rewrite(sc)
	words := n.RewriteWords(3)
	if len(words) < 2 {
		d.refuse(ruleCount, n, at(n), "write a test string and a pattern", "RewriteCond has fewer than two arguments")
		return
	}
	c := &RewriteCond{Place: placeOf(n), Test: words[0].Text, TestAt: n.WordSpan(words[0]), PatternAt: n.WordSpan(words[1])}
	if len(words) > 2 {
		ok := d.flags(n, words[2], func(name, _ string, at source.Span) bool {
			switch strings.ToLower(name) {
			case "nc", "nocase":
				c.NoCase = true
			case "or", "ornext":
				c.Or = true
			case "nv", "novary":
				c.NoVary = true
			default:
				hint := "RewriteCond has NC, OR and NV"
				if near := nearestOf(name, condFlagNames[:]); near != "" {
					hint = "did you mean " + near
				}
				d.refuse(ruleFlags, n, at, hint, "flag %q is not one of RewriteCond", name)
				return false
			}
			return true
		})
		if !ok {
			return
		}
	}
	text := words[1].Text
	text, c.Negated = strings.CutPrefix(text, "!")
	c.Kind, c.Operand = condKind(c.Test, text)
	switch c.Kind {
	case CondPattern:
		p, ok := d.pattern(n, c.PatternAt, text, c.NoCase)
		c.Pattern = p
		if !ok {
			return
		}
	case CondExpr:
		e, ok := d.condition(sc, n, c.PatternAt, text)
		if !ok {
			return
		}
		if c.Expr = e.Expr; c.Expr == nil {
			c.NotSimulated = "expression"
		}
	case CondLexEqual, CondLexLess, CondLexGreater, CondLexLessEqual, CondLexGreaterEqual:
	default:
		if c.NoCase {
			c.NoCase = false
			d.warn(ruleArgument, n, n.WordSpan(words[2]), "remove it", "flag NC does nothing to %s", text)
		}
	}
	sc.place.conditions = append(sc.place.conditions, c)
}

// condKind says what a condition tests, and what it compares with.
func condKind(test, s string) (CondKind, string) {
	if strings.EqualFold(test, "expr") {
		return CondExpr, ""
	}
	if len(s) < 2 {
		return CondPattern, ""
	}
	switch s[0] {
	case '-':
		if len(s) == 2 {
			switch s[1] {
			case 'f':
				return CondFile, ""
			case 's':
				return CondSize, ""
			case 'd':
				return CondDirectory, ""
			case 'x':
				return CondExecutable, ""
			case 'h', 'l', 'L':
				return CondLink, ""
			case 'U':
				return CondURL, ""
			case 'F':
				return CondFileURL, ""
			}
		}
		if len(s) > 3 {
			switch s[1:3] {
			case "lt":
				return CondIntLess, s[3:]
			case "le":
				return CondIntLessEqual, s[3:]
			case "gt":
				return CondIntGreater, s[3:]
			case "ge":
				return CondIntGreaterEqual, s[3:]
			case "eq":
				return CondIntEqual, s[3:]
			case "ne":
				return CondIntNotEqual, s[3:]
			}
		}
	case '>':
		if s[1] == '=' {
			return CondLexGreaterEqual, s[2:]
		}
		return CondLexGreater, s[1:]
	case '<':
		if s[1] == '=' {
			return CondLexLessEqual, s[2:]
		}
		return CondLexLess, s[1:]
	case '=':
		if s == `=""` {
			return CondLexEqual, ""
		}
		return CondLexEqual, s[1:]
	}
	return CondPattern, ""
}

// rewriteMap decodes a map and reads its entries where they can be read.
func (d *decoder) rewriteMap(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	d.rewrite(sc)
	m := &RewriteMap{Place: placeOf(n), Name: words[0].Text}
	src := words[1].Text
	kind, rest, _ := strings.Cut(src, ":")
	kind, format, _ := strings.Cut(strings.ToLower(kind), "=")
	switch {
	case strings.HasPrefix(strings.ToLower(src), "txt:"):
		m.Kind, m.Source = MapText, rest
	case strings.HasPrefix(strings.ToLower(src), "rnd:"):
		m.Kind, m.Source = MapRandom, rest
	case kind == "dbm" && strings.Contains(src, ":"):
		m.Kind, m.Source = MapDBM, rest
		switch format {
		case "", "default", "sdbm", "gdbm", "db", "ndbm", "lmdb":
		default:
			d.argument(n, words[1], "write dbm=sdbm:", "type %q of RewriteMap %s is not one of databases", format, m.Name)
			return
		}
	case strings.HasPrefix(src, "int:"):
		m.Kind, m.Source = MapInternal, rest
		switch rest {
		case "tolower", "toupper", "escape", "unescape":
			m.Known = true
		default:
			d.argument(n, words[1], "write int:tolower, toupper, escape or unescape", "RewriteMap %s: httpd has no function %q", m.Name, rest)
			return
		}
	case strings.HasPrefix(src, "prg:"):
		m.Kind, m.Source = MapProgram, rest
	case strings.HasPrefix(src, "dbd:"), strings.HasPrefix(src, "fastdbd:"):
		m.Kind, m.Source = MapSQL, rest
		if !d.tree.Modules["dbd_module"] {
			d.argument(n, words[1], "load dbd_module", "RewriteMap %s needs dbd_module, which is not loaded", m.Name)
			return
		}
	default:
		m.Kind, m.Source = MapText, src
	}
	switch m.Kind {
	case MapText, MapRandom, MapDBM:
		m.Source = apacheconf.Absolute(d.tree.Root, m.Source)
		d.mapFile(n, words[1], m)
	case MapProgram:
		program, _, _ := strings.Cut(m.Source, " ")
		if d.gone(apacheconf.Absolute(d.tree.Root, program)) {
			d.refuse(ruleMap, n, n.WordSpan(words[1]), "correct the path", "program %s of RewriteMap %s is not there", program, m.Name)
			return
		}
	}
	sc.host.host.Maps[m.Name] = m
}

// gone reports whether nothing is at a path, as far as that is known.
func (d *decoder) gone(name string) bool {
	if d.o.Stat == nil {
		return false
	}
	_, err := d.o.Stat(name)
	return err != nil && errors.Is(err, fs.ErrNotExist)
}

// mapFile reads the entries of a map. One whose file is not there is kept: httpd does not start with it, and what it would say
// is not known.
func (d *decoder) mapFile(n *apacheconf.Node, w apacheconf.Word, m *RewriteMap) {
	texts := []string{m.Source}
	files := texts
	if m.Kind == MapDBM {
		// A database is made of a text, which often lies beside it: the text is what can be read.
		texts = []string{m.Source + ".txt", m.Source + ".map", m.Source + ".src", strings.TrimSuffix(m.Source, ".map") + ".txt", m.Source}
		files = []string{m.Source, m.Source + ".pag", m.Source + ".db"}
	}
	missing := true
	for _, f := range files {
		if !d.gone(f) {
			missing = false
			break
		}
	}
	if missing {
		d.refuse(ruleMap, n, n.WordSpan(w), "correct the path, or make the file before httpd starts",
			"file %s of RewriteMap %s is not there", m.Source, m.Name)
		return
	}
	if d.o.ReadFile == nil {
		return
	}
	for _, f := range texts {
		text, err := d.o.ReadFile(f)
		if err != nil || m.Kind == MapDBM && f == m.Source && strings.IndexByte(string(text[:min(len(text), 4096)]), 0) >= 0 {
			continue
		}
		m.Entries, m.Known = mapEntries(string(text)), true
		return
	}
}

const maxEntries = 2_000_000

// mapEntries reads the lines of a map: the first word is the key, the second the value; the first line of a key counts.
func mapEntries(text string) map[string]string {
	entries := map[string]string{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		if _, ok := entries[fields[0]]; !ok {
			entries[fields[0]] = fields[1]
		}
		if len(entries) >= maxEntries {
			break
		}
	}
	return entries
}
