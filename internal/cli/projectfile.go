package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

// projectFileName is the name of the file with a project's settings.
const projectFileName = ".dispcheck.yaml"

// A projectFile is what a .dispcheck.yaml says.
type projectFile struct {
	src    *source.File
	path   string // as it can be opened
	values map[string][]entry
	trees  map[string]*yamltext.Node // by key
}

// A settingsError holds all mistakes of a project file, so that they can be mended in one go.
type settingsError struct{ errs []*yamltext.Error }

func (e *settingsError) Error() string {
	var parts []string
	for _, one := range e.errs {
		parts = append(parts, one.Error())
	}
	return strings.Join(parts, "\n")
}

// findProjectFile looks for .dispcheck.yaml in a folder and those above it, up to the repository's root;
// outside of a repository up to the top. It returns "" where there is none.
func findProjectFile(dir string) (string, error) {
	for {
		path := filepath.Join(dir, projectFileName)
		info, err := os.Stat(path)
		switch {
		case err == nil && info.Mode().IsRegular():
			return path, nil
		case err == nil:
			return "", &fileError{display(path), errors.New("is no regular file")}
		case !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrPermission):
			return "", newFileError(display(path), err)
		}
		if _, lerr := os.Lstat(path); lerr == nil && errors.Is(err, os.ErrNotExist) {
			return "", &fileError{display(path), errors.New("is a link that leads nowhere")}
		}
		for _, root := range []string{".git", ".hg", ".svn"} {
			if _, err := os.Lstat(filepath.Join(dir, root)); err == nil {
				return "", nil
			}
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", nil
		}
		dir = up
	}
}

// loadProjectFile finds and reads the project file; nil where there is none.
func loadProjectFile() (*projectFile, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("finding the working directory: %w", err)
	}
	path, err := findProjectFile(dir)
	if path == "" || err != nil {
		return nil, err
	}
	return readProjectFile(path)
}

// extendsKey is the key of the files that a project file starts from.
const extendsKey = "extends"

// maxExtends bounds how many files a project file may start from, one from the other.
const maxExtends = 10

// readProjectFile reads a project file with those that it starts from.
func readProjectFile(path string) (*projectFile, error) { return readExtending(path, nil) }

// readExtending reads a project file that those of chain start from.
func readExtending(path string, chain []string) (*projectFile, error) {
	p, err := readOneProjectFile(path)
	if err != nil {
		return nil, err
	}
	chain = append(chain, absolute(path))
	var errs []*yamltext.Error
	for _, e := range slices.Backward(p.values[extendsKey]) {
		say := func(hint, format string, args ...any) {
			errs = append(errs, &yamltext.Error{Span: e.span, Message: fmt.Sprintf(format, args...), Hint: hint})
		}
		switch {
		case slices.Contains(chain, absolute(e.value)):
			say("remove one of the two", "%s: %s starts from this file", extendsKey, e.value)
			continue
		case len(chain) >= maxExtends:
			say("join some of them", "%s: %d files start one from the other", extendsKey, maxExtends)
			continue
		}
		base, err := readExtending(e.value, chain)
		var list *settingsError
		var one *yamltext.Error
		switch {
		case errors.As(err, &list):
			errs = append(errs, list.errs...)
		case errors.As(err, &one):
			errs = append(errs, one)
		case err != nil:
			say("", "%s: %v", extendsKey, err)
		default:
			p.startFrom(base)
		}
	}
	if len(errs) > 0 {
		return nil, &settingsError{errs}
	}
	return p, nil
}

// startFrom takes what the file itself does not say from another: single values and lists where it has none, and what
// is named, rule by rule or variable by variable, where it does not name it. Lists of mappings start with the other's.
func (p *projectFile) startFrom(base *projectFile) {
	for _, f := range settings() {
		here, there := p.values[f.key], base.values[f.key]
		switch {
		case f.key == extendsKey:
		case f.kind == tree:
			p.trees[f.key] = joined(base.trees[f.key], p.trees[f.key])
			if p.trees[f.key] == nil {
				delete(p.trees, f.key)
			}
		case f.kind == pairs && len(there) > 0:
			p.values[f.key] = slices.Concat(there, here) // the last one of a name counts
		case len(here) == 0 && len(there) > 0:
			p.values[f.key] = there
		}
	}
}

