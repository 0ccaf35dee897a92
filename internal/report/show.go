package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/dispcheck/dispcheck/internal/effective"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// The views of a Show.
const (
	ShowConfig = "config"
	ShowFarms  = "farms"
	ShowNames  = "vhosts"
	ShowFilter = "filter"
)

// A Show is a view of a configuration in effect. What the view does not show is empty.
type Show struct {
	View string
	// Profile and Environment are those that the configuration was read for.
	Profile, Environment string
	// Asked is the host that was asked for; nil where all are shown.
	Asked *effective.Name
	// Table says who answers for which name; nil where nobody asked.
	Table      *effective.Table
	Hosts      []*effective.Host
	Farms      []*effective.Farm
	Filters    []ShownFilter
	Conditions []effective.Condition
	// HTTPD and Any say whether the project has these sides. Incomplete says that a text of httpd could not be read.
	HTTPD, Any, Incomplete bool
	// Wrapped says what was added around a fragment.
	Wrapped []string
}

// A ShownFilter is the filter of a farm.
type ShownFilter struct {
	Farm *effective.Farm
	// Missing says that the farm has no /filter, and lets everything through.
	Missing bool
	Rules   []effective.Rule
}

// noFarm says why there is no farm to show.
func noFarm(s *Show) string {
	if s.Asked != nil && s.Asked.Ended {
		return "no farm answers for " + s.Asked.Host + ": httpd does; ask dispcheck show vhosts --host " + s.Asked.Host
	}
	return "the configuration has no farm"
}

// A shownLine is one line of a view: a text and where it comes from.
type shownLine struct {
	depth int
	// cells are the columns in front of the place; one for most lines.
	cells []string
	// at is the place, standard that it is a default, and has none; note is what is said of it.
	at       source.Span
	standard bool
	note     string
	heading  bool
	empty    bool // an empty line
	// inherited says that the main server has the line, too.
	inherited bool
	// path are the headings above it.
	path []string
}

// Show writes a view for people: each line with its place, the places in a column of their own.
func (p *Printer) Show(w io.Writer, s *Show) error {
	b := bufio.NewWriter(w)
	t := showWriter{Writer: b, palette: newPalette(w, p.Color), prefix: p.Prefix}
	t.print(t.lines(s))
	return b.Flush()
}

type showWriter struct {
	*bufio.Writer
	palette *palette
	prefix  string
	out     []shownLine
	path    []string
	// before is the text of the line before, with what led there: where it stays, the includes are not said again.
	before string
	// led are texts whose includes were said.
	led map[string]bool
}

// lines are those of a view.
func (t *showWriter) lines(s *Show) []shownLine {
	t.out, t.path, t.before, t.led = nil, nil, "", map[string]bool{}
	if len(s.Wrapped) > 0 {
		t.remark(0, "completed with "+strings.Join(s.Wrapped, ", "))
	}
	switch s.View {
	case ShowConfig:
		t.config(s)
	case ShowFarms:
		t.farms(s)
	case ShowNames:
		t.names(s)
	case ShowFilter:
		t.filters(s)
	}
	return t.out
}

func (t *showWriter) add(l shownLine) {
	l.path = slices.Clone(t.path)
	t.out = append(t.out, l)
}

func (t *showWriter) remark(depth int, text string) {
	t.add(shownLine{depth: depth, cells: []string{text}})
}

// heading starts a part; an empty line stands before the outermost ones.
func (t *showWriter) heading(depth int, text string, o *effective.Origin) {
	if depth == 0 && len(t.out) > 0 {
		t.out = append(t.out, shownLine{empty: true})
	}
	t.path = append(t.path[:min(depth, len(t.path))], text)
	l := shownLine{depth: depth, cells: []string{text}, heading: true}
	if o != nil {
		t.before = ""
		l.at, l.note = t.origin(o)
	}
	t.add(l)
}

// item adds a line with its origin.
func (t *showWriter) item(depth int, o *effective.Origin, note string, cells ...string) {
	at, more := t.origin(o)
	t.add(shownLine{depth: depth, cells: cells, at: at, note: joinNotes(more, note)})
}

