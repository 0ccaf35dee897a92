package effective

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/model/server"
)

// A Host is a virtual host, or the main server, with all that holds for it.
type Host struct {
	*server.Host
	// Title is its ServerName; where it has none of its own, the first alias, else its addresses.
	Title  string
	Origin Origin
	Groups []Group
}

// Hosts returns the main server, then the virtual hosts in the order of reading; nil without httpd. The error is ctx's.
func (s *Site) Hosts(ctx context.Context) ([]*Host, error) {
	if s.Apache == nil {
		return nil, nil
	}
	out := []*Host{s.Host(s.Apache.Main)}
	for _, h := range s.Apache.Hosts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out = append(out, s.Host(h))
	}
	return out, nil
}

// Host lists what is in effect for a virtual host or the main server.
func (s *Site) Host(h *server.Host) *Host {
	out := &Host{Host: h, Title: HostTitle(h)}
	l := &lister{site: s, host: h, main: !h.Virtual, own: map[*apacheconf.Node]bool{}, taken: map[*apacheconf.Node]bool{}}
	top := s.Apache.Tree.Nodes
	var inner []*apacheconf.Node
	if n := s.node(h.Place); n != nil && h.Virtual {
		out.Origin = s.originOf(n)
		inner = n.Children
		mark(inner, l.own)
	} else {
		mark(top, l.own)
	}
	add := func(name GroupName, list []Directive) {
		if len(list) > 0 {
			out.Groups = append(out.Groups, Group{name, list})
		}
	}
	// What the model orders is taken first; the rest falls to the settings.
	env, rewrites, proxies := l.environment(), l.rewrites(top, inner), l.proxies()
	redirects, aliases := l.redirects(), l.aliases()
	sections, headers, module := l.sections(), l.headers(top, inner), l.dispatcher()
	settings, other := l.settings(top, inner)
	add(Settings, settings)
	add(Environment, env)
	add(Rewrites, rewrites)
	add(Proxies, proxies)
	add(Redirects, redirects)
	add(Aliases, aliases)
	add(Sections, sections)
	add(Headers, headers)
	add(Dispatcher, module)
	add(Other, other)
	return out
}

// HostTitle is what a virtual host is called.
func HostTitle(h *server.Host) string {
	switch {
	case !h.Virtual:
		return "main server"
	case h.Name.Set && h.Name.Host != "":
		return h.Name.Host
	case len(h.Names) > 0:
		return h.Names[0].Pattern
	}
	var words []string
	for _, a := range h.Addresses {
		words = append(words, a.Text)
	}
	return strings.Join(words, " ")
}

func (l *lister) environment() []Directive {
	var out []Directive
	for _, e := range l.host.Base.EnvIf {
		out = l.take(out, e.Place)
	}
	for _, e := range l.host.Base.Env {
		out = l.take(out, e.Place)
	}
	return out
}

// rewrites lists RewriteEngine, options and maps, then the rules with their conditions, inherited ones where they run.
func (l *lister) rewrites(top, inner []*apacheconf.Node) []Directive {
	var out []Directive
	r := &l.host.Rewrite
	if r.On != nil {
		out = l.take(out, r.OnAt)
	}
	options := keyed(inner, "rewriteoptions")
	if len(options) == 0 {
		options = keyed(top, "rewriteoptions")
	}
	if r.On != nil {
		for _, n := range options {
			out = append(out, l.directive(n))
		}
		if r.Base != nil {
			out = l.take(out, r.Base.Place)
		}
	}
	var maps []*server.RewriteMap
	for _, m := range l.host.Maps {
		maps = append(maps, m)
	}
	slices.SortFunc(maps, func(a, b *server.RewriteMap) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Name, b.Name))
	})
	for _, m := range maps {
		out = l.take(out, m.Place)
	}
	for _, rule := range r.Rules {
		n := l.site.node(rule.Place)
		if n == nil {
			continue
		}
		d := l.directive(n)
		for _, c := range rule.Conditions {
			if n := l.site.node(c.Place); n != nil {
				d.Conditions = append(d.Conditions, l.directive(n))
			}
		}
		out = append(out, d)
	}
	return out
}

