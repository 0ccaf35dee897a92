package apacheconf

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
)

// An action is what httpd does with a directive while it reads.
type action func(r *reader, in *input, b *builder, n *Node, l line) ending

// action returns what a directive does while httpd reads, or nil. Directives of modules do so where the module is loaded;
// without it httpd does not know them, which model/server reports.
func (r *reader) action(n *Node) action {
	if n.Section {
		switch n.Key {
		case "ifdefine":
			return condition((*reader).ifDefine)
		case "ifmodule":
			return condition((*reader).ifModule)
		case "iffile":
			return condition((*reader).ifFile)
		case "ifversion":
			if r.tree.Modules["version_module"] {
				return condition((*reader).ifVersion)
			}
		case "macro":
			if r.tree.Modules["macro_module"] {
				return macro
			}
		}
		return nil
	}
	switch n.Key {
	case "define":
		return done(defineAction)
	case "undefine":
		return done(undefineAction)
	case "include", "includeoptional":
		return done(includeAction)
	case "loadmodule":
		return done(loadModule)
	case "loadfile":
		return done(func(*reader, *input, *builder, *Node, line) {})
	case "serverroot":
		return done(serverRoot)
	case "use", "undefmacro":
		if r.tree.Modules["macro_module"] {
			if n.Key == "use" {
				return done(useAction)
			}
			return done(undefMacro)
		}
	}
	return nil
}

// done makes an action of what never ends a section, and keeps the directive in Tree.Done.
func done(f func(r *reader, in *input, b *builder, n *Node, l line)) action {
	return func(r *reader, in *input, b *builder, n *Node, l line) ending {
		r.tree.Done = append(r.tree.Done, n)
		f(r, in, b, n, l)
		return ending{}
	}
}

// words are the arguments of a directive that takes from least to most of them; false where httpd refuses their number.
func (r *reader) words(n *Node, l line, least, most int) ([]Word, bool) {
	words, _ := n.Words()
	takes := [...]string{"no", "one", "two"}
	want := takes[least]
	if most > least {
		want += " or " + takes[most]
	}
	switch {
	case len(words) < least || len(words) > 0 && words[0].Text == "" && n.Key != "loadmodule":
		r.refuse(argumentCount, n.At, l, "", "%s wants %s, and has none that is not empty", n.Name, plural(want))
	case len(words) > most:
		r.refuse(argumentCount, n.WordSpan(words[most]), l, "put a value with blanks in quotes",
			"%s wants %s, and has %d", n.Name, plural(want), len(words))
	default:
		return words, true
	}
	return nil, false
}

// argumentCount is the catalogue's rule for arguments that are too many or too few.
const argumentCount = "DSP694"

func plural(want string) string {
	if want == "one" {
		return "one argument"
	}
	return want + " arguments"
}

func defineAction(r *reader, _ *input, _ *builder, n *Node, l line) {
	words, ok := r.words(n, l, 1, 2)
	if !ok || !r.variableName(n, l, words[0]) {
		return
	}
	// An empty value is none: httpd leaves ${NAME} as it is.
	if len(words) == 2 && words[1].Text != "" {
		r.define(words[0].Text, words[1].Text, true, n.At)
		return
	}
	r.define(words[0].Text, "", false, n.At)
}

func undefineAction(r *reader, _ *input, _ *builder, n *Node, l line) {
	if words, ok := r.words(n, l, 1, 1); ok && r.variableName(n, l, words[0]) {
		r.undefine(words[0].Text)
	}
}

func (r *reader) variableName(n *Node, l line, w Word) bool {
	if !strings.Contains(w.Text, ":") {
		return true
	}
	r.refuse("DSP120", n.WordSpan(w), l, "${a:b} is a lookup in a rewrite map", "name %q of %s has a colon", w.Text, n.Name)
	return false
}

func loadModule(r *reader, _ *input, _ *builder, n *Node, l line) {
	if words, ok := r.words(n, l, 2, 2); ok {
		r.tree.load(words[0].Text)
	}
}

func serverRoot(r *reader, _ *input, _ *builder, n *Node, l line) {
	words, ok := r.words(n, l, 1, 1)
	if !ok {
		return
	}
	root := Absolute("/", words[0].Text)
	if root == r.tree.Root {
		return
	}
	if fi, err := r.opt.FS.Stat(root); err != nil || !fi.IsDir() {
		r.find(diag.Diagnostic{
			Rule: "DSP111", Severity: diag.Warning, Span: n.WordSpan(words[0]), Included: l.included,
			Message: "folder of ServerRoot " + words[0].Text + " is not known: relative paths are still taken from " + r.tree.Root,
			Why:     "httpd does not start where the folder is missing",
		})
		return
	}
	r.tree.Root = root
}
