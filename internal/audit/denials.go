package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/simulate"
)

// candidates are rules that deny some of the views, the most general first. safe reports whether a rule leaves all controls
// alone.
func candidates(views []view, safe func(*piece) bool) []piece {
	return slices.Concat(
		tricks(views), parameters(views), methods(views), trees(views, safe), pagesInside(views), selectors(views), kinds(views), suffixes(views, safe),
		root(views), places(views, safe), exactly(views),
	)
}

// allowList is a filter that opens what sites usually need, and no more. It stands where everything was open.
func allowList() []piece {
	return []piece{
		{name: "deny-everything", comment: "everything is closed that no rule below opens", body: `/type "deny" /url "*"`},
		{name: "allow-pages", comment: "pages, their models, images and assets", body: `/type "allow" /method '(GET|HEAD)' /url '/content/[A-Za-z0-9/_-]+\.html'`},
		{name: "allow-models", body: `/type "allow" /method '(GET|HEAD)' /url '/content/[A-Za-z0-9/_-]+\.model\.json'`},
		{name: "allow-images", body: `/type "allow" /method '(GET|HEAD)' /url '/content/[A-Za-z0-9/_-]+\.coreimg(\.[0-9]+)*\.(gif|jpe?g|png|svg|webp)/[0-9]+/[A-Za-z0-9_-]+\.(gif|jpe?g|png|svg|webp)'`},
		{name: "allow-assets", body: `/type "allow" /method '(GET|HEAD)' /url '/content/dam/[A-Za-z0-9/_-]+\.(gif|ico|jpe?g|mp4|pdf|png|svg|webp)'`},
		{name: "allow-clientlibs", comment: "styles and scripts, and the token of forms", body: `/type "allow" /method '(GET|HEAD)' /url '/etc\.clientlibs/[A-Za-z0-9/_-]+(\.lc-[0-9a-z]+-lc)?(\.min)?\.(css|eot|gif|ico|jpe?g|js|png|svg|ttf|woff2?)'`},
		{name: "allow-csrf-token", body: `/type "allow" /method "GET" /url "/libs/granite/csrf/token.json"`},
		{name: "allow-queries", comment: "GraphQL and Dynamic Media: leave out what the site does not use", body: `/type "allow" /method '(GET|HEAD)' /url '/graphql/execute\.json/[A-Za-z0-9/_-]+'`},
		{name: "allow-graphql", body: `/type "allow" /method "POST" /url '/content/_cq_graphql/[A-Za-z0-9_-]+/endpoint\.json'`},
		{name: "allow-dynamic-media", body: `/type "allow" /method '(GET|HEAD)' /url '/adobe/dynamicmedia/deliver/[A-Za-z0-9/_-]+\.(gif|jpe?g|png|webp)'`},
		{name: "allow-root-files", body: `/type "allow" /method '(GET|HEAD)' /url '/(favicon\.ico|robots\.txt|sitemap\.xml|\.well-known/security\.txt)'`},
	}
}

func deny(name, body string) piece { return piece{name: name, body: `/type "deny" ` + body} }

// any reports whether a view is one that f says.
func anyView(views []view, f func(*view) bool) bool {
	for i := range views {
		if f(&views[i]) {
			return true
		}
	}
	return false
}

// tricks are marks that no URL of a site needs.
func tricks(views []view) []piece {
	var out []piece
	if anyView(views, func(v *view) bool { return strings.Contains(v.uri, ";") }) {
		out = append(out, deny("deny-path-parameters", `/url '.*;.*'`))
	}
	if anyView(views, func(v *view) bool { return strings.ContainsAny(v.uri, "[]{}%") }) {
		out = append(out, deny("deny-brackets", `/url '.*[][{}%].*'`))
	}
	if anyView(views, func(v *view) bool {
		return strings.ContainsFunc(v.uri, func(r rune) bool { return r < ' ' || r == 0x7f })
	}) {
		out = append(out, deny("deny-control-characters", `/url '.*[[:cntrl:]].*'`))
	}
	if anyView(views, func(v *view) bool { return strings.Contains(v.uri, "..") }) {
		out = append(out, deny("deny-double-dots", `/url '.*\.\..*'`))
	}
	if anyView(views, func(v *view) bool { return strings.Contains(v.uri, "/.") }) {
		out = append(out, deny("deny-nameless", `/url '.*/\..*'`), deny("deny-nameless", `/url '/.+/\..*'`))
	}
	return out
}