// joined returns two lists or two mappings as one. Of a key that both have the second's value is left.
func joined(a, b *yamltext.Node) *yamltext.Node {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	out := *b
	out.Items = slices.Concat(a.Items, b.Items)
	out.Entries = nil
	for _, e := range a.Entries {
		if other := b.Lookup(e.Key.Text); other == nil {
			out.Entries = append(out.Entries, e)
		} else if e.Value.Kind == yamltext.Mapping && other.Kind == yamltext.Mapping {
			out.Entries = append(out.Entries, yamltext.Entry{Key: e.Key, Value: joined(e.Value, other)})
		}
	}
	for _, e := range b.Entries {
		if v := a.Lookup(e.Key.Text); v == nil || v.Kind != yamltext.Mapping || e.Value.Kind != yamltext.Mapping {
			out.Entries = append(out.Entries, e)
		}
	}
	return &out
}

func readOneProjectFile(path string) (*projectFile, error) {
	text, err := readBounded(path, yamltext.MaxSize)
	if err != nil {
		return nil, err
	}
	src := source.NewFile(display(path), text)
	root, err := yamltext.Parse(src)
	if err != nil {
		return nil, err
	}
	p := &projectFile{src: src, path: path, values: map[string][]entry{}, trees: map[string]*yamltext.Node{}}
	var d settingsReader
	d.file = p
	d.groups = map[string]bool{}
	for _, f := range settings() {
		if f.key != "" {
			d.known = append(d.known, f)
			if group, _, ok := strings.Cut(f.key, "."); ok {
				d.groups[group] = true
			}
		}
	}
	switch root.Kind {
	case yamltext.Null:
	case yamltext.Mapping:
		d.mapping(root, "")
	default:
		d.fail(root.Errorf("write key: value lines", "the file holds %s, not settings", root.Kind))
	}
	if len(d.errs) > 0 {
		return nil, &settingsError{d.errs}
	}
	return p, nil
}

// formatGroup is the group whose keys may stand outside of it as well: indent says plainly enough what it is.
const formatGroup = "fmt."

// A settingsReader walks the tree of a project file.
type settingsReader struct {
	file   *projectFile
	known  []*flag
	groups map[string]bool
	errs   []*yamltext.Error
}

func (d *settingsReader) fail(e *yamltext.Error) { d.errs = append(d.errs, e) }

// mapping reads the keys of a mapping; group ends with a dot inside of one.
func (d *settingsReader) mapping(n *yamltext.Node, group string) {
	for _, e := range n.Entries {
		key := group + e.Key.Text
		if group == "" && d.groups[key] {
			switch e.Value.Kind {
			case yamltext.Mapping:
				d.mapping(e.Value, key+".")
			case yamltext.Null:
			default:
				d.fail(e.Value.Errorf("write its settings below it", "%s is %s, not a mapping", key, e.Value.Kind))
			}
			continue
		}
		i := slices.IndexFunc(d.known, func(f *flag) bool { return f.key == key || group == "" && f.key == formatGroup+key })
		if i < 0 {
			d.fail(e.Key.Errorf(d.suggest(e.Key.Text, group), "key %s is not known", key))
			continue
		}
		d.setting(d.known[i], e.Value)
	}
}

// suggest returns what a key that is not known may have meant.
func (d *settingsReader) suggest(word, group string) string {
	var here, elsewhere []string
	for g := range d.groups {
		if group == "" {
			here = append(here, g)
		}
	}
	for _, f := range d.known {
		rest, inside := strings.CutPrefix(f.key, group)
		switch {
		case inside && !strings.Contains(rest, "."):
			here = append(here, rest)
		case f.key == word || f.key[strings.LastIndex(f.key, ".")+1:] == word:
			elsewhere = append(elsewhere, f.key)
		}
	}
	slices.Sort(here)
	if len(elsewhere) > 0 {
		return "did you mean " + elsewhere[0] + "?"
	}
	return didYouMean(word, here, group, "known are "+strings.Join(here, ", "))
}

