package decisiondiff

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model/server"
)

// An item is one directive or section of a virtual host, with what it looks at.
type item struct {
	print string
	// look fills in the rest; it is asked for items that are worth it.
	look func(*probe)
}

// A probe is what requests have to hold so that an item does something, and so that it just does not.
type probe struct {
	// paths are URLs' paths that the item is about; anywhere says that it may be any.
	paths    []string
	anywhere bool
	// path is the set of paths, for comparison with that of another item; whole is the pattern of which it is, nil where it is
	// of none.
	path  subject
	whole *match.Pattern
	// settings are tried one after the other.
	settings []assignment
	// values are what one part of the request is compared with, for comparison with those of another item.
	values []condition
	// wide asks for more strings of each pattern.
	wide bool
}

func (p *probe) samples() int {
	if p.wide {
		return 10
	}
	return 2
}

// pattern adds paths that a pattern takes, and near ones.
func (p *probe) pattern(s subject) {
	if s.pattern != nil && s.pattern.PCRE != nil && !s.pattern.Negated {
		p.whole, _ = s.pattern.PCRE.Pattern()
	}
	in, near := s.in(pathTexts, p.samples())
	p.paths = append(p.paths, in...)
	if len(near) > 2 && !p.wide {
		near = near[:2]
	}
	p.paths = append(p.paths, near...)
}

// prefix adds paths that start with a prefix, segment by segment, and near ones.
func (p *probe) prefix(path string) {
	plain := strings.TrimSuffix(path, "/")
	p.whole = match.Glob(path + "*")
	p.paths = append(p.paths, plain+"/x.html", plain+"/x", plain+"/", plain+"x")
	if plain != "" {
		p.paths = append(p.paths, plain)
	}
	if p.wide {
		p.paths = append(p.paths, plain+"/x.json", plain+"/x.css", plain+"/x/y.html")
	}
}

func (p *probe) set(s ...setting) { p.settings = append(p.settings, assignment(s)) }

// A category is the items of one kind of a virtual host, in an order that counts.
type category struct {
	name  string
	items []item
}

// categories are all items of a virtual host. What none of them has is in the one called rest.
func categories(h *server.Host, types map[string]string) []category {
	if h == nil {
		return nil
	}
	rules := h.Rewrite.Rules
	out := []category{
		{"rewrite", listItems(rules, func(i int, r *server.RewriteRule, p *probe) { lookAtRule(p, rules, i, h.Maps) })},
		{"redirect", listItems(h.Redirects, func(_ int, r *server.Redirect, p *probe) { lookAtRedirect(p, r, "") })},
		{"alias", listItems(h.Aliases, func(_ int, a *server.PathAlias, p *probe) { lookAtPath(p, a.Path, a.Pattern) })},
		{"proxy", listItems(h.Proxies, func(_ int, a *server.ProxyPass, p *probe) { lookAtPath(p, a.Path, a.Pattern) })},
		{"location", listItems(h.Locations, func(_ int, s *server.Section, p *probe) { lookAtLocation(p, s, types) })},
		{"directory", listItems(h.Directories, func(_ int, s *server.Section, p *probe) { lookAtDirectory(p, s, h.DocumentRoot.Value, types) })},
		{"map", mapItems(h)},
		{"server", []item{{
			print: fingerprint([]any{h.EncodedSlashes, h.KeepSlashes, h.CanonicalName, h.PhysicalPort, h.Trace, h.LimitLine, h.LimitFieldSize, h.LimitFields, h.UnsafeRequests, h.Rewrite.On, h.Rewrite.Base, h.Rewrite.AllowAnyURI, h.RemoteIP, h.Path, h.Addresses, h.Dispatcher}),
			look:  func(p *probe) { lookAtServer(p, h) },
		}}},
	}
	return append(out, settingsCategories(h.Base, types)...)
}

func listItems[T any](list []T, look func(int, T, *probe)) []item {
	out := make([]item, len(list))
	for i, v := range list {
		out[i] = item{fingerprint(v), func(p *probe) { look(i, v, p) }}
	}
	return out
}