func joinNotes(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(s string) bool { return s == "" }), "; ")
}

// origin returns the place of a line and what there is to say of it.
func (t *showWriter) origin(o *effective.Origin) (at source.Span, note string) {
	if o.At.IsZero() {
		return o.At, ""
	}
	var notes []string
	if key := textKey(o.At, o.Included); key != t.before {
		t.before = key
		if chain := t.chain(o); chain != "" && !o.Platform {
			notes = append(notes, "by "+chain)
		}
	}
	if o.Platform {
		notes = append(notes, "platform")
	}
	if o.Immutable {
		notes = append(notes, "immutable")
	}
	seen := map[string]bool{}
	for _, v := range o.Variables {
		text := v.Name + " is not defined"
		if v.Defined {
			text = v.Name + " from " + t.from(v)
		}
		if !seen[text] {
			seen[text] = true
			notes = append(notes, text)
		}
	}
	return o.At, strings.Join(notes, "; ")
}

func (t *showWriter) from(v effective.Variable) string {
	if !v.At.IsZero() {
		return t.place(v.At)
	}
	return v.From
}

// chain are the lines that led to a text, innermost first, up to one of a text for which they were said before.
func (t *showWriter) chain(o *effective.Origin) string {
	var out []string
	t.led[textKey(o.At, o.Included)] = true
	for i, s := range slices.Backward(o.Included) {
		out = append(out, t.place(s))
		key := textKey(s, o.Included[:i])
		if t.led[key] {
			break
		}
		t.led[key] = true
	}
	return strings.Join(out, ", ")
}

// textKey tells texts apart, by what led to them too.
func textKey(at source.Span, included []source.Span) string {
	var b strings.Builder
	b.WriteString(at.File.Name)
	for _, s := range included {
		fmt.Fprintf(&b, "\x00%s:%d", s.File.Name, s.Start)
	}
	return b.String()
}

