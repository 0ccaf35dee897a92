package apacheconf

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/source"
)

// The bounds of one reading. They are far above what real servers have and keep a hostile configuration from taking the
// process down.
const (
	maxLines    = 2_000_000 // logical lines, counted each time that they are read
	maxNodes    = 250_000   // directives in the tree
	maxBytes    = 128 << 20 // bytes of texts and of values put into lines
	maxExpanded = 1 << 20   // bytes of a line with its variables replaced
	maxNested   = 2_000     // sections and texts within each other
	maxFindings = 10_000
	maxWork     = 500_000_000 // comparisons of lines of macros with names of their arguments
	maxIncluded = 128         // texts that include each other (AP_MAX_INCLUDE_DEPTH of httpd)
	maxFolders  = 20          // folders within each other that an Include reads (AP_MAX_INCLUDE_DIR_DEPTH)
)

// A BoundError says that a configuration passes a bound. It is not a finding: what lies beyond is not read.
type BoundError struct {
	Span    source.Span
	Message string
}

// Error gives place and message in one line.
func (e *BoundError) Error() string {
	if e.Span.IsZero() {
		return e.Message
	}
	p := e.Span.Position()
	return fmt.Sprintf("%s:%d:%d: %s", e.Span.File.Name, p.Line, p.Column, e.Message)
}

// Read reads a configuration from its first text. What httpd would refuse to start with is among the findings of the tree,
// and reading goes on behind it as well as it can. The error is that of the context, of a first text that cannot be read,
// or a [*BoundError]; with the latter the tree holds what was read before.
func Read(ctx context.Context, opt Options) (*Tree, error) {
	if opt.Version == "" {
		opt.Version = DefaultVersion
	}
	r := &reader{
		ctx: ctx, opt: opt,
		tree: &Tree{
			Defines: map[string]Define{}, Modules: map[string]bool{}, Macros: map[string]*Macro{}, sources: map[string]bool{},
			Root: Absolute("/", opt.Root),
		},
		values: map[string]value{}, parsed: map[*source.File]*text{},
	}
	for _, m := range compiledIn {
		r.tree.load(m)
	}
	for _, m := range opt.Modules {
		r.tree.load(m)
	}
	for _, d := range opt.Defines {
		r.define(d.Name, d.Value, d.HasValue, source.Span{})
	}
	f, err := opt.FS.ReadFile(Absolute(r.tree.Root, opt.Main))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", opt.Main, err)
	}
	r.file(f, &r.tree.Nodes, nil)
	r.settle()
	r.late()
	r.notation()
	return r.tree, r.err
}

// notation adds what the texts show by themselves, now that it is known what was passed over.
func (r *reader) notation() {
	skipped := map[*source.File][]source.Span{}
	for _, t := range r.tree.Tests {
		f := t.Node.At.File
		if !t.Holds && t.Node.CloseAt.File == f && len(skipped[f]) < 1000 {
			skipped[f] = append(skipped[f], t.Node.At.To(t.Node.CloseAt))
		}
	}
	found := r.tree.Findings
	r.tree.Findings = nil
	type said struct {
		at      source.Span
		message string
	}
	worse := map[said]bool{} // what Check has as a warning, and reading knows to be an error
	for _, d := range found {
		worse[said{d.Span, d.Message}] = true
	}
	for _, f := range r.tree.Files {
		for _, d := range httpd.CheckRead(f, skipped[f.Src]) {
			if worse[said{d.Span, d.Message}] {
				continue
			}
			d.Included = r.parsed[f.Src].included
			r.find(d)
		}
	}
	for _, d := range found {
		r.find(d)
	}
}

type reader struct {
	ctx  context.Context
	opt  Options
	tree *Tree
	// values are those of Define, by name in lower case.
	values    map[string]value
	unsettled []unsettled // uses of variables without a value
	parsed    map[*source.File]*text

	err      error // why reading stopped for good
	stopped  bool  // httpd stops here, and going on makes no sense
	lines    int
	nodes    int
	bytes    int
	work     int
	nested   int
	includes int
}