// settingsCategories are the items of the settings outside of sections.
func settingsCategories(s *server.Settings, types map[string]string) []category {
	if s == nil {
		return nil
	}
	rest := *s
	rest.Headers, rest.RequestHeaders, rest.EnvIf, rest.Env, rest.Access, rest.Files, rest.Ifs, rest.Redirects = nil, nil, nil, nil, nil, nil, nil, nil
	rest.NotSimulated, rest.Dispatcher = nil, nil
	return []category{
		{"header", listItems(s.Headers, func(_ int, r *server.HeaderRule, p *probe) { lookAtHeader(p, r, false) })},
		{"request header", listItems(s.RequestHeaders, func(_ int, r *server.HeaderRule, p *probe) { lookAtHeader(p, r, true) })},
		{"environment", listItems(s.EnvIf, func(_ int, e *server.EnvIf, p *probe) { lookAtEnvIf(p, e) })},
		{"variable", listItems(s.Env, func(_ int, _ *server.EnvRule, p *probe) { p.anywhere = true })},
		{"access", listItems([]*server.Access{s.Access}, func(_ int, a *server.Access, p *probe) { lookAtAccess(p, a) })},
		{"files", listItems(s.Files, func(_ int, f *server.Section, p *probe) { lookAtFiles(p, f, types) })},
		{"if", listItems(s.Ifs, func(_ int, f *server.Section, p *probe) { lookAtSection(p, f, types) })},
		{"settings", []item{{print: fingerprint(&rest), look: func(p *probe) { lookAtRest(p, &rest, types) }}}},
	}
}

// lookAtRule looks at a rewrite rule: paths that it takes and no rule before it keeps from it, with what its conditions ask.
func lookAtRule(p *probe, rules []*server.RewriteRule, i int, maps map[string]*server.RewriteMap) {
	r := rules[i]
	p.path = setOf(r.Pattern, pathTexts)
	var list []condition
	narrow := p.path.set
	for _, c := range r.Conditions {
		for _, k := range conditionOf(c) {
			if k.part != pathPart {
				list = append(list, k)
				continue
			}
			p.paths = append(p.paths, k.yes...)
			if p.wide {
				p.paths = append(p.paths, k.no...)
			}
			if narrow != nil && k.set != nil && !k.or {
				if both, err := maxStates.Intersect(narrow, k.set); err == nil {
					narrow = both
				}
			}
		}
		p.paths = append(p.paths, linePaths(c)...)
	}
	p.paths = append(p.paths, sample(narrow, pathTexts, p.samples())...)
	if p.wide && narrow != nil {
		p.paths = append(p.paths, sample(without(narrow, rules[:i]), pathTexts, p.samples())...)
	}
	p.pattern(p.path)
	p.path.set = narrow
	p.settings = append(p.settings, assignments(list)...)
	p.values = list
	p.paths = append(p.paths, mapPaths(r, maps, p.wide)...)
	if r.Flags.QueryAppend || r.Flags.QueryDiscard || r.Flags.QueryLast || strings.Contains(r.Substitution, "?") {
		p.set(setting{part: queryPart, value: "zq=1"})
	}
	if p.wide && (r.Flags.Escape || r.Flags.NoEscape || r.Flags.EscapeOnly != "" || r.Flags.EscapeNot != "") {
		p.paths = append(p.paths, escapedPaths(narrow)...)
	}
	if p.wide {
		p.set(setting{part: methodPart, value: "POST"})
	}
}

// escapedPaths are paths with characters that have to be encoded.
func escapedPaths(l *automata.Language) []string {
	if l == nil {
		return nil
	}
	odd := languageOf(`/.*[ ?%&+].*`)
	both, err := maxStates.Intersect(l, odd)
	if err != nil {
		return nil
	}
	return sample(both, pathTexts, 4)
}

// without takes from a set what rules take that end the rewriting and have no conditions.
func without(l *automata.Language, rules []*server.RewriteRule) *automata.Language {
	for _, r := range rules {
		f := &r.Flags
		if len(r.Conditions) > 0 || !f.Last && !f.End && !f.Redirect && !f.Forbidden && !f.Gone && !f.Proxy {
			continue
		}
		s := setOf(r.Pattern, pathTexts)
		if s.set == nil {
			continue
		}
		less, err := maxStates.Difference(l, s.set)
		if err != nil || less.Empty() {
			continue
		}
		l = less
	}
	return l
}

// linePaths are the paths in samples of what is compared with the request line.
func linePaths(c *server.RewriteCond) []string {
	if !strings.Contains(strings.ToUpper(c.Test), "%{THE_REQUEST}") || c.Pattern == nil {
		return nil
	}
	plain := *c.Pattern
	plain.Negated = false
	s := setOf(&plain, valueTexts)
	yes, _ := s.in(valueTexts, maxValues)
	var out []string
	for _, line := range yes {
		if i := strings.IndexByte(line, '/'); i >= 0 {
			path, _, _ := strings.Cut(line[i:], " ")
			path, _, _ = strings.Cut(path, "?")
			out = append(out, path)
		}
	}
	return out
}