// parameters are names in queries that are for authors.
func parameters(views []view) []piece {
	names := map[string]bool{}
	for i := range views {
		for pair := range strings.SplitSeq(views[i].query, "&") {
			if name, _, _ := strings.Cut(pair, "="); has([]string{"debug", "wcmmode", "sling:authRequestLogin"}, name) {
				names[name] = true
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []piece{deny("deny-author-parameters", `/query '(.*&)?`+group(names)+`([=&].*)?'`)}
}

// methods are those that no page needs.
func methods(views []view) []piece {
	writes, posts, others := map[string]bool{"DELETE": true, "MKCOL": true, "MOVE": true, "PATCH": true, "PROPFIND": true, "PUT": true}, false, false
	for i := range views {
		switch m := views[i].method; m {
		case "GET", "HEAD":
		case "POST":
			posts = true
		default:
			others = true
			writes[m] = true
		}
	}
	var out []piece
	if posts {
		writes["POST"] = true
		out = append(out, deny("deny-methods", "/method '"+group(writes)+"'"))
		delete(writes, "POST")
	}
	if others {
		out = append(out, deny("deny-methods", "/method '"+group(writes)+"'"))
	}
	if posts {
		out = append(out, deny("deny-posts-to-pages", `/method "POST" /url '/content/.*\.html([/.].*)?'`), deny("deny-posts-to-folders", `/method "POST" /url '[^.]*'`))
	}
	return out
}

// alternatives joins words, in their order, to a part of a regular expression.
func alternatives(set map[string]bool) string {
	var list []string
	for w := range set {
		list = append(list, regex(w))
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Compare(a, b) })
	return strings.Join(list, "|")
}

// regex is a text as a regular expression that matches it.
func regex(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(`.[]{}()*+?^$|\`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// pagesInside are the nodes inside of pages.
func pagesInside(views []view) []piece {
	if !anyView(views, func(v *view) bool {
		return strings.Contains(v.uri, "jcr:content") || strings.Contains(v.uri, "_jcr_content")
	}) {
		return nil
	}
	return []piece{
		deny("deny-jcr-content", `/url '.*[/.]_?jcr[:_]content([/.].*)?'`),
		deny("deny-jcr-content-itself", `/url '.*[/.]_?jcr[:_]content(\..*)?'`),
		deny("deny-jcr-content-data", `/url '.*[/.]_?jcr[:_]content(\.[^/]*)?\.(feed|json|xml|css|js|html|ico|pdf)(/.*)?'`),
	}
}

// selectors are those of views: all of them where none is needed, those that renderers of AEM take, those that are there.
func selectors(views []view) []piece {
	known, all, numbered := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range views {
		p := simulate.Decompose(views[i].uri)
		for _, s := range p.Selectors() {
			switch {
			case strings.Trim(s, "-0123456789") == "":
				if plainWord(p.Extension) {
					numbered[p.Extension] = true
				}
				continue
			case !plainWord(s):
				continue
			default:
				s = regex(s)
			}
			all[s] = true
			if has(rendererSelectors(), strings.ToLower(s)) {
				known[s] = true
			}
		}
	}
	if len(all)+len(numbered) == 0 {
		return nil
	}
	out := []piece{deny("deny-selectors", `/url "/content/*" /selectors "*"`)}
	if len(numbered) > 0 {
		out = append(out, deny("deny-depths", `/selectors '-?[0-9]+'`))
		for _, set := range []map[string]bool{numbered, notImages(numbered)} {
			if n := len(set); n > 0 && n <= maxAlternatives {
				out = append(out, deny("deny-depths", `/selectors '-?[0-9]+' /extension '`+group(set)+"'"))
			}
		}
	}
	if len(known) > 0 {
		out = append(out, deny("deny-renderer-selectors", "/selectors '"+joined(known)+"'"))
	}
	if anyView(views, func(v *view) bool { return strings.ContainsFunc(v.uri, func(r rune) bool { return r >= 0x7f }) }) {
		out = append(out, deny("deny-foreign-selectors", `/selectors '.*[^ -~].*'`))
	}
	if len(all) <= maxAlternatives {
		out = append(out, deny("deny-these-selectors", "/selectors '"+joined(all)+"'"))
	}
	return out
}

// group is alternatives as a part of a pattern.
func group(set map[string]bool) string {
	if len(set) == 1 {
		return alternatives(set)
	}
	return "(" + alternatives(set) + ")"
}

// maxAlternatives bounds how many words a proposed pattern lists.
const maxAlternatives = 60

func joined(set map[string]bool) string {
	var list []string
	for w := range set {
		list = append(list, w)
	}
	slices.Sort(list)
	if len(list) == 1 {
		return list[0]
	}
	return "(" + strings.Join(list, "|") + ")"
}

func plainWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == ':')
	})
}

// rendererSelectors are selectors of AEM's default renderers and listings (the lists of the scanners have them).
func rendererSelectors() []string {
	return []string{
		"assets", "assetsearch", "blueprint", "children", "childrenlist", "docview", "ext", "feed", "form", "forms", "harray", "infinity",
		"languages", "pages", "query", "rss", "search", "social", "sysview", "tidy", "validator", "bulkimportconfig",
		"css", "html", "js", "json", "jsonp", "jsp", "servlet", "txt", "xml", // an extension in front of another one
	}
}