// A text is one file that was read, with what was made of it.
type text struct {
	file     *httpd.File
	included []source.Span // of its first reading
	// broken says that Check has found mistakes that httpd refuses: those of nesting that show up again are not repeated.
	broken   bool
	sections map[int32]*httpd.Section // of the conditions and macros, by where they start
}

func (r *reader) done() bool { return r.err != nil || r.stopped }

func (r *reader) exceed(l line, format string, args ...any) {
	if r.err == nil {
		r.err = &BoundError{Span: l.at, Message: fmt.Sprintf(format, args...)}
	}
}

// grow counts bytes.
func (r *reader) grow(n int, l line) {
	if r.bytes += n; r.bytes > maxBytes {
		r.exceed(l, "configuration has more than %d bytes with its includes and variables", maxBytes)
	}
}

func (r *reader) find(d diag.Diagnostic) {
	if len(r.tree.Findings) < maxFindings {
		r.tree.Findings = append(r.tree.Findings, d)
	}
}

// refuse says why httpd does not start.
func (r *reader) refuse(rule string, at source.Span, l line, hint, format string, args ...any) {
	r.find(diag.Diagnostic{
		Rule: rule, Severity: diag.Error, Span: at, Included: l.included, Hint: hint,
		Message: fmt.Sprintf(format, args...), Why: "httpd does not start",
	})
}

// parse makes the tree of a file once.
func (r *reader) parse(f *source.File, included []source.Span) *text {
	if t, ok := r.parsed[f]; ok {
		return t
	}
	t := &text{file: httpd.Parse(f), included: included, sections: map[int32]*httpd.Section{}}
	t.index(t.file.Items)
	r.parsed[f] = t
	r.tree.Files = append(r.tree.Files, t.file)
	for _, d := range httpd.Check(t.file) {
		t.broken = t.broken || d.Severity == diag.Error && d.Rule == httpd.SectionMismatch
	}
	return t
}

func (t *text) index(items []httpd.Item) {
	for _, it := range items {
		s, ok := it.(*httpd.Section)
		if !ok {
			continue
		}
		t.sections[s.At.Start] = s
		t.index(s.Items)
	}
}

// file reads a whole text into a list of nodes. Sections begin and end in the same text.
func (r *reader) file(f *source.File, list *[]*Node, included []source.Span) {
	r.parse(f, included)
	r.grow(len(f.Text), line{at: f.Span(0, 0)})
	if r.nested++; r.nested > maxNested {
		r.exceed(line{at: f.Span(0, 0)}, "sections and includes lie more than %d deep in each other", maxNested)
	}
	defer func() { r.nested-- }()
	in := &input{r: r, top: &origin{file: f, lines: httpd.ReadLines(f.Text), included: included}}
	b := &builder{list: list}
	for {
		l, ok := in.next()
		if !ok {
			break
		}
		r.line(in, b, l)
	}
	for i := len(b.open) - 1; i >= 0; i-- {
		r.unclosed(b.open[i], line{included: included})
	}
}

// An input is where lines come from. Use puts the lines of a macro in front of what is left.
type input struct {
	r   *reader
	top *origin
}

// An origin is a text or the lines of a macro that is used.
type origin struct {
	file     *source.File
	lines    httpd.Lines
	included []source.Span
	macro    []line
	under    *origin
	use      *use // of the macro that the lines are of
}

// next gives the next line that is not blank.
func (in *input) next() (line, bool) {
	for in.top != nil && !in.r.done() {
		o := in.top
		if o.file == nil {
			if len(o.macro) == 0 {
				in.top = o.under
				continue
			}
			l := o.macro[0]
			o.macro = o.macro[1:]
			if l.text == "" {
				continue
			}
			in.r.count(l)
			return l, true
		}
		l, ok := o.lines.Next()
		if !ok {
			in.top = o.under
			continue
		}
		if len(l.Text) == 0 {
			continue
		}
		out := lineOf(o.file, &l, o.included)
		in.r.count(out)
		return out, true
	}
	return line{}, false
}

