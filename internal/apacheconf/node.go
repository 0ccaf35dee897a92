package apacheconf

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/source"
)

// A Tree is a configuration as httpd has it after reading: includes put in, variables replaced, conditions on the start
// decided, macros used. What was skipped is not in it.
type Tree struct {
	// Nodes are the directives and sections of the main server's level, in the order of reading.
	Nodes []*Node
	// Files are the texts that were read, each once, in the order of reading.
	Files []*httpd.File
	// Defines are what Define and the command line left, at the end of reading.
	Defines map[string]Define
	// Modules are the identifiers of loaded modules: those that were given, and those of LoadModule.
	Modules map[string]bool
	// Root is ServerRoot as it stands at the end, an absolute path.
	Root string
	// Findings are mistakes of reading. Those that httpd refuses to start with are errors; httpd stops at the first, and
	// reading here goes on.
	Findings []diag.Diagnostic
	// Tests are the sections <IfDefine>, <IfModule>, <IfFile> and <IfVersion> that were read, with what they decided.
	Tests []Test
	// Done are the directives that httpd carries out while it reads and that therefore are not among the Nodes: Define,
	// UnDefine, Include, IncludeOptional, LoadModule, LoadFile, ServerRoot, Use and UndefMacro, in the order of reading.
	Done []*Node
	// Macros are the macros that were defined, by their names in lower case.
	Macros map[string]*Macro

	sources map[string]bool // source files of Modules
}

// A Node is a directive or a section.
type Node struct {
	// Name is the name as written; Key is it in lower case, without the bracket.
	Name, Key string
	// Args is the text behind the name, lines joined, variables replaced, blanks around it cut off, of a section without
	// the closing bracket.
	Args string
	// Section says that it is a section; Children are what is in it.
	Section  bool
	Children []*Node
	// At is the line in its text, NameAt its name, ArgsAt what Args was made of, CloseAt the closing line of a section.
	At, NameAt, ArgsAt, CloseAt source.Span
	// Included are the lines that led to the text: Include, IncludeOptional, Use; outermost first.
	Included []source.Span
	// Bracket says that a section's line has its closing bracket.
	Bracket bool
	// Undefined are the variables that Args names and that nothing defines: they stand in it as written.
	Undefined []Variable
	// Variables are the variables that were replaced in Args.
	Variables []Variable

	word   string  // the first word of the line, brackets and all
	rest   string  // what follows the name, of a section with its bracket
	pieces []piece // of Args; nil where Args is the text of ArgsAt
}

// Span returns where the bytes [start, end) of Args came from. Within the value of a variable or of a macro's argument
// there are no places: the span is that of the reference. It is the zero Span where start and end are out of range.
func (n *Node) Span(start, end int) source.Span {
	if start < 0 || end < start || end > len(n.Args) {
		return source.Span{}
	}
	if n.pieces == nil {
		s := n.ArgsAt
		return source.Span{File: s.File, Start: s.Start + int32(start), End: s.Start + int32(end)}
	}
	return spanOf(n.pieces, start, end)
}

// WordSpan is the span of a word.
func (n *Node) WordSpan(w Word) source.Span { return n.Span(w.Start, w.End) }

// A Variable is one ${NAME} in a line.
type Variable struct {
	Name string
	// At is the reference.
	At source.Span
	// From is the Define that gave the value; the zero Span where it is from the environment or the command line.
	From source.Span
}

// A Define is a variable that the configuration or the command line defines.
type Define struct {
	// Value is its value. A name that is defined without one has none, and ${NAME} does not see it.
	Value    string
	HasValue bool
	// At is the directive; the zero Span for the command line.
	At source.Span
}

// A Test is a condition that was decided while reading.
type Test struct {
	// Section is the section as it stands in its text; nil where it only came to be by a variable or a macro's argument.
	Section *httpd.Section
	// Node is its opening line as it was read, without children.
	Node  *Node
	Holds bool
}

// A Macro is a <Macro> section.
type Macro struct {
	Name string // as written
	// Parameters are the names of its arguments, as written.
	Parameters []string
	// At is the opening line.
	At source.Span

	lines []line
}

// A piece is a run of Args that came from one run of the text.
type piece struct {
	start, end int32 // in Args
	at         source.Span
	// whole says that the run stands for the whole span, as the value of a variable does: there are no places inside.
	whole bool
}

// A Word is one argument.
type Word struct {
	Text string
	// Start and End are where it stands in Args, with its quotes.
	Start, End int
	Quote      byte // ", ' or 0

	open bool // its quote is not closed
}

// Closed reports whether the quote that the word starts with is closed; it holds for words without a quote.
func (w *Word) Closed() bool { return w.Quote == 0 || !w.open }