// kinds are extensions, and extensions behind selectors.
func kinds(views []view) []piece {
	data, behindNone, behindOne, behindMore := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range views {
		p := simulate.Decompose(views[i].uri)
		e := p.Extension
		if !plainWord(e) {
			continue
		}
		if !has(safeExtensions(), e) {
			data[e] = true
		}
		switch n := len(p.Selectors()); {
		case n > 1:
			behindMore[e] = true
			fallthrough
		case n > 0:
			behindOne[e] = true
		case !has(safeExtensions(), e):
			behindNone[e] = true
		}
	}
	var out []piece
	add := func(name, before string, set map[string]bool, after string) {
		if n := len(set); n > 0 && n <= maxAlternatives {
			out = append(out, deny(name, before+group(set)+after))
		}
	}
	for _, set := range []map[string]bool{data, without(data, "json"), without(data, "json", "xml")} {
		add("deny-data", "/extension '", set, "'")
		add("deny-data-of-content", `/url "/content*" /extension '`, set, "'")
	}
	add("deny-data-of-pages", `/url '/content[^.]*\.`, behindNone, "(/.*)?'")
	for _, set := range []map[string]bool{behindOne, notImages(behindOne), without(notImages(behindOne), "json"), without(notImages(behindOne), "json", "xml")} {
		add("deny-selectors-of-content", `/url '/content[^.]*\.[^/]*\.`, set, "(/.*)?'")
	}
	for _, set := range []map[string]bool{behindMore, notImages(behindMore), without(notImages(behindMore), "css")} {
		add("deny-many-selectors", `/url '/content[^.]*\.[^/]*\.[^/]*\.`, set, "(/.*)?'")
	}
	return out
}

// notImages is a set of extensions without those that images are scaled to.
func notImages(set map[string]bool) map[string]bool {
	return without(set, "gif", "jpeg", "jpg", "png", "svg", "webp")
}

// without is a set without some words.
func without(set map[string]bool, words ...string) map[string]bool {
	rest := maps.Clone(set)
	for _, w := range words {
		delete(rest, w)
	}
	return rest
}

// suffixes are what stands behind an extension.
func suffixes(views []view, safe func(*piece) bool) []piece {
	paths, kinds := map[string]bool{}, map[string]bool{}
	for i := range views {
		p := simulate.Decompose(views[i].uri)
		if p.Suffix == "" {
			continue
		}
		if e := p.Extension; plainWord(e) {
			c := deny("deny-suffix", `/extension "`+e+`" /suffix "*"`)
			if safe(&c) {
				kinds[e] = true
			}
		}
		if r := firstSegment(p.Suffix); plainWord(r) {
			paths[r] = true
		}
	}
	var out []piece
	if len(kinds) > 0 || len(paths) > 0 {
		out = append(out, deny("deny-suffixes", `/path "/content/*" /suffix "*"`))
	}
	if n := len(kinds); n > 0 && n <= maxAlternatives {
		out = append(out, deny("deny-suffixes", "/extension '"+group(kinds)+`' /suffix "*"`))
	}
	if n := len(paths); n > 0 && n <= maxAlternatives {
		out = append(out, deny("deny-paths-as-suffix", `/url "/content*" /suffix '/`+group(paths)+"([/.].*)?'"))
	}
	return out
}

// safeExtensions are those of files that visitors get.
func safeExtensions() []string {
	return []string{"", "css", "eot", "gif", "html", "ico", "jpeg", "jpg", "js", "mp4", "pdf", "png", "svg", "ttf", "webm", "webp", "woff", "woff2", "clientlibs"}
}

// trees are the roots that the views are in, those that no control needs.
func trees(views []view, safe func(*piece) bool) []piece {
	whole, below := map[string]bool{}, map[string]bool{}
	for _, r := range rootsOf(views) {
		c := deny("deny-tree", "/url '/"+regex(r)+"([/.].*)?'")
		if safe(&c) {
			whole[r] = true
		}
		if c = deny("deny-below", "/url '/"+regex(r)+"/.*'"); safe(&c) {
			below[r] = true
		}
	}
	var out []piece
	if n := len(whole); n > 0 && n <= maxAlternatives {
		out = append(out, deny("deny-trees", "/url '/"+group(whole)+"([/.].*)?'"))
	}
	if n := len(below); n > len(whole) && n <= maxAlternatives {
		out = append(out, deny("deny-trees", "/url '/"+group(below)+"/.*'"))
	}
	return out
}

