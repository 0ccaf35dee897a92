package simulate

import (
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

// A ruleList is a section of rules in the form that decides fast: from the last rule up, and only those that the
// method, the extension and the absence of parts leave possible. evaluate.go says the same rule by rule.
type ruleList struct {
	section *model.RuleList
	// globIsURI says that /glob sees the URI; otherwise it sees the request line.
	globIsURI bool

	once  sync.Once // what follows is made when the list is first used so
	rules []rule
	words int // of 64 rules each

	// Sets of rules: those that may match a request of a kind. For a method or an extension that some rule lists
	// the set is exact, and neither has to be looked at again.
	methods      []wordSet
	otherMethod  bitset
	extensions   [extensionGroups][]wordSet // by groupOf
	otherExt     bitset
	noExt        bitset
	withSelector [2]bitset // without selectors, with
	withSuffix   [2]bitset
	withQuery    [2]bitset
	byLead       []bitset // by the byte after the first slash
}

// A bitset has a bit for each rule.
type bitset []uint64

func (b bitset) set(i int)           { b[i>>6] |= 1 << (i & 63) }
func (b bitset) put(i int, yes bool) { b[i>>6] |= bit(yes) << (i & 63) }
func bit(yes bool) uint64 {
	if yes {
		return 1
	}
	return 0
}

// A wordSet is the rules that may match requests with a method, or an extension.
type wordSet struct {
	word  string
	rules bitset
}

// setOf returns the set of a word, nil where it has none.
func setOf(list []wordSet, word string) bitset {
	for i := range list {
		if list[i].word == word {
			return list[i].rules
		}
	}
	return nil
}

// extensionGroups is how many groups extensions are looked up in: a map would take longer for the few that rules list.
const extensionGroups = 32

// groupOf returns the group of an extension.
func groupOf(ext string) int { return (len(ext)<<3 + int(ext[0])) % extensionGroups }

// A rule holds what is left to compare once the sets have been asked; nil is nothing.
type rule struct {
	model *model.Rule
	need  need

	glob                          *match.Pattern // the rest is nil then
	url, path, protocol           *match.Pattern
	query, selectors, suffix      *match.Pattern // compared where the request has the part
	otherMethods, otherExtensions *match.Pattern // compared with methods and extensions that no rule lists
}

// commonMethods are methods that get a set of their own, the most frequent first (RFC 9110; PATCH is RFC 5789).
var commonMethods = [...]string{"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"}

// newRuleList prepares a section; nil for a section that is not there.
func newRuleList(section *model.RuleList, globIsURI bool) *ruleList {
	if section == nil {
		return nil
	}
	return &ruleList{section: section, globIsURI: globIsURI}
}

// compile makes the rules and their sets.
func (l *ruleList) compile() {
	rules := l.section.Rules
	l.rules, l.words = make([]rule, len(rules)), (len(rules)+63)/64
	methods, extensions := newVocabulary(commonMethods[:]), newVocabulary(nil)
	for _, r := range rules {
		if r.Glob == nil {
			methods.add(r.Method)
			extensions.add(r.Extension)
		}
	}
	arena := make(bitset, l.words*(len(methods.words)+len(extensions.words)+9+leads))
	take := func() bitset {
		b := arena[:l.words:l.words]
		arena = arena[l.words:]
		return b
	}
	l.otherMethod, l.otherExt, l.noExt = take(), take(), take()
	for i := range 2 {
		l.withSelector[i], l.withSuffix[i], l.withQuery[i] = take(), take(), take()
	}
	l.methods = make([]wordSet, len(methods.words))
	for i, m := range methods.words {
		l.methods[i] = wordSet{m, take()}
	}
	for _, e := range extensions.words {
		if e != "" { // a URI without an extension is asked about as such
			g := groupOf(e)
			l.extensions[g] = append(l.extensions[g], wordSet{e, take()})
		}
	}
	l.byLead = make([]bitset, leads)
	for i := range l.byLead {
		l.byLead[i] = take()
	}
	for i, r := range rules {
		c := &l.rules[i]
		if r.Glob == nil {
			c.otherMethods, c.otherExtensions = methods.rest(r.Method), extensions.rest(r.Extension)
		}
		l.add(i, r, c)
	}
}

// maxWords bounds how many methods, and extensions, get a set of their own. What is beyond is compared each time.
const maxWords = 256

// A vocabulary is the words that patterns of a section list.
type vocabulary struct {
	words []string
	has   map[string]bool
}

func newVocabulary(words []string) *vocabulary {
	v := &vocabulary{has: map[string]bool{}}
	for _, w := range words {
		v.words, v.has[w] = append(v.words, w), true
	}
	return v
}

// add takes the words of a pattern, if it lists them.
func (v *vocabulary) add(p *model.Pattern) {
	if !usable(p) {
		return
	}
	words, _ := p.Strings()
	for _, w := range words {
		if !v.has[w] && len(v.words) < maxWords {
			v.words, v.has[w] = append(v.words, w), true
		}
	}
}

// rest returns the pattern where it may match a word that the vocabulary lacks, and has to be asked; nil where it
// matches no such word, or all of them.
func (v *vocabulary) rest(p *model.Pattern) *match.Pattern {
	if !usable(p) || p.Always() {
		return nil
	}
	words, ok := p.Strings()
	if ok && !slices.ContainsFunc(words, func(w string) bool { return !v.has[w] }) {
		return nil
	}
	return p.Pattern
}

// usable reports whether there is a pattern and it can be compared with anything.
func usable(p *model.Pattern) bool { return p != nil && p.Err == nil && p.Pattern != nil }

// add puts rule i into the sets.
func (l *ruleList) add(i int, r *model.Rule, c *rule) {
	c.model = r
	for _, p := range r.Patterns() {
		if !usable(p) {
			return // in no set: it never matches
		}
	}
	c.need = needOf(r, l.globIsURI)
	if r.Glob != nil {
		c.glob = needed(r.Glob)
	} else {
		c.url, c.path, c.protocol, c.query = needed(r.URL), needed(r.Path), needed(r.Protocol), needed(r.Query)
		c.selectors, c.suffix = needed(r.Selectors), needed(r.Suffix)
	}
	l.addMethods(i, r, c)
	l.addExtensions(i, r, c)
	l.addParts(i, r)
	l.addLeads(i, r)
}

func (l *ruleList) addMethods(i int, r *model.Rule, c *rule) {
	if r.Glob != nil {
		method, ok := "", false
		if !l.globIsURI {
			method, ok = methodOfGlob(r.Glob)
		}
		for _, m := range l.methods {
			m.rules.put(i, !ok || m.word == method)
		}
		l.otherMethod.put(i, !ok || setOf(l.methods, method) == nil)
		return
	}
	p := r.Method
	for _, m := range l.methods {
		m.rules.put(i, p == nil || p.Match(m.word))
	}
	l.otherMethod.put(i, p == nil || c.otherMethods != nil || p.Always())
}

// methodOfGlob returns the one method whose request lines a glob may match: what stands before its first blank.
func methodOfGlob(p *model.Pattern) (method string, ok bool) {
	if p.Kind() != match.KindGlob {
		return "", false
	}
	text := p.Text()
	i := strings.IndexAny(text, " *?[")
	if i < 0 || text[i] != ' ' {
		return "", false
	}
	return text[:i], true
}

func (l *ruleList) addExtensions(i int, r *model.Rule, c *rule) {
	p := r.Extension
	if r.Glob != nil {
		p = nil
	}
	for _, group := range &l.extensions {
		for _, e := range group {
			e.rules.put(i, p == nil || p.Match(e.word))
		}
	}
	l.otherExt.put(i, p == nil || c.otherExtensions != nil || p.Always())
	l.noExt.put(i, p == nil || takesAbsent(p))
}

// addParts says whether the rule may match requests without selectors, suffix and query, and with them.
func (l *ruleList) addParts(i int, r *model.Rule) {
	glob := r.Glob != nil
	l.withSelector[0].put(i, glob || r.Selectors == nil || takesAbsent(r.Selectors))
	l.withSelector[1].put(i, glob || r.Selectors == nil || !onlyEmpty(r.Selectors))
	l.withSuffix[0].put(i, glob || r.Suffix == nil || takesAbsent(r.Suffix))
	l.withSuffix[1].put(i, glob || r.Suffix == nil || !onlyEmpty(r.Suffix))
	l.withQuery[0].put(i, glob || r.Query == nil)
	l.withQuery[1].set(i)
}

// addLeads says which bytes may follow the first slash.
func (l *ruleList) addLeads(i int, r *model.Rule) {
	patterns := []*model.Pattern{r.URL, r.Path}
	if r.Glob != nil {
		patterns = []*model.Pattern{r.Glob}
		if !l.globIsURI {
			patterns = nil
		}
	}
	lead := match.AnyByte()
	for _, p := range patterns {
		if p != nil {
			set := leadOf(p.Pattern)
			for w := range lead {
				lead[w] &= set[w]
			}
		}
	}
	for b := range noLead {
		l.byLead[b].put(i, lead.Has(byte(b)))
	}
	l.byLead[noLead].set(i)
}

// needed returns what has to be compared with a part that is there: nothing where any text will do.
func needed(p *model.Pattern) *match.Pattern {
	if p == nil || p.Always() {
		return nil
	}
	return p.Pattern
}

// onlyEmpty reports whether a pattern matches the empty string alone.
func onlyEmpty(p *model.Pattern) bool {
	words, ok := p.Strings()
	return ok && !slices.ContainsFunc(words, func(w string) bool { return w != "" })
}

// last returns the last rule that matches, nil where none does.
func (l *ruleList) last(x *Exchange) *model.Rule {
	l.once.Do(l.compile)
	d := x.Decision
	method, otherMethod := setOf(l.methods, x.Request.Method), false
	if method == nil {
		method, otherMethod = l.otherMethod, true
	}
	ext, otherExt := l.noExt, false
	if e := d.Parts.Extension; e != "" {
		if ext = setOf(l.extensions[groupOf(e)], e); ext == nil {
			ext, otherExt = l.otherExt, true
		}
	}
	selectors, suffix, query := l.withSelector[0], l.withSuffix[0], l.withQuery[0]
	if d.Parts.HasSelectors() {
		selectors = l.withSelector[1]
	}
	if d.Parts.Suffix != "" {
		suffix = l.withSuffix[1]
	}
	if d.HasQuery {
		query = l.withQuery[1]
	}
	lead := l.byLead[noLead]
	if len(d.Parts.Path) > 1 {
		lead = l.byLead[d.Parts.Path[1]]
	}
	for w := l.words - 1; w >= 0; w-- {
		set := method[w] & ext[w] & selectors[w] & suffix[w] & query[w] & lead[w]
		for set != 0 {
			i := bits.Len64(set) - 1
			set &^= 1 << i
			r := &l.rules[w<<6|i]
			if !r.need.metBy(x.signature) {
				continue
			}
			if otherMethod && r.otherMethods != nil && !r.otherMethods.Match(x.Request.Method) ||
				otherExt && r.otherExtensions != nil && !r.otherExtensions.Match(d.Parts.Extension) {
				continue
			}
			if l.matches(r, x) != (x.Request.Unknowns != nil && l.otherwise(r, x)) {
				return r.model
			}
		}
	}
	return nil
}

// matches compares what the sets have left open.
func (l *ruleList) matches(r *rule, x *Exchange) bool {
	d := x.Decision
	switch {
	case r.url != nil && !r.url.Match(d.URI),
		r.path != nil && !r.path.Match(d.Parts.Path),
		r.glob != nil && !l.matchesGlob(r.glob, x),
		r.query != nil && !r.query.Match(d.Query),
		r.suffix != nil && d.Parts.Suffix != "" && !r.suffix.Match(d.Parts.Suffix),
		r.selectors != nil && !matchesAnySelector(r.selectors, d.Parts.selectorText()),
		r.protocol != nil && !r.protocol.Match(x.Request.proto()):
		return false
	}
	return true
}

// otherwise asks whether to take a rule for the opposite of what it says, where what it says hangs on values of the query that
// are not known.
func (l *ruleList) otherwise(r *rule, x *Exchange) bool {
	u, d := x.Request.Unknowns, x.Decision
	if !u.QueryValues || d.Query == "" || r.query == nil && (r.glob == nil || l.globIsURI) {
		return false
	}
	rest := *r
	rest.query, rest.glob = nil, nil
	if !l.matches(&rest, x) {
		return false
	}
	pattern, text := r.query, d.Query
	if r.glob != nil {
		pattern, text = r.glob, requestLine(x)
	}
	if u.Matches != nil && u.Matches(pattern, text) {
		return false
	}
	holds := pattern.Match(text)
	mark := u.Begin()
	u.LooksAtQuery(d.Query)
	return u.End(mark, holds) != holds
}

// matchesGlob compares a glob with what the section's globs see.
func (l *ruleList) matchesGlob(p *match.Pattern, x *Exchange) bool {
	if l.globIsURI {
		return p.Match(x.Decision.URI)
	}
	return p.Match(requestLine(x))
}

// matchesAnySelector reports whether a pattern matches one of the selectors, or whether there is none: the sets
// have said that the rule takes that.
func matchesAnySelector(p *match.Pattern, selectors string) bool {
	sel, rest := nextSelector(selectors)
	if sel == "" {
		return true
	}
	for ; sel != ""; sel, rest = nextSelector(rest) {
		if p.Match(sel) {
			return true
		}
	}
	return false
}
