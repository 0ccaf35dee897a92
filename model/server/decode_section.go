package server

import (
	"net/netip"
	"path"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
)

// section decodes a section and what is in it.
func (d *decoder) section(sc *scope, n *apacheconf.Node, info *DirectiveInfo) {
	switch n.Key {
	case "virtualhost":
		d.virtualHost(sc, n)
	case "directory", "directorymatch":
		d.directory(sc, n)
	case "location", "locationmatch":
		d.location(sc, n)
	case "files", "filesmatch":
		d.files(sc, n)
	case "if", "elseif", "else":
		d.ifSection(sc, n)
	case "proxy", "proxymatch":
		d.proxySection(sc, n)
	case "limit", "limitexcept":
		d.limit(sc, n)
	case "requireall", "requireany", "requirenone":
		d.requireSection(sc, n)
	case "authnprovideralias", "authzprovideralias":
		d.notSimulated(sc, n, info.Name, "")
		if words, _ := n.Words(); n.Key == "authzprovideralias" && len(words) > 1 {
			if d.aliases == nil {
				d.aliases = map[string]bool{}
			}
			d.aliases[words[1].Text] = true
		}
	case "ifdirective", "ifsection":
		d.ifKnown(sc, n)
	default:
		if info.Class == NotSimulated {
			d.notSimulated(sc, n, info.Name, "")
		}
		d.nodes(sc, n.Children)
	}
}

// ifKnown is <IfDirective> and <IfSection>: it holds where httpd has the directive.
func (d *decoder) ifKnown(sc *scope, n *apacheconf.Node) {
	name, negated := strings.CutPrefix(strings.TrimSpace(n.Args), "!")
	info, ok := lookup(strings.ToLower(strings.Trim(name, "<>")), n.Key == "ifsection")
	if (ok && info.Class != Obsolete && d.loaded(info)) != negated {
		d.nodes(sc, n.Children)
	}
}

// one takes the only argument of a section, or with "~" the regular expression behind it.
func (d *decoder) one(n *apacheconf.Node) (w apacheconf.Word, tilde, ok bool) {
	words, _ := n.Words()
	if len(words) == 0 {
		d.refuse(ruleCount, n, n.At, "say what the section is for", "section <%s> has no argument", n.Name)
		return w, false, false
	}
	if words[0].Text == "~" && words[0].Quote == 0 && !strings.HasSuffix(n.Key, "match") && n.Key != "if" && n.Key != "elseif" {
		tilde = true
		words = words[1:]
		if len(words) == 0 {
			return apacheconf.Word{Start: len(n.Args), End: len(n.Args)}, true, true
		}
	}
	if len(words) > 1 {
		d.refuse(ruleCount, n, n.WordSpan(words[1]), "put an argument with blanks in quotes", "section <%s> has more than one argument", n.Name)
		return w, false, false
	}
	return words[0], tilde, true
}

// inner decodes the content of a section that requests meet.
func (d *decoder) inner(sc *scope, n *apacheconf.Node, s *Section, within where, directory string) {
	s.Settings = &Settings{}
	p := &place{set: s.Settings, directory: directory}
	d.nodes(&scope{host: sc.host, place: p, section: s, within: sc.within | within}, n.Children)
	d.leave(p)
}

// leave puts together what only is known at the end of a section.
func (d *decoder) leave(p *place) {
	if len(p.requirements) == 0 {
		return
	}
	a := access(p.set)
	if len(p.requirements) == 1 {
		a.Require = p.requirements[0]
		return
	}
	a.Require = &Requirement{Place: p.requirements[0].Place, Kind: RequireAny, Children: p.requirements}
}

// sectionPattern makes the section one with a regular expression.
func (d *decoder) sectionPattern(n *apacheconf.Node, s *Section, w apacheconf.Word) {
	s.Pattern, _ = d.pattern(n, n.WordSpan(w), w.Text, false)
}

// pathOrPattern says what the section is for: its argument is a regular expression behind a tilde, and in those whose name
// ends in Match; in others it is a path, which may have wildcards.
func (d *decoder) pathOrPattern(n *apacheconf.Node, s *Section, w apacheconf.Word, tilde bool) {
	s.Matching = strings.HasSuffix(n.Key, "match")
	if tilde || s.Matching {
		d.sectionPattern(n, s, w)
		return
	}
	s.Path, s.Wild = w.Text, apacheconf.HasWildcard(w.Text)
}

func (d *decoder) directory(sc *scope, n *apacheconf.Node) {
	w, tilde, ok := d.one(n)
	if !ok {
		return
	}
	s := &Section{Kind: Directory, Place: placeOf(n)}
	dir := ""
	if tilde || n.Key == "directorymatch" {
		s.Matching = n.Key == "directorymatch"
		d.sectionPattern(n, s, w)
		dir = slashed(w.Text)
	} else {
		s.Path = path.Clean("/" + w.Text)
		if s.Path != "/" {
			s.Path += "/"
		}
		s.Wild = apacheconf.HasWildcard(w.Text)
		dir = s.Path
	}
	d.inner(sc, n, s, notInDirectory, dir)
	sc.host.host.Directories = append(sc.host.host.Directories, s)
}

func slashed(s string) string {
	if strings.HasSuffix(s, "/") {
		return s
	}
	return s + "/"
}

func (d *decoder) location(sc *scope, n *apacheconf.Node) {
	w, tilde, ok := d.one(n)
	if !ok {
		return
	}
	s := &Section{Kind: Location, Place: placeOf(n)}
	d.pathOrPattern(n, s, w, tilde)
	d.inner(sc, n, s, notInLocation, "")
	sc.host.host.Locations = append(sc.host.host.Locations, s)
}