func (l *lister) proxies() []Directive {
	var out []Directive
	for _, p := range l.host.Proxies {
		out = l.take(out, p.Place)
	}
	return out
}

func (l *lister) redirects() []Directive {
	var out []Directive
	for _, r := range l.host.Redirects {
		out = l.take(out, r.Place)
	}
	return out
}

func (l *lister) aliases() []Directive {
	var out []Directive
	for _, a := range l.host.Aliases {
		out = l.take(out, a.Place)
	}
	return out
}

// sections lists the sections in the order in which httpd merges them.
//
// Source: httpd.apache.org/docs/2.4, sections.html.
func (l *lister) sections() []Directive {
	var out []Directive
	for _, list := range [][]*server.Section{l.host.Directories, l.host.ProxySections, l.host.Base.Files, l.host.Locations, l.host.Base.Ifs} {
		for _, s := range list {
			out = l.take(out, s.Place)
		}
	}
	return out
}

// headers lists what works on headers: the request's before the answer's, with those marked "early" first.
func (l *lister) headers(top, inner []*apacheconf.Node) []Directive {
	var out []Directive
	for _, early := range []bool{true, false} {
		for _, list := range [][]*server.HeaderRule{l.host.Base.RequestHeaders, l.host.Base.Headers} {
			for _, h := range list {
				if h.Early == early {
					out = l.take(out, h.Place)
				}
			}
		}
	}
	return append(out, l.merged(top, inner, func(n *apacheconf.Node) bool { return strings.HasPrefix(n.Key, "expires") })...)
}

// dispatcher lists the directives of the module, the last of each name.
func (l *lister) dispatcher() []Directive {
	var nodes []*apacheconf.Node
	for _, d := range l.host.Dispatcher {
		if n := l.site.node(d.Place); n != nil {
			nodes = append(nodes, n)
			l.taken[n] = true
		}
	}
	return l.last(nodes, func(n *apacheconf.Node) string { return n.Key })
}

// settings lists what is left: directives that hold once or add up, and those that do nothing to an answer.
func (l *lister) settings(top, inner []*apacheconf.Node) (settings, other []Directive) {
	for _, d := range l.merged(top, inner, func(n *apacheconf.Node) bool { return !mine()[n.Key] }) {
		if d.Class == server.Inert || d.Class == server.Obsolete {
			other = append(other, d)
			continue
		}
		settings = append(settings, d)
	}
	return settings, other
}

// mine are the directives that have a group of their own: where one is not in it, it is not in effect.
var mine = keys("rewriteengine rewriteoptions rewritebase rewritemap rewriterule rewritecond alias aliasmatch scriptalias " +
	"scriptaliasmatch redirect redirectmatch redirectpermanent redirecttemp proxypass proxypassmatch setenv unsetenv passenv " +
	"setenvif setenvifnocase setenvifexpr browsermatch browsermatchnocase header requestheader expiresactive expiresbytype " +
	"expiresdefault dispatcherconfig virtualhost")

// merged lists directives of the main server and the host's own behind them: those that replace each other once.
func (l *lister) merged(top, inner []*apacheconf.Node, want func(*apacheconf.Node) bool) []Directive {
	var nodes []*apacheconf.Node
	add := func(list []*apacheconf.Node, inherited bool) {
		for _, n := range list {
			if l.taken[n] || n.Key == "" || !want(n) || inherited && !inherits(n) {
				continue
			}
			if inherited && ownOnly(n) && slices.ContainsFunc(inner, func(o *apacheconf.Node) bool { return ownOnly(o) && sameKind(o, n) }) {
				continue
			}
			if info, ok := server.Lookup(n.Key); ok && info.Module() == "dispatcher_module" {
				continue // in a group of its own
			}
			nodes = append(nodes, n)
			l.taken[n] = true
		}
	}
	add(top, !l.main)
	add(inner, false)
	return l.last(nodes, mergeKey)
}