func (r *reader) count(l line) {
	if r.lines++; r.lines > maxLines {
		r.exceed(l, "configuration has more than %d lines with its includes and macros", maxLines)
	}
	if r.lines&1023 == 0 && r.err == nil {
		r.err = r.ctx.Err()
	}
}

// A builder puts nodes into a list and into the sections that are open.
type builder struct {
	list *[]*Node
	open []*Node
	// outer is the builder of the section around a condition, whose own closing line ends this one.
	outer *builder
	// ending is the name of that condition, "ifdefine", and opening its line.
	ending  string
	opening *Node
}

func (b *builder) target() *[]*Node {
	if n := len(b.open); n > 0 {
		return &b.open[n-1].Children
	}
	return b.list
}

// add puts a node into the tree.
func (r *reader) add(b *builder, n *Node) {
	if r.nodes++; r.nodes > maxNodes {
		r.exceed(line{at: n.At}, "configuration has more than %d directives with its includes and macros", maxNodes)
		return
	}
	list := b.target()
	*list = append(*list, n)
}

// An ending says that a line ends the section of a condition. A line that ends more than that is handed on to the builder
// around it.
type ending struct {
	ends bool
	push *line
}

// line takes one line as httpd does: variables first, then the name, then what it means for reading.
func (r *reader) line(in *input, b *builder, l line) ending {
	if l.text[0] == '#' || r.done() {
		return ending{}
	}
	raw := l
	l, known, unknown := r.expand(l)
	if l.text = trimRight(l.text); l.text == "" {
		return ending{}
	}
	n := r.node(l)
	n.Variables, n.Undefined = known, unknown
	r.undefined(unknown, l.included)
	if strings.HasPrefix(n.word, "</") {
		return r.closing(b, n, raw)
	}
	if f := r.action(n); f != nil {
		return f(r, in, b, n, l)
	}
	r.add(b, n)
	if !n.Section {
		return ending{}
	}
	if !n.Bracket {
		r.mismatch(n, l, "section <"+n.Name+"> has no closing bracket", "end the line with >")
	}
	if len(b.open) >= httpd.MaxDepth {
		r.exceed(l, "sections lie more than %d deep in each other", httpd.MaxDepth)
		return ending{}
	}
	b.open = append(b.open, n)
	return ending{}
}

// node makes a node of a line.
func (r *reader) node(l line) *Node {
	n := &Node{At: l.at, Included: l.included}
	w, after, _ := nextWord(l.text, 0)
	for after < len(l.text) && isBlank(l.text[after]) {
		after++
	}
	n.word = w.Text
	from, to := w.Start, w.End
	if w.Quote != 0 {
		from++
		if !w.open {
			to--
		}
	}
	name := w.Text
	if !strings.HasPrefix(name, "</") {
		if strings.HasSuffix(name, ">") {
			name = name[:len(name)-1]
			to--
			n.Bracket = true
		}
		if strings.HasPrefix(name, "<") {
			n.Section = true
			name = name[1:]
			from++
		}
	}
	n.Name, n.Key = name, fold(name)
	n.NameAt = l.span(from, max(from, to))
	end := len(l.text)
	n.rest = l.text[after:]
	if n.Section && n.rest == "" {
		n.rest = ">"
	}
	if n.Section && after < end {
		n.Bracket = false
		if i := strings.LastIndexByte(l.text[after:], '>'); i >= 0 {
			n.Bracket = true
			end = after + i
		}
	} else if n.Section {
		n.Bracket = true // httpd takes <Name without anything behind it for <Name>
	} else {
		n.Bracket = false
	}
	for end > after && isBlank(l.text[end-1]) {
		end--
	}
	n.Args = l.text[after:max(after, end)]
	if n.Args != "" {
		n.ArgsAt = l.span(after, end)
		if l.pieces != nil {
			n.pieces = l.cut(after, end)
		}
	}
	return n
}

