package rewrite

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
)

// An index tells which rules can match a path at all, so that a list of a thousand redirects costs little more than the few
// that begin as the path does. It leaves out rules whose pattern or first condition is certain to miss, and of which
// nothing would be seen: those that are tried and miss change nothing. Rules with the flag C are never left out, because
// their missing takes others along.
type index struct {
	n     int
	paths prefixes // by what a path begins with
	hosts prefixes // by what the Host header begins with, where the first condition asks for it
}

// How many rules there are before an index is worth its while, and how many that ask for a host.
const (
	leastRules = 4
	leastHosts = 8
)

// newIndex makes an index, or nil where it would tell nothing.
func newIndex(rules []rule) *index {
	if len(rules) < leastRules {
		return nil
	}
	ix := &index{n: len(rules)}
	var paths, hosts []prefixed
	asking := 0
	for i := range rules {
		r := &rules[i]
		var host *server.Pattern
		if len(r.conditions) > 0 && r.Pattern.PCRE != nil {
			if c := &r.conditions[0]; c.quick != nil && c.quick.environment == "" && c.quick.header == "Host" && c.Kind == server.CondPattern && !c.Or &&
				!c.Negated && c.NotSimulated == "" {
				host = c.Pattern
			}
		}
		path := r.Pattern
		if r.Flags.Chain {
			path, host = nil, nil
		}
		if host != nil {
			asking++
		}
		paths, hosts = appendPrefixed(paths, i, path), appendPrefixed(hosts, i, host)
	}
	ix.paths.make(paths, len(rules))
	if asking >= leastHosts {
		ix.hosts.make(hosts, len(rules))
	}
	if len(ix.paths.nodes)+len(ix.hosts.nodes) == 0 {
		return nil
	}
	return ix
}

// candidates sets the bits of the rules that may match.
func (ix *index) candidates(set []uint64, path, host string) []uint64 {
	set = append(set[:0], ix.paths.always...)
	ix.paths.mark(set, path)
	if len(ix.hosts.nodes) == 0 {
		return set
	}
	words := len(set)
	set = append(set, ix.hosts.always...)
	ix.hosts.mark(set[words:], host)
	for i := range words {
		set[i] &= set[words+i]
	}
	return set[:words]
}

// next returns the first rule from i on whose bit is set; past the last where there is none.
func next(set []uint64, i int) int {
	word := i >> 6
	if word >= len(set) {
		return len(set) << 6
	}
	w := set[word] >> (i & 63) << (i & 63)
	for w == 0 {
		if word++; word == len(set) {
			return word << 6
		}
		w = set[word]
	}
	return word<<6 + bits.TrailingZeros64(w)
}

// A prefixed is a rule with a text that its subject may begin with: in lower case, "" where it may begin with anything.
type prefixed struct {
	rule  int
	text  string
	whole bool // the subject is the text, and no more
}

// maxPrefix bounds how much of a text is looked at.
const maxPrefix = 256

// appendPrefixed appends what is known of the subjects that a pattern matches; nil is one of which nothing is.
func appendPrefixed(list []prefixed, rule int, pattern *server.Pattern) []prefixed {
	if pattern == nil || pattern.PCRE == nil || pattern.Negated {
		return append(list, prefixed{rule: rule})
	}
	if h := pattern.PCRE.Heads(); len(h.Texts) > 0 {
		for _, t := range h.Texts {
			list = append(list, newPrefixed(rule, t, h.Whole))
		}
		return list
	}
	s := pattern.PCRE.Shape()
	if !s.Begin {
		return append(list, prefixed{rule: rule})
	}
	return append(list, newPrefixed(rule, s.Prefix, s.Whole && s.End))
}

func newPrefixed(rule int, text string, whole bool) prefixed {
	if len(text) > maxPrefix {
		text, whole = text[:maxPrefix], false
	}
	return prefixed{rule: rule, text: lowerText(text), whole: whole}
}

// prefixes are the texts of rules as a tree: who walks down it along a subject passes all of them that it begins with.
type prefixes struct {
	always []uint64 // the rules without a text
	nodes  []prefixNode
}

type prefixNode struct {
	text  string // follows that of the node above
	first string // the first byte of each node below, in the order of below
	below []int32
	rules []int32 // whose text ends here
	whole []int32 // the same, where the subject has to end here, too
}

// least is how long a text has to be to tell something: all paths begin with a slash.
const leastPrefix = 2

func (t *prefixes) make(list []prefixed, rules int) {
	t.always = make([]uint64, (rules+63)>>6)
	var told []prefixed
	for _, p := range list {
		if len(p.text) < leastPrefix && !p.whole {
			t.always[p.rule>>6] |= 1 << (p.rule & 63)
			continue
		}
		told = append(told, p)
	}
	if len(told) == 0 {
		return
	}
	slices.SortStableFunc(told, func(a, b prefixed) int { return cmp.Compare(a.text, b.text) })
	t.add(told, 0)
}

// add adds the node for texts that are sorted and equal before depth.
func (t *prefixes) add(list []prefixed, depth int) int32 {
	no := int32(len(t.nodes))
	t.nodes = append(t.nodes, prefixNode{})
	from, to := list[0].text, list[len(list)-1].text
	end := depth
	for end < len(from) && end < len(to) && from[end] == to[end] {
		end++
	}
	n := prefixNode{text: from[depth:end]}
	var first []byte
	for i := 0; i < len(list); {
		p := &list[i]
		if len(p.text) == end {
			if p.whole {
				n.whole = append(n.whole, int32(p.rule))
			} else {
				n.rules = append(n.rules, int32(p.rule))
			}
			i++
			continue
		}
		j := i + 1
		for j < len(list) && list[j].text[end] == p.text[end] {
			j++
		}
		first = append(first, p.text[end])
		n.below = append(n.below, t.add(list[i:j], end))
		i = j
	}
	n.first = string(first)
	t.nodes[no] = n
	return no
}

// mark sets the bits of the rules whose text the subject begins with.
func (t *prefixes) mark(set []uint64, subject string) {
	if len(t.nodes) == 0 {
		return
	}
	for n := &t.nodes[0]; ; {
		if len(subject) < len(n.text) {
			return
		}
		for i := range len(n.text) {
			if c := subject[i]; c != n.text[i] && lowerByte(c) != n.text[i] {
				return
			}
		}
		subject = subject[len(n.text):]
		for _, r := range n.rules {
			set[r>>6] |= 1 << (r & 63)
		}
		if subject == "" {
			for _, r := range n.whole {
				set[r>>6] |= 1 << (r & 63)
			}
			return
		}
		i := strings.IndexByte(n.first, lowerByte(subject[0]))
		if i < 0 {
			return
		}
		n = &t.nodes[n.below[i]]
	}
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// lowerText is a text with ASCII letters in lower case.
func lowerText(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lowerByte(c)
	}
	return string(b)
}
