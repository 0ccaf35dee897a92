package model

import "slices"

// A Kind says what stands behind a property's name.
type Kind uint8

// The kinds of property.
const (
	KindValue   Kind = iota + 1 // one value: /port "4503"
	KindSection                 // a block of properties: /cache { … }
	KindEntries                 // a block of labelled blocks: /renders { /rend01 { … } }
	KindList                    // a block of strings: /clientheaders { "Host" }
)

var kindNames = [...]string{KindValue: "value", KindSection: "section", KindEntries: "entries", KindList: "list"}

// String returns the kind's name in lower case.
func (k Kind) String() string { return nameIn(kindNames[:], int(k)) }

// A Type says what a value, or each string of a list, may be.
type Type uint8

// The types of value.
const (
	TypeText    Type = iota + 1 // any text
	TypePath                    // a file or folder
	TypeURL                     // the path of a URL
	TypeNumber                  // digits: 0 to 2147483647
	TypeMode                    // an octal number of permissions
	TypeFlag                    // "1" for yes; the module takes anything else for no
	TypeWord                    // one of Property.Words
	TypePattern                 // a glob, or in single quotes a regular expression
	TypeHost                    // [scheme]host[uri][*]
	TypeHeader                  // the name of a header
)

var typeNames = [...]string{
	TypeText: "text", TypePath: "path", TypeURL: "url", TypeNumber: "number", TypeMode: "mode", TypeFlag: "flag",
	TypeWord: "word", TypePattern: "pattern", TypeHost: "host", TypeHeader: "header",
}

// String returns the type's name in lower case.
func (t Type) String() string { return nameIn(typeNames[:], int(t)) }

func nameIn(names []string, i int) string {
	if i > 0 && i < len(names) {
		return names[i]
	}
	return "none"
}

// A Section is one kind of block: what may stand between its braces. See [Schema].
type Section struct {
	// Name says what it is, for people: "/cache", "farm", "filter rule".
	Name string
	// Path is where it stands, with <farm>, <render>, <rule>, <category> for the labels:
	// "/farms/<farm>/cache". The whole text is "".
	Path string
	// Properties are those that may stand in it, each at most once, in the order of Adobe's page.
	Properties []Property
	// Entry is what the labelled blocks in it are, of which there may be any number; nil where there are none.
	Entry *Section
	// Strings says that it holds strings without names, any number of them, and Type what they are.
	Strings bool
	Type    Type
}

// A Property is a name that may stand in a Section.
type Property struct {
	// Name is without the slash.
	Name string
	Kind Kind
	// Type is what the value may be; for a list, what each string may be; else 0.
	Type Type
	// Words are the values that TypeWord allows.
	Words []string
	// Default is what holds where the property is not written, as it would be written; "" for nothing.
	Default string
	// Unit is "s", "ms" or "0.1 s" for numbers that measure time.
	Unit string
	// Required says that the section does nothing sensible without it.
	Required bool
	// Since is the first version of the module that has it, "" for all that matter.
	Since string
	// Doc says what it does, in a few words without a full stop.
	Doc string
	// Section is what stands between its braces; nil for a value.
	Section *Section
}

// Schema returns all that a configuration may hold, from the top: which properties each section has, what
// their values may be, their defaults, the version they came with. Decode works by the same table. The
// result is a copy.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md, permissions-cache.md,
// release-notes.md; a default that those do not give is that of adobe/aem-dispatcher-optimizer-tool.
func Schema() *Section { return topSection.export("") }

// Property returns the property of a name.
func (s *Section) Property(name string) (Property, bool) {
	for _, p := range s.Properties {
		if p.Name == name {
			return p, true
		}
	}
	return Property{}, false
}

// In returns the section that a block of a name opens in s: that of the property of the name or, where
// there is none and s has labels, that of an entry. nil where such a block does not belong.
func (s *Section) In(name string) *Section {
	if p, ok := s.Property(name); ok {
		return p.Section
	}
	return s.Entry
}

// Walk calls visit for s and each section below it, outer ones first.
func (s *Section) Walk(visit func(*Section)) {
	visit(s)
	if s.Entry != nil {
		s.Entry.Walk(visit)
	}
	for _, p := range s.Properties {
		if p.Section != nil {
			p.Section.Walk(visit)
		}
	}
}

// A section is a Section with what Decode needs.
type section struct {
	name   string
	label  string // what a label in it names: "farm", "rule"
	props  []property
	entry  *section
	typ    Type // of its strings, 0 where it holds none
	choice bool // an entry that needs at least one pattern
}

// A property is a Property with what Decode needs.
type property struct {
	name     string
	kind     Kind
	typ      Type
	words    []string
	def      string
	unit     string
	required bool
	since    string
	doc      string
	sec      *section
	// mistaken are names that people write when they mean this one, further off than two edits.
	mistaken []string
	// at gives the field of the model that holds the property, as one of
	// *Setting[string], *Setting[int], *Setting[uint32], *Setting[bool], **Pattern or a field.
	at func(owner any) any
}

func (s *section) find(name string) int {
	for i := range s.props {
		if s.props[i].name == name {
			return i
		}
	}
	return -1
}

func (s *section) export(path string) *Section {
	out := &Section{Name: s.name, Path: path, Strings: s.typ != 0, Type: s.typ}
	for i := range s.props {
		p := &s.props[i]
		e := Property{
			Name: p.name, Kind: p.kind, Type: p.typ, Words: slices.Clone(p.words), Default: p.def, Unit: p.unit,
			Required: p.required, Since: p.since, Doc: p.doc,
		}
		if p.sec != nil {
			e.Section = p.sec.export(path + "/" + p.name)
			e.Type = p.sec.typ
		}
		out.Properties = append(out.Properties, e)
	}
	if s.entry != nil {
		out.Entry = s.entry.export(path + "/<" + s.label + ">")
	}
	return out
}
