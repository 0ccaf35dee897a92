package model

import (
	"fmt"
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/grammar"
)

// A shape is what a part of a configuration turned out to be: the body of the section that path leads to
// from a farm, or, with one, of an entry of it. With farms it is the body of /farms.
type shape struct {
	farms bool
	path  []string
	one   bool // the body of one entry
}

// shapes are all parts that are recognised. Where a text fits several equally well, the first is taken.
var shapes = []shape{
	{}, // the body of a farm
	{farms: true},
	{path: []string{"filter"}},
	{path: []string{"filter"}, one: true},
	{path: []string{"cache"}},
	{path: []string{"renders"}},
	{path: []string{"renders"}, one: true},
	{path: []string{"health_check"}},
	{path: []string{"vanity_urls"}},
	{path: []string{"auth_checker"}},
	{path: []string{"sessionmanagement"}},
	{path: []string{"stickyConnections"}},
	{path: []string{"statistics"}},
	{path: []string{"statistics", "categories"}},
	{path: []string{"virtualhosts"}},
}

// fallbacks are the sections that take the same entries or strings as one of shapes; their contents decide.
var (
	asRules      = shape{path: []string{"cache", "rules"}}
	asInvalidate = shape{path: []string{"cache", "invalidate"}}
	asClients    = shape{path: []string{"cache", "allowedClients"}}
	asParams     = shape{path: []string{"cache", "ignoreUrlParams"}}
	asAuthHeader = shape{path: []string{"auth_checker", "headers"}}
	asCategories = shape{path: []string{"statistics", "categories"}}
	asFilter     = shape{path: []string{"filter"}}
	asHosts      = shape{path: []string{"virtualhosts"}}
	asHeaders    = shape{path: []string{"clientheaders"}}
	asStored     = shape{path: []string{"cache", "headers"}}
	asPaths      = shape{path: []string{"stickyConnections", "paths"}}
)

// sec returns the section whose body the shape is.
func (s shape) sec() *section {
	if s.farms {
		return &farmsSection
	}
	sec := &farmSection
	for _, name := range s.path {
		sec = sec.props[sec.find(name)].sec
	}
	if s.one {
		sec = sec.entry
	}
	return sec
}

// words says what has to be put around the shape to make it a configuration.
func (s shape) words() []string {
	w := []string{"/farms"}
	if s.farms {
		return w
	}
	w = append(w, fmt.Sprintf("farm %q", fragmentName))
	for _, name := range s.path {
		w = append(w, "/"+name)
	}
	if s.one {
		sec := &farmSection
		for _, name := range s.path {
			sec = sec.props[sec.find(name)].sec
		}
		w = append(w, sec.label)
	}
	return w
}

// fragmentName is the farm that a fragment is put into.
const fragmentName = "fragment"

// classify tells what part of a configuration the items are, by what stands in them.
func (d *decoder) classify(items []grammar.Item) (shape, bool) {
	if len(items) == 1 {
		if v, ok := items[0].(*grammar.Value); ok && v.Quote == 0 && looksLikeFile(d.value(v)) {
			return shape{}, false // a link that was written out as a file
		}
	}
	items = first(items, 0)
	best, bestScore, bestMissing := shape{}, 0, 0
	for _, s := range shapes {
		sec := s.sec()
		hits, misses := d.fit(sec, items)
		if hits == 0 || misses > hits {
			continue
		}
		score := 2*hits - misses
		missing := d.lacks(sec, items)
		if score > bestScore || score == bestScore && missing < bestMissing {
			best, bestScore, bestMissing = s, score, missing
		}
	}
	if bestScore <= 0 {
		return shape{}, d.ofFarm(items)
	}
	switch best.sec() {
	case &filterSection, &filterRule:
		decided := d.classifyRules(items, best.one)
		decided.one = best.one
		return decided, true
	case &virtualhostsSection:
		return d.classifyStrings(items), true
	}
	return best, true
}

// ofFarm reports whether a property of a farm is among the items, whatever it holds: what it holds wrongly is
// reported when it is read.
func (d *decoder) ofFarm(items []grammar.Item) bool {
	for _, it := range items {
		if p, ok := it.(*grammar.Property); ok && p != nil && (p.Value != nil || p.Block != nil) && farmSection.find(d.label(p)) >= 0 {
			return true
		}
	}
	return false
}

func looksLikeFile(s string) bool {
	switch path.Ext(s) {
	case ".any", ".farm", ".vhost", ".conf", ".rules", ".vars":
		return true
	}
	return strings.HasPrefix(s, "../") || strings.HasPrefix(s, "./")
}