func (d *decoder) files(sc *scope, n *apacheconf.Node) {
	w, tilde, ok := d.one(n)
	if !ok {
		return
	}
	s := &Section{Kind: Files, Place: placeOf(n)}
	d.pathOrPattern(n, s, w, tilde)
	d.inner(sc, n, s, notInFiles, "")
	sc.place.set.Files = append(sc.place.set.Files, s)
}

func (d *decoder) ifSection(sc *scope, n *apacheconf.Node) {
	s := &Section{Kind: If, Place: placeOf(n)}
	if n.Key == "else" {
		s.Kind = Else
		if n.Args != "" {
			d.refuse(ruleCount, n, n.ArgsAt, "write <ElseIf> for another condition", "section <Else> takes no argument")
		}
	} else {
		if n.Key == "elseif" {
			s.Kind = ElseIf
		}
		w, _, ok := d.one(n)
		if !ok {
			return
		}
		s.Condition, _ = d.condition(sc, n, n.WordSpan(w), w.Text)
	}
	if s.Kind != If && !sc.place.lastIf {
		d.refuse(ruleSection, n, n.NameAt, "put <If> in front", "section <%s> follows no <If> or <ElseIf>", n.Name)
	}
	sc.place.lastIf = s.Kind != Else
	d.inner(sc, n, s, notInIf, "")
	sc.place.set.Ifs = append(sc.place.set.Ifs, s)
}

func (d *decoder) proxySection(sc *scope, n *apacheconf.Node) {
	s := &Section{Kind: Proxy, Place: placeOf(n)}
	words, _ := n.Words()
	tilde := len(words) > 0 && words[0].Text == "~"
	if tilde {
		words = words[1:]
	}
	if len(words) > 0 {
		w := words[0]
		for _, p := range words[1:] {
			if !strings.Contains(p.Text, "=") {
				d.argument(n, p, "write key=value", "parameter %q of <%s> has no =", p.Text, n.Name)
			}
		}
		d.pathOrPattern(n, s, w, tilde)
		s.Path = strings.TrimPrefix(s.Path, "proxy:")
	}
	d.inner(sc, n, s, notInProxy, "")
	sc.host.host.ProxySections = append(sc.host.host.ProxySections, s)
}

// limit is <Limit> and <LimitExcept>: what is in it stands in the section around it, and access holds for some methods.
func (d *decoder) limit(sc *scope, n *apacheconf.Node) {
	words, _ := n.Words()
	if len(words) == 0 {
		d.refuse(ruleCount, n, n.At, "name the methods", "section <%s> has no argument", n.Name)
		return
	}
	l := &MethodLimit{Except: n.Key == "limitexcept"}
	for _, w := range words {
		if w.Text == "TRACE" {
			d.argument(n, w, "use TraceEnable", "method TRACE in <%s>", n.Name)
			continue
		}
		l.Methods = append(l.Methods, w.Text)
	}
	in := *sc
	in.limit = l
	d.nodes(&in, n.Children)
}

// virtualHost decodes <VirtualHost>.
func (d *decoder) virtualHost(sc *scope, n *apacheconf.Node) {
	if sc.host != d.main {
		d.refuse(ruleContext, n, n.NameAt, "close the one around it first", "<VirtualHost> may not stand in <VirtualHost>")
		return
	}
	words, _ := n.Words()
	if len(words) == 0 {
		d.refuse(ruleCount, n, n.At, "write <VirtualHost *:80>", "section <VirtualHost> has no argument")
		return
	}
	h := &Host{Place: placeOf(n), Virtual: true}
	b := newBuild(h)
	for _, w := range words {
		a, ok := address(w.Text)
		if !ok {
			d.argument(n, w, "write an address and a port below 65536, as in *:80", "address %q of <VirtualHost>", w.Text)
			continue
		}
		a.At = n.WordSpan(w)
		if a.Host != "" {
			d.warn(ruleArgument, n, a.At, "write an address, or *", "name %s of <VirtualHost> is looked up when httpd starts, and is taken for one that is not found", a.Host)
		}
		h.Addresses = append(h.Addresses, a)
	}
	p := &place{set: h.Base}
	d.hosts = append(d.hosts, b)
	d.s.Hosts = append(d.s.Hosts, h)
	d.nodes(&scope{host: b, place: p}, n.Children)
	d.leave(p)
	for _, line := range n.Children {
		if line.Key == sslEngine {
			words, err := line.Words()
			h.tls = err == nil && len(words) > 0 && !strings.EqualFold(words[0].Text, "off")
		}
	}
}

// sslEngine is the key of the directive that switches TLS on.
const sslEngine = "sslengine"

// address reads a word of <VirtualHost>; false where httpd refuses it.
func address(s string) (Address, bool) {
	a := Address{Text: s}
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && (strings.HasSuffix(s[:i], "]") || strings.Count(s, ":") == 1) {
		host, port = s[:i], s[i+1:]
	}
	if port != "" && port != "*" {
		n, err := strconv.Atoi(port)
		switch {
		case err != nil || strings.HasPrefix(port, "+") || strings.HasPrefix(port, "-"):
			// httpd takes it for a part of a name.
			a.Host = s
			return a, true
		case n < 1 || n > 65535:
			return a, false
		}
		a.Port = n
	}
	if port == "" && host != s {
		a.Host = s
		return a, true
	}
	switch {
	case host == "*", strings.EqualFold(host, "_default_"), host == "0.0.0.0", host == "255.255.255.255":
		return a, true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	if err != nil {
		a.Host = host
		return a, host != ""
	}
	a.Addr = addr.WithZone("")
	return a, true
}