// closing takes a closing line. httpd refuses one that is not that of the innermost open section.
func (r *reader) closing(b *builder, n *Node, raw line) ending {
	name := strings.TrimPrefix(n.word, "</")
	bracket := strings.HasSuffix(name, ">")
	name = strings.TrimSuffix(name, ">")
	if !bracket {
		r.mismatch(n, raw, fmt.Sprintf("closing line </%s has no > right behind the name", name), "write </"+name+">")
	}
	key := fold(name)
	if len(b.open) > 0 && b.open[len(b.open)-1].Key == key {
		b.close(n.At)
		return ending{}
	}
	for i := len(b.open) - 2; i >= 0; i-- {
		if b.open[i].Key != key {
			continue
		}
		for len(b.open)-1 > i {
			r.unclosed(b.open[len(b.open)-1], raw)
			b.open = b.open[:len(b.open)-1]
		}
		b.close(n.At)
		return ending{}
	}
	for o := b; o.outer != nil; o = o.outer {
		// The condition's own closing line ends it, and so does one of a section around it.
		if o.ending != key && !o.outer.has(key) {
			continue
		}
		for i := len(b.open) - 1; i >= 0; i-- {
			r.unclosed(b.open[i], raw)
		}
		open := len(b.open) > 0
		b.open = nil
		if o == b && o.ending == key {
			if !open && bracket {
				r.mismatch(n, raw, fmt.Sprintf("closing line </%s> has text behind it", name), "remove what follows the >")
			}
			return ending{ends: true}
		}
		r.unclosed(b.opening, raw)
		return ending{ends: true, push: &raw}
	}
	if k := len(b.open); k > 0 && alike(b.open[k-1].Key, key) {
		r.mismatch(n, raw, fmt.Sprintf("section <%s> is closed by </%s>", b.open[k-1].Name, name), "write </"+b.open[k-1].Name+">")
		b.close(n.At)
		return ending{}
	}
	r.mismatch(n, raw, fmt.Sprintf("closing line </%s> closes no section", name), "remove it, or add the line that opens the section")
	return ending{}
}

func (b *builder) has(key string) bool {
	for _, n := range b.open {
		if n.Key == key {
			return true
		}
	}
	return false
}

func (b *builder) close(at source.Span) {
	last := len(b.open) - 1
	b.open[last].CloseAt = at
	b.open = b.open[:last]
}

func alike(a, b string) bool {
	n := min(3, len(a), len(b))
	return n > 0 && a[:n] == b[:n]
}

// mismatch and unclosed say what is wrong with the nesting where the text alone does not show it: a file whose own nesting
// is broken has its findings from [httpd.Check].
func (r *reader) mismatch(n *Node, l line, message, hint string) {
	if t := r.parsed[n.At.File]; t != nil && t.broken {
		return
	}
	r.refuse(httpd.SectionMismatch, n.At, l, hint, "%s", message)
}

func (r *reader) unclosed(n *Node, l line) {
	if t := r.parsed[n.At.File]; t != nil && t.broken {
		return
	}
	r.refuse(httpd.SectionMismatch, n.At, l, "add </"+n.Name+"> in the same file", "section <%s> is not closed", n.Name)
}

// forgiven says of a section that is not closed where httpd does not mind.
func (r *reader) forgiven(n *Node, l line) {
	if t := r.parsed[n.At.File]; r.done() || t != nil && t.broken {
		return
	}
	r.find(diag.Diagnostic{
		Rule: httpd.SectionMismatch, Severity: diag.Warning, Span: n.At, Included: l.included,
		Message: "section <" + n.Name + "> is not closed", Hint: "add </" + n.Name + "> in the same file",
		Why: "httpd takes the end of the file for the end of the condition where it holds, and does not start where it does not",
	})
}

// missing reports whether an error of the file system says that there is nothing of the name.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