// rootsOf are the first segments of the views, without what follows a dot, in order; not /content, which is the site's.
func rootsOf(views []view) []string {
	set := map[string]bool{}
	for i := range views {
		if r := firstSegment(views[i].uri); r != "content" && plainWord(r) {
			set[r] = true
		}
	}
	return sorted(set)
}

// root are selectors and extensions of the root.
func root(views []view) []piece {
	if !anyView(views, func(v *view) bool { return strings.HasPrefix(v.uri, "/.") }) {
		return nil
	}
	return []piece{deny("deny-root", `/url '/\.[^/]*\.?(json|xml|css|js|html|ico|pdf|png|gif)(/.*)?'`)}
}

// places are the highest folders that hold views and no control, and nodes of which only what is below them is needed. Those
// of one parent share a rule.
func places(views []view, safe func(*piece) bool) []piece {
	folders, nodes := map[string]map[string]bool{}, map[string]map[string]bool{} // names by the path of the parent
	add := func(to map[string]map[string]bool, parent, name string) {
		if to[parent] == nil {
			to[parent] = map[string]bool{}
		}
		to[parent][name] = true
	}
	bare, dotted := map[string]map[string]bool{}, map[string]map[string]bool{} // dotted has extensions by path
	known := map[string]bool{}
	isSafe := func(body string) bool {
		ok, asked := known[body]
		if !asked {
			c := deny("deny", body)
			ok = safe(&c)
			known[body] = ok
		}
		return ok
	}
	for i := range views {
		parent := ""
		rest := strings.TrimPrefix(views[i].uri, "/")
		for deep := 0; deep < maxDepth; deep++ {
			name := firstSegment(rest)
			if !writable(name) {
				break
			}
			at := regex(parent + "/" + name)
			if isSafe("/url '" + at + "([/.].*)?'") {
				add(folders, parent, name)
				break
			}
			after := rest[len(name):]
			if !strings.HasPrefix(after, "/") {
				switch dots, _, _ := strings.Cut(after, "/"); {
				case views[i].page:
				case isSafe("/url '" + at + `(\..*)?'`):
					add(nodes, parent, name)
				case dots == "" && isSafe("/url '"+at+"'"):
					add(bare, parent, name)
				case dots != "":
					if e := dots[strings.LastIndexByte(dots, '.')+1:]; plainWord(e) && isSafe("/url '"+at+`\.([^/]*\.)?`+e+"(/.*)?'") {
						add(dotted, parent+"/"+name, e)
					}
				}
				break
			}
			parent, rest = parent+"/"+name, after[1:]
		}
	}
	var out []piece
	for _, list := range []struct {
		of   map[string]map[string]bool
		tail string
	}{{folders, "([/.].*)?'"}, {nodes, `(\..*)?'`}, {bare, "'"}} {
		for _, parent := range sorted(list.of) {
			if names := list.of[parent]; len(names) <= maxAlternatives {
				out = append(out, deny("deny-parts-of-"+word(cmp.Or(strings.ReplaceAll(strings.Trim(parent, "/"), "/", "-"), "root")), "/url '"+regex(parent)+"/"+group(names)+list.tail))
			}
		}
	}
	for _, path := range sorted(dotted) {
		if set := dotted[path]; len(set) <= maxAlternatives {
			out = append(out, deny("deny-"+word(strings.ReplaceAll(strings.Trim(path, "/"), "/", "-"))+"-itself", "/url '"+regex(path)+`\.([^/]*\.)?`+group(set)+"(/.*)?'"))
		}
	}
	return out
}

// writable reports whether a name can stand in quotes.
func writable(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`'";%`, r) })
}

// maxDepth bounds how deep folders are looked at.
const maxDepth = 6

// word makes a part of a name.
func word(s string) string {
	return strings.ToLower(strings.NewReplacer(":", "-", "_", "-").Replace(s))
}

func firstSegment(uri string) string {
	uri = strings.TrimPrefix(uri, "/")
	if i := strings.IndexAny(uri, "/.;"); i >= 0 {
		return uri[:i]
	}
	return uri
}

func sorted[V any](set map[string]V) []string {
	var out []string
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// exactly are the URLs themselves, where they are few. URLs of pages are left out: pages stand for others, which such a rule
// would leave open.
func exactly(views []view) []piece {
	var out []piece
	seen := map[string]bool{}
	for i := range views {
		v := &views[i]
		c, ok := exact(v)
		if v.page || !ok || seen[c.body] {
			continue
		}
		seen[c.body] = true
		if out = append(out, c); len(out) > maxAlternatives {
			return nil
		}
	}
	return out
}

// exact is a rule for one URL; false where it cannot be written in quotes.
func exact(v *view) (piece, bool) {
	if strings.ContainsFunc(v.uri, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\'' || r == '"' }) {
		return piece{}, false
	}
	return deny("deny-this-url", fmt.Sprintf(`/method "%s" /url '%s'`, v.method, regex(v.uri))), true
}
