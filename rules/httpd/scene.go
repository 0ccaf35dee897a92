package httpd

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
	"github.com/dispcheck/dispcheck/source"
)

// A scene is a server as the rules of this package look at it: made once, shared by all of them.
type scene struct {
	*server.Server
	subject *lint.Subject
	// lines are all directives and sections of the project, in the order of reading.
	lines []line
	byKey map[string][]line
	byAt  map[source.Span]*apacheconf.Node
	// hosts are the virtual hosts, or the main server where there are none.
	hosts []*server.Host
	// defined are the keys of all directives in the project's texts, its copies of those of the platform included.
	defined map[string]bool
	// root is the line ServerRoot of the project's own httpd.conf; nil where the main configuration is not the project's.
	root *apacheconf.Node
	// handled are what of each host the Dispatcher handles.
	handled map[*server.Host][]handling
	// settings are the settings of each host, section by section.
	settings map[*server.Host][]vhosts.Placed
}

// A line is a directive or a section with the sections around it, outermost first.
type line struct {
	*apacheconf.Node
	around []*apacheconf.Node
}

// A handling is a place that gives requests to the Dispatcher, with the settings that hold there.
type handling struct {
	at       *server.Text
	settings *server.Settings
}

type sceneKey struct{}

func sceneOf(p *lint.Pass) *scene {
	return lint.Memo(p, sceneKey{}, func() *scene { return newScene(p.Subject) })
}

func newScene(s *lint.Subject) *scene {
	c := &scene{
		Server: s.Server, subject: s, byKey: map[string][]line{}, byAt: map[source.Span]*apacheconf.Node{},
		defined: map[string]bool{}, handled: map[*server.Host][]handling{}, settings: map[*server.Host][]vhosts.Placed{},
		hosts: s.Server.Hosts,
	}
	c.walk(s.Server.Tree.Nodes, nil)
	for _, n := range s.Server.Tree.Done {
		if n.Key == "serverroot" && c.owns(n.At) {
			c.root = n
		}
	}
	if len(c.hosts) == 0 {
		c.hosts = []*server.Host{s.Server.Main}
	}
	for _, h := range c.hosts {
		c.handled[h] = handlingOf(h)
		c.settings[h] = vhosts.Settings(h)
	}
	return c
}

func (c *scene) walk(nodes, around []*apacheconf.Node) {
	for _, n := range nodes {
		if !vhosts.Platform(n.At.File) {
			c.defined[n.Key] = true
			if _, there := c.byAt[n.At]; !there {
				c.byAt[n.At] = n
			}
		}
		if c.owns(n.At) {
			l := line{n, around}
			c.lines = append(c.lines, l)
			c.byKey[n.Key] = append(c.byKey[n.Key], l)
		}
		if n.Section {
			c.walk(n.Children, append(around[:len(around):len(around)], n))
		}
	}
}

// owns reports whether a place is in a text that the project's owner writes: not in one of the platform's, and not in the
// project's copy of one, about which the owner can do nothing.
func (c *scene) owns(at source.Span) bool { return vhosts.Changeable(c.subject, at.File) }

// at returns the settings that hold for a folder of a host, whatever the URL is. Sections with patterns are left out.
func at(h *server.Host, folder string) *server.Settings {
	s := h.Base
	folder = slashed(folder)
	for _, d := range h.Directories {
		if d.Pattern == nil && !d.Wild && strings.HasPrefix(folder, d.Path) {
			s = s.Merge(d.Settings)
		}
	}
	return s
}

func slashed(s string) string {
	if strings.HasSuffix(s, "/") {
		return s
	}
	return s + "/"
}

func isDispatcher(s *server.Settings) bool {
	return s != nil && s.Handler != nil && s.Handler.Value == server.DispatcherHandler
}

func handlingOf(h *server.Host) []handling {
	var list []handling
	root := at(h, h.DocumentRoot.Value)
	if isDispatcher(root) && root.HandlerIf == nil {
		list = append(list, handling{root.Handler, root})
	}
	for _, l := range h.Locations {
		if isDispatcher(l.Settings) && l.Settings.HandlerIf == nil {
			list = append(list, handling{l.Settings.Handler, root.Merge(l.Settings)})
		}
	}
	return list
}

// dispatches reports whether the Dispatcher answers requests of a host.
func (c *scene) dispatches(h *server.Host) bool { return len(c.handled[h]) > 0 }

// served reports whether a host is one of the project's owner and the Dispatcher answers for it. It returns where to say
// so: the line of <VirtualHost>, or in a server without virtual hosts that of SetHandler.
func (c *scene) served(h *server.Host) (server.Place, bool) {
	if !c.dispatches(h) {
		return server.Place{}, false
	}
	where := h.Place
	if !h.Virtual {
		where = c.handled[h][0].at.Place
	}
	return where, c.owns(where.At)
}

// public reports whether a visitor may come to a host: one of its names is that of a site, or any. Names of one word, as
// "flush", are those by which machines of the own network call.
func public(h *server.Host) bool {
	if !h.Virtual || !h.Name.Set || strings.Contains(h.Name.Host, ".") || strings.Contains(h.Name.Host, "$") {
		return true
	}
	return slices.ContainsFunc(h.Names, func(a server.Alias) bool { return a.Pattern == "*" || strings.ContainsAny(a.Pattern, ".$") })
}