// lacks counts the required properties that the items do not have.
func (d *decoder) lacks(s *section, items []grammar.Item) int {
	n := 0
	for i := range s.props {
		if !s.props[i].required {
			continue
		}
		n++
		for _, it := range items {
			if p, ok := it.(*grammar.Property); ok && p != nil && d.label(p) == s.props[i].name {
				n--
				break
			}
		}
	}
	return n
}

// samples are how many items of a block are looked at to tell what it is, from the outermost block inwards.
// Blocks further in are taken for what they are called.
var samples = [...]int{64, 64, 16}

// fit counts which of the items may stand in a section and which may not.
func (d *decoder) fit(s *section, items []grammar.Item) (hits, misses int) {
	for _, it := range first(items, 0) {
		if !present(it) {
			continue
		}
		switch d.fitItem(s, it, 1) {
		case 1:
			hits++
		case -1:
			misses++
		}
	}
	return hits, misses
}

func first(items []grammar.Item, depth int) []grammar.Item {
	return items[:min(len(items), samples[depth])]
}

// fitItem returns 1 for an item that may stand in a section, -1 for one that may not, 0 where that cannot be
// told.
func (d *decoder) fitItem(s *section, it grammar.Item, depth int) int {
	switch it := it.(type) {
	case *grammar.Property:
		if it.Value == nil && it.Block == nil {
			return 0
		}
		name := d.label(it)
		if i := s.find(name); i >= 0 {
			p := &s.props[i]
			switch {
			case it.Value != nil && p.kind == KindValue:
				return 1
			case it.Value != nil || p.kind == KindValue:
				return -1
			case depth+1 == len(samples):
				return 1
			}
			if d.fitBlock(p.sec, it.Block.Items, depth) < 0 {
				return -1
			}
			return 1
		}
		switch {
		case s.entry != nil && it.Block != nil:
			return d.fitBlock(s.entry, it.Block.Items, depth)
		case s.entry != nil && s.entry.find(name) >= 0:
			return 0 // perhaps an entry without its braces
		}
		return -1
	case *grammar.Block:
		if s.entry != nil {
			return d.fitBlock(s.entry, it.Items, depth)
		}
		if s.typ != 0 && onlyStrings(first(it.Items, depth)) {
			return 1
		}
		return -1
	case *grammar.Value:
		if s.typ != 0 {
			return 1
		}
		return -1
	}
	return 0
}

