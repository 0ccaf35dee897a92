// Package expand makes one tree of many files: it puts in what $include names and the values of ${VAR}.
// Nodes are copied, never changed, and keep the bytes they came from; [grammar.Item.Origin] gives the
// $include lines that led to them. So a finding in an included file points at that file.
//
// Expansion goes on past mistakes. What is wrong with a text becomes a finding in [Tree.Findings]; what
// keeps a text from being read at all (a missing file, a cycle, a bound) stands in [Tree.Fatal] too,
// because a Dispatcher would not start with it. The rest of the tree is there all the same.
//
// The package knows neither what properties mean (package model) nor where projects lie
// (internal/project). Start from [File] and [Options].
package expand

import (
	"errors"
	"io/fs"
	"path"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/source"
)

// The bounds that hold for one expansion, besides those of each text (package grammar). The optimizer
// tool stops at the same depth (adobe/aem-dispatcher-optimizer-tool, include resolver); the Dispatcher
// has no documented limit.
const (
	MaxIncludeDepth = 50               // files inside files
	MaxFiles        = 10_000           // files put in, each time one is
	MaxItems        = grammar.MaxItems // items of the whole tree
	MaxBytes        = 64 << 20         // bytes of all texts read and all values put in
)

const (
	maxFindings = 10_000
	maxMatches  = 5_000_000 // names held against a wildcard
)

// Options say what an expansion reads. Only FS is needed.
type Options struct {
	// FS does all reading. Names are slash-separated and relative to its root, which no include leaves.
	FS fs.FS
	// Map finds the name in FS of an absolute include path, which may hold wildcards. nil knows none.
	Map func(abs string) (name string, ok bool)
	// Fallback are folders in FS to look in for a relative include whose file is not beside the
	// including one, such as the server root. The module looks beside the including file only, so each
	// use is a finding.
	Fallback []string
	// Provided says whether a missing file is one that the platform puts in place when it starts. Its
	// absence is then no mistake of the tree. nil knows none.
	Provided func(name string) bool
	// Lookup finds a variable. nil knows none.
	Lookup func(name string) (Variable, bool)
	// Names lists the variables that are defined, for hints. nil gives no hints.
	Names func() []string
	// Show gives the name under which people know a file of FS. nil shows the name in FS.
	Show func(name string) string
}

// A Variable is what ${NAME} stands for.
type Variable struct {
	Value string
	// From says where the definition comes from, for people: "--env", "conf.d/variables/global.vars:3".
	From string
	// Bare says that the variable is defined without a value, as "Define NAME" does. It is then not put
	// in: ${NAME} stays as it is (httpd.apache.org, 2.4, core, Define).
	Bare bool
}

// A Tree is what became of one file and all that it includes.
type Tree struct {
	// Items are those of the file that was asked for, with includes replaced by the items of their
	// files. A *grammar.IncludeItem is left only where nothing could be put in.
	Items []grammar.Item
	// Root is the file that was asked for.
	Root *grammar.File
	// Files are all files that were read, each once, in the order in which they were first needed.
	Files []*grammar.File
	// Includes are the $include lines that were followed, in the order of the expansion: those of a
	// file that is included twice are there twice.
	Includes []Include
	// Findings are sorted by file and place.
	Findings []diag.Diagnostic
	// Fatal says what could not be read, in the order in which it was found: missing files, cycles,
	// unreadable files, bounds. An Error whose Rule is set is said by a finding as well; one without is
	// said here only.
	Fatal []*Error

	names    map[*source.File]string
	included map[*grammar.File][]source.Span
}

// An Include is one $include line as it was followed.
type Include struct {
	// Span covers the statement, Included are the lines that led to its file.
	Span     source.Span
	Included []source.Span
	// Pattern is the path with variables put in.
	Pattern string
	// Wildcard says that Pattern holds *, ? or [.
	Wildcard bool
	// Files are the names in FS of what was put in, in order; empty for a wildcard that matches nothing
	// and for a file that could not be read.
	Files []string
}

// Name returns the name in FS of a file that was read, "" for a text that has none.
func (t *Tree) Name(f *source.File) string { return t.names[f] }

// Included returns the $include lines that led to a file when it was first read, outermost first.
func (t *Tree) Included(f *grammar.File) []source.Span { return t.included[f] }

// Err joins the fatal errors; nil where there are none.
func (t *Tree) Err() error {
	if len(t.Fatal) == 0 {
		return nil
	}
	errs := make([]error, len(t.Fatal))
	for i, e := range t.Fatal {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// File expands a file of o.FS. The error, an *[Error], says that the file itself cannot be read; what
// goes wrong behind it is in the tree.
func File(name string, o Options) (*Tree, error) {
	e := newExpander(o)
	if !ValidName(name) {
		return nil, &Error{Message: "no name of a file: " + name}
	}
	file, err := e.read(name, nil)
	if err != nil {
		return nil, err
	}
	return e.expand(file, name, path.Dir(name)), nil
}

// Source expands a text that is not in o.FS. Relative includes start from dir, a folder of o.FS.
func Source(src *source.File, dir string, o Options) (*Tree, error) {
	e := newExpander(o)
	if !ValidName(dir) {
		return nil, &Error{Message: "no name of a folder: " + dir}
	}
	return e.expand(e.parsed(src, "", nil), "", dir), nil
}

// An expander makes one tree.
type expander struct {
	o       Options
	tree    *Tree
	files   map[string]*grammar.File // by their names in FS
	folders map[string]*folder
	said    map[place]struct{}
	cycles  map[string]struct{}

	opened  int // files put in
	items   int
	bytes   int
	matches int
	stopped bool // a bound of the whole expansion is passed: nothing more is read

	properties slab[grammar.Property]
	includes   slab[grammar.IncludeItem]
	blocks     slab[grammar.Block]
	values     slab[grammar.Value]
	strays     slab[grammar.Stray]
}

// A place is what a finding is about. One place says one thing once, however often it is put in.
type place struct {
	file  *source.File
	start int32
	rule  string
}

// A frame is one file while its items are put in.
type frame struct {
	parent *frame
	depth  int
	name   string // in FS; "" for a text that is not there
	link   string // the flattened link that led here, if any
	dir    string // where relative includes start
	origin *grammar.Origin
}

func newExpander(o Options) *expander {
	if o.Show == nil {
		o.Show = func(name string) string { return name }
	}
	return &expander{
		o: o,
		tree: &Tree{
			names:    map[*source.File]string{},
			included: map[*grammar.File][]source.Span{},
		},
		files:   map[string]*grammar.File{},
		folders: map[string]*folder{},
		said:    map[place]struct{}{},
		cycles:  map[string]struct{}{},
	}
}

func (e *expander) expand(file *grammar.File, name, dir string) *Tree {
	e.tree.Root = file
	in := &frame{name: name, dir: dir, origin: &grammar.Origin{}}
	if name != "" {
		file = e.follow(in, file, file.Src.Span(0, 0))
	}
	e.tree.Items = e.list(in, file.Items)
	e.tree.Findings = diag.Sort(e.tree.Findings)
	return e.tree
}