// mapPaths are paths by which a rule looks into maps.
func mapPaths(r *server.RewriteRule, maps map[string]*server.RewriteMap, wide bool) []string {
	most := 3
	if wide {
		most = 30
	}
	var out []string
	for _, text := range append([]string{r.Substitution}, testsOf(r)...) {
		for rest := text; ; {
			_, after, ok := strings.Cut(rest, "${")
			if !ok {
				break
			}
			ref, more, _ := strings.Cut(after, "}")
			rest = more
			name, key, _ := strings.Cut(ref, ":")
			key, _, _ = strings.Cut(key, "|")
			m, n := maps[name], group1(key)
			if m == nil {
				continue
			}
			keys := make([]string, 0, len(m.Entries))
			for k := range m.Entries {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			for _, k := range keys[:min(len(keys), most)] {
				if n > 0 {
					out = append(out, filled(r.Pattern, map[int]string{n: k})...)
				} else if strings.HasPrefix(k, "/") {
					out = append(out, k)
				}
			}
		}
	}
	return out
}

func testsOf(r *server.RewriteRule) []string {
	var out []string
	for _, c := range r.Conditions {
		out = append(out, c.Test)
	}
	return out
}

// mapItems are the entries of maps, each an item: a redirect map may have thousands.
func mapItems(h *server.Host) []item {
	var names []string
	for name := range h.Maps {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []item
	for _, name := range names {
		m := h.Maps[name]
		bare := *m
		bare.Entries = nil
		out = append(out, item{fingerprint(&bare), func(*probe) {}})
		keys := make([]string, 0, len(m.Entries))
		for k := range m.Entries {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			out = append(out, item{name + "\x00" + k + "\x00" + m.Entries[k], func(p *probe) {
				if !p.wide {
					return // the rules that use the map have some of it
				}
				for _, r := range h.Rewrite.Rules {
					p.paths = append(p.paths, keyPaths(r, name, k)...)
				}
				p.paths = append(p.paths, "/"+strings.TrimPrefix(k, "/"))
			}})
		}
	}
	return out
}

// keyPaths are paths by which a rule finds a key of a map.
func keyPaths(r *server.RewriteRule, name, key string) []string {
	for _, text := range append([]string{r.Substitution}, testsOf(r)...) {
		_, after, ok := strings.Cut(text, "${"+name+":")
		if !ok {
			continue
		}
		ref, _, _ := strings.Cut(after, "}")
		ref, _, _ = strings.Cut(ref, "|")
		if n := group1(ref); n > 0 {
			return filled(r.Pattern, map[int]string{n: key})
		}
	}
	return nil
}

func lookAtRedirect(p *probe, r *server.Redirect, base string) {
	lookAtPath(p, base+r.Path, r.Pattern)
}

func lookAtPath(p *probe, path string, pattern *server.Pattern) {
	if pattern != nil {
		p.path = setOf(pattern, pathTexts)
		p.pattern(p.path)
		return
	}
	p.prefix(path)
}

// lookAtLocation looks at <Location>: paths in it, and what its settings look at there.
func lookAtLocation(p *probe, s *server.Section, types map[string]string) {
	switch {
	case s.Pattern != nil:
		p.path = setOf(s.Pattern, pathTexts)
		p.pattern(p.path)
	case s.Wild:
		p.glob(s.Path)
	default:
		p.prefix(s.Path)
	}
	lookAtSettings(p, s.Settings, types)
}

// glob adds paths that a pattern with * and ? takes.
func (p *probe) glob(text string) {
	l, err := maxStates.Language(match.Glob(text))
	if err != nil {
		return
	}
	if l, err = maxStates.Intersect(l, pathLanguage()); err == nil {
		p.paths = append(p.paths, sample(l, pathTexts, p.samples())...)
	}
}

// lookAtDirectory looks at <Directory>: URLs whose files would be in it.
func lookAtDirectory(p *probe, s *server.Section, docroot string, types map[string]string) {
	docroot = strings.TrimSuffix(docroot, "/")
	path := strings.TrimSuffix(s.Path, "/")
	switch {
	case s.Pattern != nil || s.Wild:
		p.anywhere = true
	case strings.HasPrefix(docroot+"/", path+"/"):
		p.anywhere = true
	default:
		if rest, ok := strings.CutPrefix(path, docroot+"/"); ok {
			p.prefix("/" + rest)
		} else {
			p.anywhere = true
		}
	}
	lookAtSettings(p, s.Settings, types)
}

// lookAtFiles looks at <Files>: the last segment of the path.
func lookAtFiles(p *probe, s *server.Section, types map[string]string) {
	switch {
	case s.Pattern != nil:
		set := setOf(s.Pattern, valueTexts)
		yes, no := set.in(valueTexts, p.samples())
		for _, name := range append(yes, no...) {
			if !strings.Contains(name, "/") && name != "" {
				p.paths = append(p.paths, "/content/"+name, "/"+name)
			}
		}
	default:
		l, err := maxStates.Language(match.Glob(s.Path))
		if err == nil {
			for _, name := range sample(l, valueTexts, p.samples()) {
				p.paths = append(p.paths, "/content/"+strings.ReplaceAll(name, "/", "x"))
			}
		}
		p.paths = append(p.paths, "/content/zq.zq")
	}
	lookAtSettings(p, s.Settings, types)
}

// lookAtSection looks at <If>: whatever its condition names.
func lookAtSection(p *probe, s *server.Section, types map[string]string) {
	p.anywhere = true
	if s.Condition != nil {
		for _, v := range expressionSettings(s.Condition.Expr) {
			if v.part == pathPart && strings.HasPrefix(v.value, "/") {
				p.paths = append(p.paths, v.value)
				continue
			}
			p.set(v)
		}
	}
	lookAtSettings(p, s.Settings, types)
}

// lookAtSettings looks at all that stands in a section.
func lookAtSettings(p *probe, s *server.Settings, types map[string]string) {
	if s == nil {
		return
	}
	anywhere := p.anywhere
	for _, r := range s.Headers {
		lookAtHeader(p, r, false)
	}
	for _, r := range s.RequestHeaders {
		lookAtHeader(p, r, true)
	}
	for _, e := range s.EnvIf {
		lookAtEnvIf(p, e)
	}
	if s.Access != nil {
		lookAtAccess(p, s.Access)
	}
	if s.Rewrite != nil {
		for i := range s.Rewrite.Rules {
			inner := probe{wide: p.wide}
			lookAtRule(&inner, s.Rewrite.Rules, i, nil)
			for _, path := range inner.paths {
				p.paths = append(p.paths, "/"+strings.TrimPrefix(path, "/"))
			}
			if l := setOf(s.Rewrite.Rules[i].Pattern, valueTexts); l.set != nil {
				for _, path := range sample(l.set, valueTexts, p.samples()) {
					p.paths = append(p.paths, "/"+strings.TrimPrefix(path, "/"))
				}
			}
			p.settings = append(p.settings, inner.settings...)
		}
	}
	for _, r := range s.Redirects {
		lookAtPath(p, r.Path, r.Pattern)
	}
	for _, f := range s.Files {
		lookAtFiles(p, f, types)
	}
	p.anywhere = anywhere
	for _, f := range s.Ifs {
		lookAtSection(p, f, types)
	}
	p.anywhere = anywhere
	lookAtRest(p, s, types)
	p.anywhere = anywhere
}

// lookAtHeader looks at a line of Header or RequestHeader: its condition, and the header of the request that it changes.
func lookAtHeader(p *probe, r *server.HeaderRule, request bool) {
	p.anywhere = true
	if r.Condition != nil {
		for _, s := range expressionSettings(r.Condition.Expr) {
			p.set(s)
		}
	}
	if r.ValueExpr != nil {
		for _, s := range expressionSettings(r.ValueExpr) {
			p.set(s)
		}
	}
	if r.Name != "" && (request || r.Action != server.HeaderSet && r.Action != server.HeaderAdd) {
		part := answerPart
		if request {
			part = headerPart
		}
		p.set(setting{part, r.Name, "zq"})
		if r.Edit != nil {
			edit := setOf(r.Edit, valueTexts)
			yes, _ := edit.in(valueTexts, maxValues)
			for _, v := range yes {
				p.set(setting{part, r.Name, v})
			}
		}
	}
	if r.Action == server.HeaderEcho && r.Echo != nil {
		echo := setOf(r.Echo, hostNames)
		yes, _ := echo.in(hostNames, 2)
		for _, name := range yes {
			if isToken(name) {
				p.set(setting{headerPart, name, "zq"})
			}
		}
	}
}

// lookAtEnvIf looks at SetEnvIf and its kin.
func lookAtEnvIf(p *probe, e *server.EnvIf) {
	p.anywhere = true
	for _, s := range expressionSettings(e.Expr) {
		p.set(s)
	}
	part, name := headerPart, e.Attribute
	switch strings.ToLower(e.Attribute) {
	case "request_uri":
		part = pathPart
	case "host", "server_addr":
		part = hostPart
	case "remote_addr", "remote_host":
		part = clientPart
	case "request_method":
		part = methodPart
	case "":
		return
	}
	s := setOf(e.Pattern, part.texts())
	yes, no := s.in(part.texts(), maxValues)
	if len(no) > 2 {
		no = no[:2]
	}
	p.values = append(p.values, condition{part: part, name: name, set: s.set})
	for _, v := range append(yes, no...) {
		if part == pathPart {
			p.paths = append(p.paths, v)
			continue
		}
		p.set(setting{part, name, v})
	}
}

// lookAtAccess looks at Require, Order, Allow and Deny.
func lookAtAccess(p *probe, a *server.Access) {
	p.anywhere = true
	if a == nil {
		return
	}
	var walk func(*server.Requirement)
	walk = func(r *server.Requirement) {
		if r == nil {
			return
		}
		for _, prefix := range r.Prefixes {
			p.set(setting{part: clientPart, value: prefix.Addr().String()})
		}
		if r.Methods != nil {
			p.methods(r.Methods.Methods)
		}
		if r.Kind == server.RequireMethod {
			p.methods(r.Words)
		}
		for _, s := range expressionSettings(r.Expr) {
			p.set(s)
		}
		for _, c := range r.Children {
			walk(c)
		}
	}
	walk(a.Require)
	for _, list := range [...][]server.AccessHost{a.Allow, a.Deny} {
		for _, h := range list {
			if h.Prefix.IsValid() {
				p.set(setting{part: clientPart, value: h.Prefix.Addr().String()})
			}
			if h.Methods != nil {
				p.methods(h.Methods.Methods)
			}
		}
	}
	p.set(setting{part: clientPart, value: "203.0.113.7"})
	p.methods([]string{"POST", "OPTIONS"})
}

func (p *probe) methods(list []string) {
	for _, m := range list {
		p.set(setting{part: methodPart, value: m})
	}
}

// lookAtRest looks at what is left of settings: types, methods, compression.
func lookAtRest(p *probe, s *server.Settings, types map[string]string) {
	p.anywhere = true
	extensions := map[string]bool{}
	for ext := range s.Types {
		extensions[ext] = true
	}
	for ext := range s.Handlers {
		extensions[ext] = true
	}
	for ext := range s.Encodings {
		extensions[ext] = true
	}
	for ext := range s.RemovedTypes {
		extensions[ext] = true
	}
	if len(s.ExpiresByType) > 0 || len(s.FiltersByType) > 0 {
		wanted := map[string]bool{}
		for t := range s.ExpiresByType {
			wanted[t] = true
		}
		for _, f := range s.FiltersByType {
			for _, t := range f.Types {
				wanted[strings.ToLower(t)] = true
			}
		}
		first := map[string]string{}
		for ext, t := range types {
			if wanted[t] && (first[t] == "" || ext < first[t]) {
				first[t] = ext
			}
		}
		for _, ext := range first {
			extensions[ext] = true
		}
	}
	list := make([]string, 0, len(extensions))
	for ext := range extensions {
		list = append(list, ext)
	}
	slices.Sort(list)
	for _, ext := range list {
		p.paths = append(p.paths, "/content/zq."+ext, "/content/dam/zq."+ext)
	}
	if len(s.FiltersByType) > 0 || s.OutputFilters != nil {
		p.set(setting{headerPart, "Accept-Encoding", "gzip"})
	}
	if s.AllowMethods != nil {
		p.methods(s.AllowMethods)
		p.methods([]string{"POST", "PUT", "DELETE", "OPTIONS", "HEAD"})
	}
}

// lookAtServer looks at what a virtual host says about requests as a whole.
func lookAtServer(p *probe, h *server.Host) {
	p.anywhere = true
	if !p.wide {
		return
	}
	p.paths = append(p.paths, "/content/zq.html", "//content//zq.html", "/")
	p.methods([]string{"TRACE", "POST", "OPTIONS"})
	if r := h.RemoteIP; r != nil {
		p.set(setting{headerPart, r.Header.Value, "203.0.113.7"})
	}
}