// near reports whether a section is about a host's files: its folder is the document root, above it or below.
func near(h *server.Host, s *server.Section) bool {
	if s.Kind != server.Directory || s.Pattern != nil || h.DocumentRoot.Value == "" {
		return s.Kind != server.Directory
	}
	root := slashed(h.DocumentRoot.Value)
	return strings.HasPrefix(root, s.Path) || strings.HasPrefix(s.Path, root)
}

// covers reports whether a folder is the document root of a host, or above it.
func covers(h *server.Host, s *server.Section) bool {
	return s.Kind == server.Directory && s.Pattern == nil && !s.Wild && strings.HasPrefix(slashed(h.DocumentRoot.Value), s.Path)
}

// word returns the span of the first word of a directive that fits, and its text as read; the directive itself where none
// does.
func (c *scene) word(at source.Span, fits func(string) bool) (source.Span, string) {
	if n := c.byAt[at]; n != nil {
		words, _ := n.Words()
		for _, w := range words {
			if fits(w.Text) {
				return n.WordSpan(w), w.Text
			}
		}
	}
	return at, ""
}

// words are the arguments of a line.
func words(n *apacheconf.Node) []apacheconf.Word {
	w, _ := n.Words()
	return w
}

// texts are the arguments of a line as text.
func texts(n *apacheconf.Node) []string {
	var list []string
	for _, w := range words(n) {
		list = append(list, w.Text)
	}
	return list
}

// tell reports a finding at a span of a directive, with those of the lines that led there which are the project's.
func tell(p *lint.Pass, at source.Span, included []source.Span, message, hint string, more ...func(*diag.Diagnostic)) {
	d := diag.Diagnostic{Span: at, Message: message, Hint: hint}
	for _, x := range included {
		if !vhosts.Platform(x.File) {
			d.Included = append(d.Included, x)
		}
	}
	for _, m := range more {
		m(&d)
	}
	p.Report(d)
}

// as sets the severity of a finding.
func as(s diag.Severity) func(*diag.Diagnostic) {
	return func(d *diag.Diagnostic) { d.Severity = s }
}

// because sets the reason of a finding.
func because(why string) func(*diag.Diagnostic) {
	return func(d *diag.Diagnostic) { d.Why = why }
}

// with names another place that takes part.
func with(at source.Span, message string) func(*diag.Diagnostic) {
	return func(d *diag.Diagnostic) {
		if !at.IsZero() {
			d.Related = append(d.Related, diag.Related{Span: at, Message: message})
		}
	}
}

// replacing offers to write other text at a span that holds the text was, in quotes or not. Where the span holds something
// else, as the name of a variable, there is nothing to offer.
func replacing(title string, at source.Span, was, by string) func(*diag.Diagnostic) {
	return func(d *diag.Diagnostic) {
		text := at.Text()
		if at.IsZero() || strings.Trim(text, `"'`) != was {
			return
		}
		if text != was {
			by = text[:1] + by + text[len(text)-1:]
		}
		d.Fixes = append(d.Fixes, diag.Fix{Title: title, Edits: []diag.Edit{{Span: at, New: by}}})
	}
}

// inserting offers to put a line behind another one, as deep as that stands and by extra deeper.
func inserting(title string, behind source.Span, extra, text string) func(*diag.Diagnostic) {
	return func(d *diag.Diagnostic) {
		if behind.IsZero() {
			return
		}
		full := behind.File.Line(behind.Position().Line).Text()
		indent := full[:len(full)-len(strings.TrimLeft(full, " \t"))]
		end := source.Span{File: behind.File, Start: behind.End, End: behind.End}
		d.Fixes = append(d.Fixes, diag.Fix{Title: title, Edits: []diag.Edit{{Span: end, New: "\n" + indent + extra + text}}})
	}
}

// removing offers to take a line away.
func removing(title string, at source.Span) func(*diag.Diagnostic) {
	return func(d *diag.Diagnostic) {
		if at.IsZero() {
			return
		}
		text := at.File.Text
		from, to := int(at.Start), int(at.End)
		for from > 0 && (text[from-1] == ' ' || text[from-1] == '\t') {
			from--
		}
		if from > 0 && text[from-1] != '\n' {
			return
		}
		for to < len(text) && (text[to] == ' ' || text[to] == '\t' || text[to] == '\r') {
			to++
		}
		if to < len(text) && text[to] == '\n' {
			to++
		}
		d.Fixes = append(d.Fixes, diag.Fix{Title: title, Edits: []diag.Edit{{Span: at.File.Span(from, to), New: ""}}})
	}
}

// in reports whether a word is one of a list, without letter case.
func in(word string, list ...string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, word) })
}

// directive returns the last directive of the Dispatcher module of a name that holds for requests of a host.
func (c *scene) directive(h *server.Host, name string) *server.DispatcherDirective {
	var found *server.DispatcherDirective
	for i := range h.Dispatcher {
		if h.Dispatcher[i].Name == name {
			found = &h.Dispatcher[i]
		}
	}
	if list := c.handled[h]; len(list) > 0 {
		for i := range list[0].settings.Dispatcher {
			if d := &list[0].settings.Dispatcher[i]; d.Name == name {
				found = d
			}
		}
	}
	return found
}

// anyName reports whether a host answers to every name.
func anyName(h *server.Host) bool {
	return slices.ContainsFunc(h.Names, func(a server.Alias) bool { return a.Pattern == "*" })
}