// ownOnly reports whether directives of one server add up, and those of the main server hold only where a virtual host has
// none of its own: logs, and the files that stand for a folder.
func ownOnly(n *apacheconf.Node) bool {
	return n.Key == "customlog" || n.Key == "transferlog" || n.Key == "directoryindex"
}

// sameKind reports whether one of them makes the main server's other have no effect.
func sameKind(a, b *apacheconf.Node) bool {
	return (a.Key == "directoryindex") == (b.Key == "directoryindex")
}

// last keeps the last directive of each key, at its own place, with the ones that it replaces. Those without a key all stay.
func (l *lister) last(nodes []*apacheconf.Node, key func(*apacheconf.Node) string) []Directive {
	final := map[string]int{}
	for i, n := range nodes {
		if k := key(n); k != "" {
			final[k] = i
		}
	}
	replaced := map[string][]Origin{}
	var out []Directive
	for i, n := range nodes {
		k := key(n)
		if k != "" && final[k] != i {
			replaced[k] = append(replaced[k], l.site.originOf(n))
			continue
		}
		d := l.directive(n)
		if k != "" {
			d.Replaces = replaced[k]
		}
		out = append(out, d)
	}
	return out
}

// inherits reports whether what stands in the main server holds in virtual hosts. Directives that only the main server may
// have are the whole server's, and names are each host's own.
func inherits(n *apacheconf.Node) bool {
	if n.Key == "serveralias" || n.Key == "serverpath" || n.Key == "servername" || n.Section {
		return false
	}
	info, ok := server.Lookup(n.Key)
	return ok && info.InVirtualHost()
}

// mergeKey says which directives replace each other: two with the same key. "" is for those that add up.
func mergeKey(n *apacheconf.Node) string {
	switch {
	case n.Section || addsUp()[n.Key]:
		return ""
	case byFirst()[n.Key]:
		words, _ := n.Words()
		if len(words) > 0 {
			return n.Key + " " + strings.ToLower(words[0].Text)
		}
	}
	if info, ok := server.Lookup(n.Key); !ok || info.Class == server.NotSimulated && n.Key != "sslengine" && n.Key != "secruleengine" {
		return "" // how it is merged is not known
	}
	return n.Key
}

// addsUp are the directives that stand beside earlier ones of their name.
//
// Source: httpd.apache.org/docs/2.4, mod/.
var addsUp = keys("serveralias addtype addhandler addencoding addlanguage addcharset removetype removehandler removeencoding " +
	"removelanguage removecharset addoutputfilter addoutputfilterbytype removeoutputfilter addinputfilter substitute options " +
	"customlog globallog transferlog logformat loglevel listen loadmodule include includeoptional addicon addiconbyencoding addiconbytype " +
	"addalt adddescription addaltbyencoding addaltbytype indexignore indexoptions remoteipinternalproxy remoteiptrustedproxy " +
	"remoteipinternalproxylist remoteiptrustedproxylist proxypassreverse proxypassreversecookiedomain proxypassreversecookiepath " +
	"proxyremote proxyremotematch noproxy sslcertificatefile sslcertificatekeyfile sslrandomseed sslproxymachinecertificatefile " +
	"userdir requestreadtimeout allow deny require setinputfilter filterprovider filterchain namevirtualhost languagepriority " +
	"directoryindex mdomain mdmember mutex sslopensslconfcmd proxyfcgisetenvif proxyset acceptfilter")

// byFirst are those that replace an earlier one with the same first word.
var byFirst = keys("errordocument expiresbytype")

// keys makes a set of a list when it is first asked for.
func keys(list string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		m := map[string]bool{}
		for k := range strings.FieldsSeq(list) {
			m[k] = true
		}
		return m
	})
}

func keyed(nodes []*apacheconf.Node, key string) []*apacheconf.Node {
	var out []*apacheconf.Node
	for _, n := range nodes {
		if n.Key == key {
			out = append(out, n)
		}
	}
	return out
}