// place is file:line.
func (t *showWriter) place(s source.Span) string {
	p := PlaceOf(s, t.prefix)
	if p.File == "" {
		return ""
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// The widths that texts may take before their place follows wherever it falls.
const (
	widestText = 76
	widestCell = 56
)

// print writes lines, places and columns under each other from one heading without indentation to the next.
func (t *showWriter) print(lines []shownLine) {
	for start := 0; start < len(lines); {
		end := start + 1
		for end < len(lines) && !lines[end].empty {
			end++
		}
		t.block(lines[start:end])
		start = end
	}
}

func (t *showWriter) block(lines []shownLine) {
	widths := map[int][]int{} // by number of columns
	text := 0
	for i := range lines {
		l := &lines[i]
		for j, c := range l.cells {
			l.cells[j] = line(c)
		}
		if n := len(l.cells); n > 1 {
			w := widths[n]
			if w == nil {
				w = make([]int, n)
				widths[n] = w
			}
			for j, c := range l.cells {
				if cw := lipgloss.Width(c); cw <= widestCell || j == n-1 {
					w[j] = max(w[j], cw)
				}
			}
		}
	}
	for i := range lines {
		l := &lines[i]
		if w := l.width(widths); l.placed() && w <= widestText+2*l.depth {
			text = max(text, w)
		}
	}
	for i := range lines {
		t.line(&lines[i], widths, text)
	}
}

func (l *shownLine) placed() bool { return l.standard || !l.at.IsZero() }

func (l *shownLine) width(widths map[int][]int) int {
	if len(l.cells) == 1 {
		return 2*l.depth + lipgloss.Width(l.cells[0])
	}
	n := 2 * l.depth
	for j, c := range l.cells {
		if j > 0 {
			n += 2
		}
		n += max(widths[len(l.cells)][j], lipgloss.Width(c))
	}
	return n
}

func (t *showWriter) line(l *shownLine, widths map[int][]int, text int) {
	if l.empty {
		t.WriteByte('\n')
		return
	}
	var b strings.Builder
	b.WriteString(strings.Repeat("  ", l.depth))
	for j, c := range l.cells {
		if j > 0 {
			b.WriteString("  ")
		}
		switch {
		case l.heading:
			b.WriteString(t.palette.label(c))
		default:
			b.WriteString(c)
		}
		if j < len(l.cells)-1 {
			b.WriteString(strings.Repeat(" ", max(0, widths[len(l.cells)][j]-lipgloss.Width(c))))
		}
	}
	plainWidth := 2 * l.depth
	for j, c := range l.cells {
		if j > 0 {
			plainWidth += 2
		}
		if w := lipgloss.Width(c); j < len(l.cells)-1 {
			plainWidth += max(w, widths[len(l.cells)][j])
		} else {
			plainWidth += w
		}
	}
	if l.placed() || l.note != "" {
		b.WriteString(strings.Repeat(" ", max(0, text-plainWidth)+2))
		note := l.note
		if l.placed() {
			at := "default"
			if !l.standard {
				at = t.place(l.at)
			}
			b.WriteString(t.palette.gutter(line(at)))
			if note != "" {
				note = " (" + note + ")"
			}
		}
		b.WriteString(line(note))
	}
	t.WriteString(strings.TrimRight(b.String(), " "))
	t.WriteByte('\n')
}

// config shows virtual hosts and farms in full.
func (t *showWriter) config(s *Show) {
	for _, h := range s.Hosts {
		t.host(s, h)
	}
	for _, f := range s.Farms {
		t.heading(0, "farm /"+f.Name, &f.Origin)
		t.properties(1, f.Properties)
		t.absences(s, f)
	}
	t.leftOut(s, "left out in this environment")
}

// leftOut shows the conditions that do not hold.
func (t *showWriter) leftOut(s *Show, title string) {
	first := true
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if c.Holds {
			continue
		}
		if first {
			t.heading(0, title, nil)
			first = false
		}
		t.item(1, &c.Origin, "", c.Text)
	}
}

func (t *showWriter) host(s *Show, h *effective.Host) {
	title := "main server"
	if h.Virtual {
		title = "virtual host " + h.Title + " (" + addresses(h.Host) + ")"
	}
	t.heading(0, title, &h.Origin)
	if s.Asked != nil {
		t.answer(1, s.Asked, s.Asked.Host)
	} else if s.Table != nil {
		for i := range s.Table.Names {
			if n := &s.Table.Names[i]; n.NamedBy == h.Host && h.Virtual {
				t.answer(1, n, nameText(n))
			}
		}
	}
	hidden := 0
	for _, g := range h.Groups {
		list := g.Directives
		if s.Asked == nil && h.Virtual {
			list = slices.DeleteFunc(slices.Clone(list), func(d effective.Directive) bool { return d.Platform && d.Inherited })
			hidden += len(g.Directives) - len(list)
		}
		if len(list) > 0 {
			t.heading(1, string(g.Name), nil)
			t.directives(2, list)
		}
	}
	if hidden > 0 {
		t.path = t.path[:1]
		t.remark(1, count(hidden, "directive")+" of the platform, above for the main server, hold here too; --host lists them in their place")
	}
}

func addresses(h *server.Host) string {
	var out []string
	for _, a := range h.Addresses {
		out = append(out, a.Text)
	}
	return strings.Join(out, " ")
}

func (t *showWriter) answer(depth int, n *effective.Name, name string) {
	text, at := t.why(n)
	if n.Farm != nil {
		text = "farm " + n.Farm.Name + ", " + text
	}
	t.add(shownLine{depth: depth, cells: []string{name + ": " + text}, at: at, note: t.nameNotes(n)})
}

func (t *showWriter) directives(depth int, list []effective.Directive) {
	for i := range list {
		d := &list[i]
		t.directives(depth, d.Conditions)
		text := d.Name
		if d.Args != "" {
			text += " " + d.Args
		}
		if d.Section {
			text = "<" + text + ">"
		}
		var notes []string
		if d.Inherited {
			notes = append(notes, "inherited")
		}
		if d.Class == server.NotSimulated {
			notes = append(notes, "not simulated")
		}
		for _, r := range d.Replaces {
			notes = append(notes, "replaces "+t.place(r.At))
		}
		t.item(depth, &d.Origin, strings.Join(notes, "; "), text)
		t.out[len(t.out)-1].inherited = d.Inherited
		t.directives(depth+1, d.Inside)
	}
}

func (t *showWriter) properties(depth int, list []effective.Property) {
	for i := range list {
		p := &list[i]
		if text, ok := propertyLine(p); ok {
			if !p.Set {
				t.add(shownLine{depth: depth, cells: []string{text}, standard: true})
				continue
			}
			o := p.Origin
			for j := range p.Inside {
				o.Variables = append(o.Variables[:len(o.Variables):len(o.Variables)], p.Inside[j].Origin.Variables...)
			}
			t.item(depth, &o, "", text)
			continue
		}
		name := "{"
		if p.Name != "" {
			name = "/" + p.Name
		}
		t.item(depth, &p.Origin, "", name)
		t.properties(depth+1, p.Inside)
	}
}

// propertyLine writes a value, and a labelled block that holds written values alone, in one line.
func propertyLine(p *effective.Property) (string, bool) {
	if p.Quote != 0 {
		text := quoted(p.Value, p.Quote)
		if p.Name != "" {
			text = "/" + p.Name + " " + text
		}
		return text, true
	}
	if !p.Entry {
		return "", false
	}
	text := "{"
	if p.Name != "" {
		text = "/" + p.Name + " {"
	}
	for i := range p.Inside {
		q := &p.Inside[i]
		part, ok := propertyLine(q)
		if !ok || !q.Set {
			return "", false
		}
		text += " " + part
	}
	return text + " }", true
}

// quoted is a value in its quotes, as it would be written.
func quoted(value string, quote byte) string {
	if quote == 0 {
		quote = '"'
	}
	q := string(rune(quote))
	return q + strings.ReplaceAll(value, q, `\`+q) + q
}

// absences says what a farm does where a section is missing. Of a part of a farm nobody knows the rest.
func (t *showWriter) absences(s *Show, f *effective.Farm) {
	if slices.Contains(s.Wrapped, fmt.Sprintf("farm %q", f.Name)) {
		return
	}
	say := func(missing bool, text string) {
		if missing {
			t.remark(1, text)
		}
	}
	say(f.Filter == nil, "/filter is not written: every request is let through")
	say(f.Cache == nil, "/cache is not written: nothing is cached")
	say(f.Cache != nil && f.Cache.Rules == nil, "/cache /rules is not written: nothing is cached")
	say(f.Cache != nil && f.Cache.AllowedClients == nil, "/cache /allowedClients is not written: everybody may flush")
	say(f.ClientHeaders == nil, "/clientheaders is not written: a standard list of headers is passed on")
}

// farms shows what tells farms apart.
func (t *showWriter) farms(s *Show) {
	for _, f := range s.Farms {
		t.heading(0, strconv.Itoa(f.Order)+". /"+f.Name, &f.Origin)
		for i := range f.Properties {
			p := &f.Properties[i]
			switch p.Name {
			case "virtualhosts":
				for j := range p.Inside {
					v := &p.Inside[j]
					t.item(1, &v.Origin, "", "virtualhost", v.Value)
				}
			case "renders":
				for j, r := range f.Renders {
					scheme := "http"
					if r.Secure.Value {
						scheme = "https"
					}
					host := r.Hostname.Value
					if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
						host = "[" + host + "]"
					}
					port := strconv.Itoa(r.Port.Value)
					if !r.Port.Set && r.Secure.Value {
						port = "443"
					}
					o := p.Inside[j].Origin
					for _, q := range p.Inside[j].Inside {
						o.Variables = append(o.Variables[:len(o.Variables):len(o.Variables)], q.Origin.Variables...)
					}
					t.item(1, &o, "", "render", strings.TrimSpace(r.Name+" "+scheme+"://"+host+":"+port))
				}
			case "filter":
				t.item(1, &p.Origin, "", "filter", count(len(p.Inside), "rule"))
			case "cache":
				t.cacheOf(p)
			case "vanity_urls", "auth_checker", "sessionmanagement", "stickyConnections":
				t.item(1, &p.Origin, "", p.Name, "written")
			case "stickyConnectionsFor", "propagateSyndPost", "failover", "numberOfRetries", "retryDelay", "unavailablePenalty":
				if p.Set {
					t.item(1, &p.Origin, "", p.Name, p.Value)
				}
			}
		}
		if len(f.VirtualHosts) == 0 {
			t.remark(1, "it has no virtualhosts")
		}
		if f.Last {
			t.remark(1, "it answers where no farm matches: it is the last of the text")
		}
		t.absences(s, f)
	}
	if s.Any && len(s.Farms) == 0 {
		t.remark(0, noFarm(s))
	}
}

// cacheOf shows the properties of /cache.
func (t *showWriter) cacheOf(cache *effective.Property) {
	for i := range cache.Inside {
		p := &cache.Inside[i]
		switch {
		case p.Quote == 0:
			word := "rule"
			if p.Name == "headers" {
				word = "header"
			}
			t.item(1, &p.Origin, "", p.Name, count(len(p.Inside), word))
		case p.Set:
			t.item(1, &p.Origin, "", p.Name, p.Value)
		case p.Name == "statfileslevel" || p.Name == "enableTTL" || p.Name == "gracePeriod" || p.Name == "allowAuthorized" || p.Name == "serveStaleOnError":
			t.add(shownLine{depth: 1, cells: []string{p.Name, p.Value}, standard: true})
		}
	}
}

// nameText is a name as the table has it.
func nameText(n *effective.Name) string {
	text := n.Text
	if n.Source == effective.AnyOther {
		text = "(any other)"
	}
	if n.Port != 80 && n.Source != effective.VirtualHosts && n.Source != effective.Asked {
		text += ":" + strconv.Itoa(n.Port)
	}
	return text
}

// names shows the table of host names.
func (t *showWriter) names(s *Show) {
	if s.Table == nil {
		return
	}
	cells := func(name, vhost, root, farm, why string) []string {
		if !s.HTTPD {
			return []string{name, farm, why}
		}
		if !s.Any {
			return []string{name, vhost, root, why}
		}
		return []string{name, vhost, root, farm, why}
	}
	t.add(shownLine{cells: cells("host", "virtual host", "docroot", "farm", "why"), heading: true})
	for i := range s.Table.Names {
		n := &s.Table.Names[i]
		vhost, root, farm := "-", "-", "-"
		if n.VirtualHost != nil {
			vhost = "main server"
			if n.VirtualHost.Virtual {
				vhost = t.place(n.VirtualHost.At)
			}
			root = cmp.Or(n.VirtualHost.DocumentRoot.Value, "-")
		}
		if n.Farm != nil {
			farm = n.Farm.Name
		}
		why, at := t.why(n)
		if !at.IsZero() {
			why += ", " + t.place(at)
		}
		t.add(shownLine{cells: cells(nameText(n), vhost, root, farm, joinNotes(why, t.nameNotes(n)))})
	}
	if s.Table.Truncated {
		t.remark(0, "there are more names; they are not looked at")
	}
	if len(s.Table.Idle) > 0 {
		t.heading(0, "virtualhosts that decide nothing", nil)
		for _, v := range s.Table.Idle {
			text := "no farm is reached for " + v.Host
			if v.Farm != nil && v.Answer.Farm != nil {
				text = v.Host + " goes to farm " + v.Answer.Farm.Name
				if v.Answer.Value != nil {
					text += " by " + quoted(v.Answer.Value.Text, '"') + ", " + t.place(v.Answer.Value.At.Span)
				}
			} else if v.Ended {
				text = "httpd answers for " + v.Host
			}
			t.add(shownLine{depth: 1, cells: []string{quoted(v.Value.Text, '"') + " of farm " + v.Farm.Name}, at: v.Value.At.Span, note: text})
		}
	}
	if len(s.Table.Unreached) > 0 {
		t.heading(0, "farms that no name leads to", nil)
		for _, f := range s.Table.Unreached {
			t.add(shownLine{depth: 1, cells: []string{f.Name}, at: f.At.Span})
		}
	}
	t.leftOut(s, "host names left out in this environment")
}

// why says what decided, and where it stands.
func (t *showWriter) why(n *effective.Name) (text string, at source.Span) {
	switch {
	case n.Unusable:
		return "no request can have this name", at
	case n.Ended:
		text = "httpd answers"
		switch {
		case n.Proxy != "":
			text = "httpd, which hands it on to " + n.Proxy + ", answers"
		case n.Status != 0:
			text += " " + strconv.Itoa(n.Status)
			if n.Location != "" {
				text += " " + n.Location
			}
		}
		if len(n.Refused) > 0 {
			text += " to " + n.Refused[0]
		}
		return text, n.By.At
	case n.Value != nil:
		text = "by " + quoted(n.Value.Text, '"')
		if n.Reason == simulate.HostOnly {
			text += ", whose host alone matches"
		}
		return text, n.Value.At.Span
	case n.Reason == simulate.LastFarm:
		return "no farm matches: the last one answers", n.Farm.At.Span
	case n.Reason == simulate.Fragment:
		return "the fragment is taken for every host", at
	case n.Reason == simulate.NoFarm:
		return "the configuration has no farm", at
	}
	return "it reaches the Dispatcher", at
}

// nameNotes say what else there is to know of a name.
func (t *showWriter) nameNotes(n *effective.Name) string {
	var notes []string
	if len(n.Refused) > 0 && !n.Ended {
		notes = append(notes, "for "+n.Path+", not for "+strings.Join(n.Refused, ", "))
	} else if len(n.Refused) > 1 {
		notes = append(notes, "nor do "+strings.Join(n.Refused[1:], ", ")+" reach the Dispatcher")
	}
	switch {
	case n.VirtualHost == nil:
	case n.NamedBy != nil && n.VirtualHost != n.NamedBy:
		notes = append(notes, "also named in "+t.place(n.NamedBy.At)+", behind the one that answers")
	case !n.Named && n.VirtualHost.Virtual:
		notes = append(notes, "no virtual host has the name: the first one answers")
	}
	if n.Farm != nil && n.VirtualHost != nil && n.Farm.Cache != nil {
		if root := n.Farm.Cache.Docroot.Value; root != "" && strings.TrimRight(root, "/") != strings.TrimRight(n.VirtualHost.DocumentRoot.Value, "/") {
			notes = append(notes, "the farm caches in "+root)
		}
	}
	for _, v := range n.Origin.Variables {
		if v.Defined {
			notes = append(notes, v.Name+" from "+t.from(v))
		} else {
			notes = append(notes, v.Name+" is not defined")
		}
	}
	if len(n.NotSimulated) > 0 {
		c := n.NotSimulated[0]
		note := "uncertain: " + c.Text + " is not simulated"
		if !c.At.IsZero() {
			note += ", " + t.place(c.At)
		}
		notes = append(notes, note)
	}
	return strings.Join(notes, "; ")
}

// filters shows the rules of filters.
func (t *showWriter) filters(s *Show) {
	for i := range s.Filters {
		f := &s.Filters[i]
		title := "filter of farm /" + f.Farm.Name
		if f.Missing {
			t.heading(0, title, &f.Farm.Origin)
			t.remark(1, "there is no /filter: every request is let through")
			continue
		}
		t.heading(0, title, nil)
		t.remark(1, count(len(f.Rules), "rule")+"; the last that matches decides")
		t.before = ""
		for j := range f.Rules {
			r := &f.Rules[j]
			label := "-"
			if r.Label != "" {
				label = "/" + r.Label
			}
			var parts []string
			for _, p := range r.Patterns {
				parts = append(parts, "/"+p.Property+" "+quoted(p.Text(), p.Quote))
			}
			if len(parts) == 0 {
				parts = []string{"every request"}
			}
			note := ""
			if !r.Type.Set {
				note = "no /type: it denies"
			}
			t.item(1, &r.Origin, note, fmt.Sprintf("%3d", r.Number), label, action(r.Allow), strings.Join(parts, " "))
		}
	}
	if s.Any && len(s.Filters) == 0 {
		t.remark(0, noFarm(s))
	}
}