func (d *settingsReader) setting(f *flag, n *yamltext.Node) {
	switch {
	case n.Kind == yamltext.Null:
		d.fail(n.Errorf("give it one or remove the key", "%s has no value", f.key))
	case f.kind == tree:
		d.file.trees[f.key] = n
		d.errs = append(d.errs, f.checkTree(n)...)
	case f.kind == pairs:
		d.pairs(f, n)
	case f.kind == list && n.Kind == yamltext.List:
		if len(n.Items) == 0 {
			d.fail(n.Errorf("give it one or remove the key", "%s has no value", f.key))
		}
		for _, it := range n.Items {
			d.value(f, it)
		}
	default:
		d.value(f, n)
	}
}

// value reads one plain value.
func (d *settingsReader) value(f *flag, n *yamltext.Node) {
	switch {
	case !n.IsScalar() || n.Kind == yamltext.Null:
		d.fail(n.Errorf("", "%s is %s, not %s", f.key, n.Kind, f.wanted()))
		return
	case f.kind == boolean && n.Kind != yamltext.Bool:
		d.fail(n.Errorf("", "%s is %q, not true or false", f.key, n.Text))
		return
	case f.kind != boolean && n.Kind == yamltext.Bool:
		d.fail(n.Errorf("put it in quotes if it is meant as a word", "%s is %s, not %s", f.key, n.Text, f.wanted()))
		return
	}
	plain, err := f.one(n.Text)
	if err != nil {
		d.fail(n.Errorf("", "%s: %v", f.key, err))
		return
	}
	if f.path {
		plain = d.file.resolve(plain)
	}
	d.file.values[f.key] = append(d.file.values[f.key], entry{value: plain, layer: fromFile, span: n.Span})
}

// pairs reads a mapping of names to values.
func (d *settingsReader) pairs(f *flag, n *yamltext.Node) {
	if n.Kind != yamltext.Mapping {
		d.fail(n.Errorf("write NAME: value lines below it", "%s is %s, not a mapping", f.key, n.Kind))
		return
	}
	for _, e := range n.Entries {
		if err := f.checkName(e.Key.Text); err != nil {
			d.fail(e.Key.Errorf("", "%s: %v", f.key, err))
			continue
		}
		switch {
		case e.Value.Kind == yamltext.Null:
			d.fail(e.Value.Errorf(`write "" for an empty one`, "%s.%s has no value", f.key, e.Key.Text))
		case !e.Value.IsScalar():
			d.fail(e.Value.Errorf("", "%s.%s is %s, not a text", f.key, e.Key.Text, e.Value.Kind))
		default:
			if f.check != nil {
				if err := f.check(e.Key.Text + "=" + e.Value.Text); err != nil {
					d.fail(e.Value.Errorf("", "%s: %v", f.key, err))
					continue
				}
			}
			d.file.values[f.key] = append(d.file.values[f.key], entry{value: e.Key.Text + "=" + e.Value.Text, layer: fromFile, span: e.Value.Span})
		}
	}
}

// resolve turns a path of the project file, which is seen from its folder, into one seen from the working
// directory. Names of embedded projects are no paths.
func (p *projectFile) resolve(path string) string {
	if strings.HasPrefix(path, "example:") || filepath.IsAbs(path) {
		return path
	}
	return display(filepath.Join(filepath.Dir(p.path), filepath.FromSlash(path)))
}

// wanted says what a value has to be, to fit behind "not".
func (f *flag) wanted() string {
	switch f.kind {
	case boolean:
		return "true or false"
	case number:
		return "a number"
	case choice:
		return "one of " + strings.Join(f.values, ", ")
	case list:
		return "a text or a list of texts"
	}
	return "a text"
}
