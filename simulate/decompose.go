package simulate

import "strings"

// Parts are the parts of a URI as filters see them. All are pieces of the URI: taking it apart copies nothing.
type Parts struct {
	// Path is what stands before the first dot of the whole URI.
	Path string
	// Extension is what stands before the suffix, after the last dot; "" is none.
	Extension string
	// Suffix is what follows the extension, with its leading slash; "" is none.
	Suffix string

	middle string // between the first dot and the suffix: selectors and extension
	dotted bool   // there is a dot
}

// Decompose takes a URI without its query apart: at the first dot of the whole URI, whether or not a resource of
// that name exists. A semicolon is an ordinary character.
//
// Sources: adobe/skills, config-patterns.md ("before the first dot"); adobe/aem-project-archetype, rules that
// allow /etc.clientlibs/* by its suffix; AdobeDocs/experience-manager-dispatcher.en, issue 32 (";"). Trailing and
// doubled dots are inferred: no extension, no empty selector.
func Decompose(uri string) Parts {
	var p Parts
	p.take(uri)
	return p
}

// take is Decompose in place.
func (p *Parts) take(uri string) {
	dot := strings.IndexByte(uri, '.')
	if dot < 0 {
		*p = Parts{Path: uri}
		return
	}
	middle, suffix := uri[dot+1:], ""
	if slash := strings.IndexByte(middle, '/'); slash >= 0 {
		middle, suffix = middle[:slash], middle[slash:]
	}
	p.Path, p.middle, p.Suffix, p.dotted = uri[:dot], middle, suffix, true
	p.Extension = middle[strings.LastIndexByte(middle, '.')+1:]
}

// selectorText is the selectors with the dots between and around them.
func (p *Parts) selectorText() string { return p.middle[:len(p.middle)-len(p.Extension)] }

// HasSelectors reports whether there is a selector.
func (p *Parts) HasSelectors() bool {
	s := p.selectorText()
	for i := range len(s) {
		if s[i] != '.' {
			return true
		}
	}
	return false
}

// nextSelector returns the first selector of s and what follows it; "" is the end.
func nextSelector(s string) (selector, rest string) {
	for s != "" {
		dot := strings.IndexByte(s, '.')
		if dot < 0 {
			return s, ""
		}
		if dot > 0 {
			return s[:dot], s[dot+1:]
		}
		s = s[1:]
	}
	return "", ""
}

// Selectors returns the selectors in their order; never nil.
func (p *Parts) Selectors() []string {
	list := []string{}
	for sel, rest := nextSelector(p.selectorText()); sel != ""; sel, rest = nextSelector(rest) {
		list = append(list, sel)
	}
	return list
}

// Join puts the parts together again: it returns the URI that was taken apart.
func (p *Parts) Join() string {
	if !p.dotted {
		return p.Path
	}
	return p.Path + "." + p.middle + p.Suffix
}
