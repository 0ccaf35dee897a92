package effective

import (
	"strconv"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// A Directive is a directive or section of httpd that is in effect.
type Directive struct {
	// Name is as written; Args has its variables put in.
	Name string
	Args string
	// Section says that it is a section: Inside is what stands in it.
	Section bool
	Inside  []Directive
	// Conditions are the RewriteCond lines of a RewriteRule.
	Conditions []Directive
	// Inherited says that it stands in the main server, and holds for the virtual host, too.
	Inherited bool
	// Replaces are the lines that it takes the place of.
	Replaces []Origin
	// Class is what simulate makes of it.
	Class server.Class
	Origin
}

// A Group is directives of one kind, in the order in which they count.
type Group struct {
	Name       GroupName
	Directives []Directive
}

// A GroupName says what the directives of a group have in common.
type GroupName string

// The groups, in the order in which a request meets them.
const (
	// Settings are directives of which one holds, or which add up.
	Settings GroupName = "settings"
	// Environment is SetEnvIf, SetEnv and their kin, in the order in which they run.
	Environment GroupName = "environment"
	// Rewrites is mod_rewrite at the server's level, inherited rules at their place.
	Rewrites GroupName = "rewrites"
	// Proxies, Redirects and Aliases are in the order in which they are tried.
	Proxies   GroupName = "proxies"
	Redirects GroupName = "redirects"
	Aliases   GroupName = "aliases"
	// Sections are in the order in which they are merged: folders, files, locations, conditions.
	Sections GroupName = "sections"
	// Headers is RequestHeader, Header and Expires, in the order in which they run.
	Headers GroupName = "headers"
	// Dispatcher is the directives of the module.
	Dispatcher GroupName = "dispatcher"
	// Other is what does nothing to an answer, such as logging.
	Other GroupName = "other"
)

// lister makes the lists of one virtual host.
type lister struct {
	site *Site
	host *server.Host
	main bool
	own  map[*apacheconf.Node]bool // directives that stand in the host
	// taken are directives that are in a group already.
	taken map[*apacheconf.Node]bool
}

// mark notes the directives below a node.
func mark(nodes []*apacheconf.Node, in map[*apacheconf.Node]bool) {
	for _, n := range nodes {
		in[n] = true
		mark(n.Children, in)
	}
}

// directive is a node as it is listed, with what stands in it.
func (l *lister) directive(n *apacheconf.Node) Directive {
	d := Directive{
		Name: n.Name, Args: n.Args, Section: n.Section, Origin: l.site.originOf(n), Inherited: !l.main && !l.own[n],
	}
	name := n.Key
	if n.Section {
		name = "<" + n.Key + ">"
	}
	if info, ok := server.Lookup(name); ok {
		d.Class = info.Class
	} else {
		d.Class = server.NotSimulated
	}
	var conditions []Directive
	for _, c := range n.Children {
		e := l.directive(c)
		switch c.Key {
		case "rewritecond":
			conditions = append(conditions, e)
			continue
		case "rewriterule":
			e.Conditions, conditions = conditions, nil
		}
		d.Inside = append(d.Inside, e)
	}
	d.Inside = append(d.Inside, conditions...) // httpd drops those that no rule follows
	return d
}

// take lists the directive at a place, once.
func (l *lister) take(to []Directive, p server.Place) []Directive {
	n := l.site.node(p)
	if n == nil || l.taken[n] {
		return to
	}
	l.taken[n] = true
	return append(to, l.directive(n))
}

// place is file:line, for people.
func place(s source.Span) string {
	if s.IsZero() {
		return ""
	}
	return s.File.Name + ":" + strconv.Itoa(s.Position().Line)
}