// fitBlock says whether the items of a block may be those of a section. A block without any may be, and one
// too far in to be looked at.
func (d *decoder) fitBlock(s *section, items []grammar.Item, depth int) int {
	if depth+1 == len(samples) {
		return 1
	}
	n, seen := 0, false
	for _, it := range first(items, depth) {
		if !present(it) {
			continue
		}
		switch d.fitItem(s, it, depth+1) {
		case 1:
			n += 2
			seen = true
		case -1:
			n--
			seen = true
		}
	}
	switch {
	case !seen || n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}

// classifyRules tells which section of rules the entries are of. Elements of a request, such as /url, are a
// filter's. Where there are globs alone their text decides: a blank is a request line's and makes a filter,
// digits and dots are addresses, "Name:" is a header, a slash or a dot is a URL that is cached, and a bare
// word is a parameter. Where that leaves it open the file's name does, and at last it is a filter.
func (d *decoder) classifyRules(items []grammar.Item, one bool) shape {
	named := d.classifyByName(items)
	votes := make(map[string]int)
	var count func(items []grammar.Item)
	var elements, types int
	count = func(items []grammar.Item) {
		for _, it := range items {
			p, ok := it.(*grammar.Property)
			if !ok || p == nil || p.Value == nil {
				continue
			}
			switch name := d.label(p); {
			case name == "glob":
				votes[globSubject(d.value(p.Value))]++
			case name == "type":
				types++
			case filterRule.find(name) >= 0:
				elements++
			}
		}
	}
	if one {
		count(items)
	} else {
		for _, it := range items {
			if !present(it) {
				continue
			}
			switch it := it.(type) {
			case *grammar.Property:
				if it.Block != nil {
					count(it.Block.Items)
				}
			case *grammar.Block:
				count(it.Items)
			}
		}
	}
	if elements > 0 {
		if named.sec() == &rulesSection && votes["url"] > 0 {
			return named // cache rules may have elements too
		}
		return asFilter
	}
	if types == 0 && !one {
		return asCategories
	}
	best, most, tied := "", 0, false
	for _, subject := range [...]string{"line", "url", "client", "header", "param"} {
		switch n := votes[subject]; {
		case n > most:
			best, most, tied = subject, n, false
		case n == most:
			tied = true
		}
	}
	if most == 0 || tied {
		return named
	}
	switch best {
	case "url":
		if sec := named.sec(); sec == &invalidateSection || sec == &rulesSection {
			return named
		}
		return asRules
	case "client":
		return asClients
	case "header":
		return asAuthHeader
	case "param":
		return asParams
	}
	return asFilter
}

// globSubject tells what a glob is written for: a request "line", a "url", a "client" address, a "header"
// line, a "param"; "" where that is open.
func globSubject(glob string) string {
	if i := strings.Index(glob, "${"); i >= 0 {
		if j := strings.IndexByte(glob[i:], '}'); j >= 0 && len(glob) < 4096 {
			return globSubject(glob[:i] + glob[i+j+1:])
		}
	}
	bare := strings.Trim(glob, "*?")
	switch {
	case bare == "" && strings.Count(glob, "*") <= 2:
		return ""
	case strings.ContainsAny(glob, " \t"):
		return "line"
	case isAddress(glob):
		return "client"
	case strings.ContainsAny(glob, "/."):
		return "url"
	case strings.Contains(glob, ":"):
		return "header"
	}
	return "param"
}

// isAddress reports whether a glob is written for IP addresses.
func isAddress(glob string) bool {
	if strings.Trim(glob, "0123456789*?.[]-") == "" && strings.Count(glob, ".") >= 1 && !strings.HasPrefix(strings.TrimLeft(glob, "*"), "..") {
		return strings.Count(glob, ".") >= 2 || strings.ContainsAny(glob, "0123456789")
	}
	return strings.Count(glob, ":") >= 2 && strings.Trim(glob, "0123456789abcdefABCDEF*?.:") == ""
}

// classifyStrings tells which section a list of strings is.
func (d *decoder) classifyStrings(items []grammar.Item) shape {
	var hosts, headers, stored, paths int
	var count func(items []grammar.Item, depth int)
	count = func(items []grammar.Item, depth int) {
		for _, it := range items {
			var v *grammar.Value
			switch it := it.(type) {
			case *grammar.Value:
				v = it
			case *grammar.Property:
				if it != nil {
					v = it.Value
				}
			case *grammar.Block:
				if it != nil && depth < maxNesting {
					count(it.Items, depth+1)
				}
			}
			if v == nil {
				continue
			}
			switch s := d.value(v); {
			case s == "*":
			case strings.HasPrefix(s, "/"):
				paths++
			case strings.Contains(s, "://") || strings.ContainsAny(s, ".:/$*") || strings.EqualFold(s, "localhost"):
				hosts++
			case isResponseHeader(s):
				stored++
			default:
				headers++
			}
		}
	}
	count(items, 0)
	named := d.classifyByName(items)
	if sec := named.sec(); stored+headers > hosts+paths && sec.typ == TypeHeader {
		return named
	}
	switch {
	case hosts > headers+stored+paths:
		return asHosts
	case paths > headers+stored+hosts:
		return asPaths
	case stored > headers+hosts+paths:
		return asStored
	case headers > 0 && (headers > 1 || named.sec() != &virtualhostsSection):
		return asHeaders
	}
	if sec := named.sec(); sec.typ != 0 {
		return named
	}
	return asHosts
}

// isResponseHeader reports whether a header is one that responses have and requests have not.
func isResponseHeader(s string) bool {
	s = strings.ToLower(s)
	switch s {
	case "content-disposition", "content-encoding", "content-language", "content-security-policy", "etag", "expires",
		"last-modified", "location", "set-cookie", "strict-transport-security", "vary", "x-content-type-options",
		"x-frame-options", "x-robots-tag", "age", "server", "surrogate-control", "referrer-policy":
		return true
	}
	return strings.HasPrefix(s, "access-control-allow-") || strings.HasPrefix(s, "access-control-expose-") || s == "access-control-max-age"
}

// classifyByName tells by the name of the file, as the product's own layouts and most projects choose it,
// what the strings or rules in it are.
func (d *decoder) classifyByName(items []grammar.Item) shape {
	for _, it := range items {
		if !present(it) || !sound(it.Span()) {
			continue
		}
		name := strings.ToLower(it.Span().File.Name)
		base, dir := path.Base(name), path.Base(path.Dir(name))
		for _, s := range [...]string{base, dir} {
			switch {
			case strings.Contains(s, "filter"):
				return asFilter
			case strings.Contains(s, "clientheader"):
				return asHeaders
			case strings.Contains(s, "vhost"), strings.Contains(s, "virtualhost"):
				return asHosts
			case strings.Contains(s, "allowed"), s == "default_invalidate.any":
				return asClients
			case strings.Contains(s, "invalid"):
				return asInvalidate
			case strings.Contains(s, "param"):
				return asParams
			case strings.Contains(s, "cache"), strings.Contains(s, "rules"):
				return asRules
			case strings.Contains(s, "header"):
				return asStored
			}
		}
		break
	}
	return asFilter
}
