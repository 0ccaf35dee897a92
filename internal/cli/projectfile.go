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

func readProjectFile(path string) (*projectFile, error) {
	text, err := readBounded(path, yamltext.MaxSize)
	if err != nil {
		return nil, err
	}
	src := source.NewFile(display(path), text)
	root, err := yamltext.Parse(src)
	if err != nil {
		return nil, err
	}
	p := &projectFile{src: src, path: path, values: map[string][]entry{}}
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
	case f.kind == pairs:
		d.variables(f, n)
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

// variables reads a mapping of names to values.
func (d *settingsReader) variables(f *flag, n *yamltext.Node) {
	if n.Kind != yamltext.Mapping {
		d.fail(n.Errorf("write NAME: value lines below it", "%s is %s, not a mapping", f.key, n.Kind))
		return
	}
	for _, e := range n.Entries {
		switch {
		case !isVariableName(e.Key.Text):
			d.fail(e.Key.Errorf("letters, digits and _ make one", "%s: %q is no name of a variable", f.key, e.Key.Text))
		case e.Value.Kind == yamltext.Null:
			d.fail(e.Value.Errorf(`write "" for an empty one`, "%s.%s has no value", f.key, e.Key.Text))
		case !e.Value.IsScalar():
			d.fail(e.Value.Errorf("", "%s.%s is %s, not a text", f.key, e.Key.Text, e.Value.Kind))
		default:
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
