package automata

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
)

// A Request is what a filter sees of a request.
type Request struct {
	Method string
	// URI is cleaned and decoded, without the query. It may hold blanks and question marks that were sent encoded.
	URI string
	// Query is what was sent after the question mark; HasQuery says that there was one.
	Query    string
	HasQuery bool
	// Protocol is the last word of the request line: HTTP/1.1.
	Protocol string
}

// String returns the request line as /glob sees it: METHOD URI?QUERY PROTOCOL.
func (r Request) String() string {
	var b strings.Builder
	b.WriteString(r.Method)
	b.WriteByte(' ')
	b.WriteString(r.URI)
	if r.HasQuery {
		b.WriteByte('?')
		b.WriteString(r.Query)
	}
	b.WriteByte(' ')
	b.WriteString(r.Protocol)
	return b.String()
}

// Target returns the request target as it is sent: the URI with what has to be encoded in it, and the query.
func (r Request) Target() string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(r.URI) {
		c := r.URI[i]
		if c > ' ' && c < 0x7f && strings.IndexByte("\"#%<>?[\\]^`{|}", c) < 0 {
			b.WriteByte(c)
			continue
		}
		// An encoded slash is kept as it is when the URI is decoded, and so is encoded already.
		if strings.HasPrefix(r.URI[i:], "%2F") || strings.HasPrefix(r.URI[i:], "%2f") {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	if r.HasQuery {
		b.WriteByte('?')
		b.WriteString(r.Query)
	}
	return b.String()
}

// state returns the state of d after the request.
func (r Request) state(d *dfa) int32 {
	s := d.step(d.run(d.start, r.Method), markMethod)
	s = d.run(s, r.URI)
	if r.HasQuery {
		s = d.run(d.step(s, markQuery), r.Query)
	}
	return d.run(d.step(s, markProtocol), r.Protocol)
}

// request reads a word that is a request.
func request(word []int) Request {
	var r Request
	part := 0
	parts := [4][]byte{} // method, URI, protocol, query
	for _, s := range word {
		switch s {
		case markMethod:
			part = 1
		case markQuery:
			part, r.HasQuery = 3, true
		case markProtocol:
			part = 2
		default:
			parts[part] = append(parts[part], byte(s))
		}
	}
	r.Method, r.URI, r.Protocol, r.Query = string(parts[0]), string(parts[1]), string(parts[2]), string(parts[3])
	return r
}

// Elements are the patterns of a filter entry; nil is one that is not written. A request is in the entry if all match.
// Where Glob is set, the others are not read. For sections whose /glob sees the URI, give it as URL.
//
// An element that a request lacks is matched by an empty glob and by a regular expression that takes the empty text;
// /query is then not matched by anything (adobe/aem-dispatcher-experiments, dispatcher.any;
// AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md). Of several selectors one has to match.
//
// A pattern that the C library refuses is given as [match.Nothing] makes it: the entry then matches nothing. One with
// a back reference is given so too, and makes the entry an error.
type Elements struct {
	Glob *match.Pattern // sees the request line

	Method, URL, Query, Protocol, Path, Selectors, Extension, Suffix *match.Pattern
}

// patterns calls f with each pattern that counts.
func (e *Elements) patterns(f func(on element, p *match.Pattern) error) error {
	if e.Glob != nil {
		return f(onLine, e.Glob)
	}
	for on, p := range [...]*match.Pattern{onMethod: e.Method, onProtocol: e.Protocol, onPath: e.Path, onURL: e.URL,
		onSelectors: e.Selectors, onExtension: e.Extension, onSuffix: e.Suffix, onQuery: e.Query} {
		if p == nil {
			continue
		}
		if err := f(element(on), p); err != nil {
			return err
		}
	}
	return nil
}

// takesAbsent reports whether a pattern matches an element that is not there.
func takesAbsent(on element, p *match.Pattern) bool {
	switch {
	case on == onQuery || p.Refused():
		return false
	case p.Kind() == match.KindERE:
		return p.MatchesEmpty()
	}
	return p.Text() == ""
}

// Match reports whether all patterns match a request. It asks the patterns themselves, and so works for those that no
// automaton is made of; one with a back reference matches nothing.
func (e *Elements) Match(r Request) bool {
	if e.Glob == nil { // what most entries have settles most requests, and needs no taking apart
		switch {
		case e.Method != nil && !e.Method.Match(r.Method), e.URL != nil && !e.URL.Match(r.URI):
			return false
		case e.Query == nil && e.Protocol == nil && e.Path == nil && e.Selectors == nil && e.Extension == nil && e.Suffix == nil:
			return true
		}
	}
	return e.matchParts(r)
}

// matchParts is Match where it is not settled by the method and the URI.
func (e *Elements) matchParts(r Request) bool {
	path, middle, suffix := r.URI, "", ""
	if dot := strings.IndexByte(r.URI, '.'); dot >= 0 {
		path, middle = r.URI[:dot], r.URI[dot+1:]
		if slash := strings.IndexByte(middle, '/'); slash >= 0 {
			middle, suffix = middle[:slash], middle[slash:]
		}
	}
	selectors, extension := "", middle
	if dot := strings.LastIndexByte(middle, '.'); dot >= 0 {
		selectors, extension = middle[:dot], middle[dot+1:]
	}
	ok := true
	_ = e.patterns(func(on element, p *match.Pattern) error {
		part := ""
		switch on {
		case onLine:
			ok = ok && p.Match(r.String())
			return nil
		case onMethod:
			ok = ok && p.Match(r.Method)
			return nil
		case onURL:
			ok = ok && p.Match(r.URI)
			return nil
		case onPath:
			ok = ok && p.Match(path)
			return nil
		case onProtocol:
			ok = ok && p.Match(r.Protocol)
			return nil
		case onQuery:
			ok = ok && r.HasQuery && p.Match(r.Query)
			return nil
		case onSelectors:
			hit, any := false, false
			for s := range strings.SplitSeq(selectors, ".") {
				if s != "" {
					any, hit = true, hit || p.Match(s)
				}
			}
			ok = ok && (hit || !any && takesAbsent(on, p))
			return nil
		case onExtension:
			part = extension
		case onSuffix:
			part = suffix
		}
		if part == "" {
			ok = ok && takesAbsent(on, p)
		} else {
			ok = ok && p.Match(part)
		}
		return nil
	})
	return ok
}
