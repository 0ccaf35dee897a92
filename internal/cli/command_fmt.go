package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/source"
)

func fmtCommand() *command {
	return &command{
		name:  "fmt",
		usage: "lay .any and .farm files out in the one canonical format",
		args:  "[PATH…|-]",
		about: "Lists the files that are not formatted; with -w it rewrites them. Folders are searched for .any and .farm files, " +
			"without an argument the configuration that --config names, or the working directory. - formats standard input to standard output. " +
			"Only white space changes. A file with a mistake is formatted around it where that loses nothing. Files that a Cloud Service project " +
			"must not change are left out, unless --profile says that it is none. .editorconfig is followed where the settings say nothing.",
		flags: []*flag{
			{name: "write", short: "w", kind: boolean, meaning: "rewrite the files"},
			{name: "check", kind: boolean, meaning: "print the names of files that would change, for CI"},
			{name: "diff", short: "d", kind: boolean, meaning: "print what would change as a diff"},
			{name: "list", short: "l", kind: boolean, meaning: "print the names of files that would change, or with -w that did"},
			{name: "stdin-filepath", arg: "PATH", completeFrom: completeFiles, meaning: "name that standard input goes by, for messages and .editorconfig"},
		},
		formats: []string{"text", "json"},
		maxArgs: -1, completeFrom: completeFiles,
		exits: []exit{
			{exitClean, "every file is formatted, or was rewritten by -w; - was printed"},
			{exitFindings, "a file is not formatted, or has a mistake in its notation"},
			{exitUnusable, "a file cannot be read or written, or wrong usage"},
		},
		example: example{"dispcheck fmt --check dispatcher/src", "in CI"},
		run:     runFmt,
	}
}

func runFmt(ctx context.Context, in *invocation) error {
	write, diff := in.yes("write"), in.yes("diff")
	switch {
	case write && in.yes("check"):
		return usagef("--check only looks; leave one out", "--write and --check exclude each other")
	case slices.Contains(in.args, "-"):
		if len(in.args) > 1 {
			return usagef("format standard input by itself", "- stands beside other arguments")
		}
		if write {
			return usagef("leave --write out; the result goes to standard output", "--write has no file to write for -")
		}
		return formatStdin(ctx, in)
	case in.text("stdin-filepath") != "" && in.layer("stdin-filepath") == fromFlag:
		return usagef("add -", "--stdin-filepath names standard input, which is not read")
	}
	files, unusable, err := filesToFormat(ctx, in)
	if err != nil {
		return err
	}
	f := formatter{in: in}
	var results []formatted
	changed, mistakes, written := 0, false, 0
	bar := in.progress(len(files), "files")
	defer bar.clear()
	for i, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		bar.done(i)
		r, err := f.file(ctx, file, write)
		var internal *internalError
		switch {
		case errors.As(err, &internal) || ctx.Err() != nil:
			return err
		case err != nil:
			in.complain(err)
			unusable = true
			continue
		}
		if r.Changed {
			changed++
		}
		if r.Written {
			written++
		}
		mistakes = mistakes || len(r.Findings) > 0
		if !diff {
			r.before, r.after = nil, nil
		}
		results = append(results, r)
	}
	bar.clear()
	err = in.emit(func(o *output) error { return writeFormatted(o, in, results, !write || in.yes("list"), diff) })
	if err != nil {
		return err
	}
	switch {
	case len(files) == 0 && !unusable:
		in.remark("dispcheck fmt: no .any or .farm file found")
	case write && written > 0:
		in.remark("dispcheck fmt: %d of %s rewritten", written, count(len(files), "file"))
	case !write && changed > 0:
		in.remark("dispcheck fmt: %d of %s not formatted; dispcheck fmt -w formats", changed, count(len(files), "file"))
	}
	switch {
	case unusable:
		return errUnusable
	case mistakes, changed > 0 && !write:
		return errFindings
	}
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// formatStdin formats standard input. What comes out is never less than what came in: a text that cannot
// be formatted is printed as it is, so that an editor that replaces its buffer loses nothing.
func formatStdin(ctx context.Context, in *invocation) error {
	name := stdinName
	path := filepath.Join(".", "stdin.any") // for .editorconfig
	if n := in.text("stdin-filepath"); n != "" {
		name, path = display(n), n
		if err := refuseApache(path); err != nil {
			return err
		}
	}
	src, err := in.readConfigFile(ctx, "-", name)
	if err != nil {
		return err
	}
	f := formatter{in: in}
	r, err := f.text(src, path)
	if err != nil {
		return err
	}
	names, diff := in.yes("check") || in.yes("list"), in.yes("diff")
	err = in.emit(func(o *output) error {
		if names || diff || o.format != "text" {
			return writeFormatted(o, in, []formatted{r}, names, diff)
		}
		_, err := o.Write(r.after)
		return err
	})
	if err != nil {
		return err
	}
	if len(r.Findings) > 0 || r.Changed && (names || diff) {
		return errFindings
	}
	return nil
}

// A fileToFormat is one file that fmt looks at.
type fileToFormat struct {
	path string
	name string // as it is shown
}

// A formatted is what became of one file.
type formatted struct {
	File     string           `json:"file"`
	Changed  bool             `json:"changed"` // or would be
	Written  bool             `json:"written"`
	Findings []report.Finding `json:"findings"`

	before, after []byte
}

// A formatter formats files with the options that settings and .editorconfig give each.
type formatter struct {
	in      *invocation
	editors editorConfigs
	// keeps says whether a file means the same before and after; nil is keepsMeaning.
	keeps func(before *grammar.File, after []byte) error
}

// file formats one file and rewrites it if write is set and it changes.
func (f *formatter) file(ctx context.Context, file fileToFormat, write bool) (formatted, error) {
	info, err := os.Stat(file.path)
	if err != nil {
		return formatted{}, newFileError(file.name, err)
	}
	src, err := f.in.readConfigFile(ctx, file.path, file.name)
	if err != nil {
		return formatted{}, err
	}
	r, err := f.text(src, file.path)
	if err != nil || !r.Changed || !write {
		return r, err
	}
	if err := f.in.rewrite(file.path, whole(r.after), info); err != nil {
		return r, err
	}
	r.Written = true
	return r, nil
}

// text formats one text that stands, or would stand, at path.
func (f *formatter) text(src *source.File, path string) (formatted, error) {
	tree := grammar.Parse(src)
	if tree.Exceeded != nil {
		return formatted{}, tree.Exceeded
	}
	r := formatted{File: f.in.name(src.Name), Findings: []report.Finding{}, before: src.Text, after: src.Text}
	var mistakes []diag.Diagnostic
	for _, d := range grammar.Check(tree) {
		if d.Severity == diag.Error {
			mistakes = append(mistakes, d)
			r.Findings = append(r.Findings, report.NewFinding(&d, f.in.text("path-prefix")))
		}
	}
	if err := f.in.printer().Compact(f.in.stderr, mistakes); err != nil {
		return r, err
	}
	after, ok := grammar.Format(tree, f.options(path))
	if slices.ContainsFunc(mistakes, func(d diag.Diagnostic) bool { return d.Rule == ruleFlattenedLink }) {
		ok = false // the file's text is the link's target, and a line end more would be another target
	}
	if !ok {
		if len(mistakes) == 0 {
			f.in.remark("%s: left as it is", r.File)
		}
		return r, nil
	}
	if bytes.Equal(after, src.Text) {
		return r, nil
	}
	keeps := f.keeps
	if keeps == nil {
		keeps = keepsMeaning
	}
	if err := keeps(tree, after); err != nil {
		return r, err
	}
	r.Changed, r.after = true, after
	return r, nil
}

// ruleFlattenedLink is the rule for what git makes of a symbolic link where the system has none: a file
// that holds the target's name.
const ruleFlattenedLink = "DSP116"

// keepsMeaning refuses a formatting that changes more than white space, or after which the text is read as another
// tree. What a configuration expands to follows from the trees of its files, so that it stays the same as well.
func keepsMeaning(before *grammar.File, after []byte) error {
	if !grammar.SameButSpace(before.Src.Text, after) {
		return &internalError{fmt.Errorf("formatting %s would change more than white space; the file is left as it is", before.Src.Name)}
	}
	read := grammar.Parse(source.NewFile(before.Src.Name, after))
	if read.Exceeded != nil || !sameItems(before.Items, read.Items) {
		return &internalError{fmt.Errorf("formatting %s would change how it is read; the file is left as it is", before.Src.Name)}
	}
	return nil
}

// sameItems reports whether two trees hold the same items, whatever their places and comments.
func sameItems(a, b []grammar.Item) bool { return slices.EqualFunc(a, b, sameItem) }

func sameItem(a, b grammar.Item) bool {
	switch a := a.(type) {
	case *grammar.Property:
		b, ok := b.(*grammar.Property)
		return ok && a.Name.Text() == b.Name.Text() && sameValue(a.Value, b.Value) && sameBlock(a.Block, b.Block)
	case *grammar.IncludeItem:
		b, ok := b.(*grammar.IncludeItem)
		return ok && a.Keyword.Text() == b.Keyword.Text() && sameValue(a.Path, b.Path)
	case *grammar.Block:
		b, ok := b.(*grammar.Block)
		return ok && sameBlock(a, b)
	case *grammar.Value:
		b, ok := b.(*grammar.Value)
		return ok && sameValue(a, b)
	case *grammar.Stray:
		_, ok := b.(*grammar.Stray)
		return ok
	}
	return false
}

func sameValue(a, b *grammar.Value) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Quote == b.Quote && a.Broken == b.Broken && a.Raw() == b.Raw()
}

func sameBlock(a, b *grammar.Block) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Close.IsZero() == b.Close.IsZero() && sameItems(a.Items, b.Items)
}

// options returns how a file is formatted: as the settings say, else as .editorconfig does.
func (f *formatter) options(path string) grammar.FormatOptions {
	indent, eol := f.in.text("indent"), f.in.text("eol")
	if !f.in.given("indent") || !f.in.given("eol") {
		style := f.editors.style(path)
		if style.indent != "" && !f.in.given("indent") {
			indent = style.indent
		}
		if style.eol != "" && !f.in.given("eol") {
			eol = style.eol
		}
	}
	o := grammar.FormatOptions{Indent: "\t", Width: f.in.number("width"), KeepEOL: eol == "keep"}
	if indent != "tab" {
		n, _ := strconv.Atoi(indent) // which checkIndent and .editorconfig's reader have checked
		o.Indent = strings.Repeat(" ", n)
	}
	return o
}

// writeFormatted prints what became of the files.
func writeFormatted(o *output, in *invocation, results []formatted, names, diff bool) error {
	if o.format == "json" {
		if results == nil {
			results = []formatted{}
		}
		changed := 0
		for _, r := range results {
			if r.Changed {
				changed++
			}
		}
		type summary struct {
			Files   int `json:"files"`
			Changed int `json:"changed"`
		}
		return report.JSON(o, struct {
			Schema  string      `json:"schema"`
			Summary summary     `json:"summary"`
			Files   []formatted `json:"files"`
		}{"dispcheck.fmt/v1", summary{len(results), changed}, results})
	}
	for _, r := range results {
		if !r.Changed {
			continue
		}
		if names && !diff || diff && in.yes("list") {
			name := r.File // as it is, for xargs
			if isTerminal(o.Writer) {
				name = report.Line(name)
			}
			if _, err := fmt.Fprintln(o, name); err != nil {
				return err
			}
		}
		if diff {
			if err := o.Diff(o, r.File, r.File+" (formatted)", r.before, r.after); err != nil {
				return err
			}
		}
	}
	return nil
}

// skippedFolders are never searched.
var skippedFolders = []string{".git", ".hg", ".svn", "node_modules", "target"}

func isConfigName(name string) bool {
	ext := filepath.Ext(name)
	return ext == ".any" || ext == ".farm"
}

// refuseApache refuses files in Apache's notation, which are not what is formatted here.
func refuseApache(path string) error {
	if ext := filepath.Ext(path); slices.Contains([]string{".conf", ".vhost", ".rules", ".vars"}, ext) {
		return &fileError{display(path), errors.New("is in Apache's notation; fmt formats .any and .farm files")}
	}
	return nil
}

// A search collects the files to format: each once, whatever paths and links lead to it.
type search struct {
	in       *invocation
	files    []fileToFormat
	seen     map[string]bool // by the path without links
	roots    []string        // the folders asked for, without links
	links    []string
	unusable bool
}

// filesToFormat finds the files that the arguments name, in their order. unusable says that some path
// could not be looked at, which has been said.
func filesToFormat(ctx context.Context, in *invocation) (files []fileToFormat, unusable bool, err error) {
	args := in.args
	if len(args) == 0 {
		args = []string{"."}
		if c := in.text("config"); c != "" {
			if strings.HasPrefix(c, "example:") {
				return nil, false, usagef("name a file or a folder", "--config: %s is part of the program and has no files to format", c)
			}
			args = []string{c}
		}
	}
	s := search{in: in, seen: map[string]bool{}}
	for _, arg := range args {
		if err := s.argument(ctx, arg); err != nil {
			return nil, false, err
		}
	}
	for _, link := range s.links {
		s.link(link)
	}
	return s.files, s.unusable, nil
}

func (s *search) fail(path string, err error) {
	s.in.complain(newFileError(display(path), err))
	s.unusable = true
}

func (s *search) argument(ctx context.Context, arg string) error {
	info, err := os.Stat(arg)
	if err != nil {
		s.fail(arg, err)
		return nil
	}
	real, err := filepath.EvalSymlinks(arg)
	if err != nil {
		s.fail(arg, err)
		return nil
	}
	if !info.IsDir() {
		if err := refuseApache(arg); err != nil {
			s.in.complain(err)
			s.unusable = true
			return nil
		}
		s.add(arg, real, true)
		return nil
	}
	s.roots = append(s.roots, absolute(real))
	root := arg
	if l, err := os.Lstat(arg); err == nil && l.Mode()&fs.ModeSymlink != 0 {
		root = real // WalkDir does not follow its root
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if cerr := ctx.Err(); cerr != nil {
			return cerr
		}
		if err != nil {
			s.fail(path, err)
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case d.IsDir():
			if path != root && slices.Contains(skippedFolders, d.Name()) {
				return fs.SkipDir
			}
		case !isConfigName(d.Name()):
		case d.Type()&fs.ModeSymlink != 0:
			s.links = append(s.links, path)
		case d.Type().IsRegular():
			real, err := filepath.EvalSymlinks(path)
			if err != nil {
				s.fail(path, err)
				return nil
			}
			s.add(path, real, false)
		}
		return nil
	})
}

// link looks at a link that was found in a folder. Its target is formatted through it only where it lies
// in a folder that was asked for and was not found by itself.
func (s *search) link(path string) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		s.in.detail("%s: link leads nowhere, passed over", display(path))
		return
	}
	abs := absolute(real)
	inside := slices.ContainsFunc(s.roots, func(root string) bool {
		rel, err := filepath.Rel(root, abs)
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	})
	info, err := os.Stat(real)
	switch {
	case !inside:
		s.in.detail("%s: link leads out of the folders asked for, passed over", display(path))
	case err != nil || !info.Mode().IsRegular():
		s.in.detail("%s: link leads to no regular file, passed over", display(path))
	default:
		s.add(path, real, false)
	}
}

func (s *search) add(path, real string, asked bool) {
	real = absolute(real)
	if s.seen[real] {
		return
	}
	if !asked && s.immutable(real) {
		s.in.detail("%s: left as it is: a Cloud Service project must not change it; name the file to format it all the same", s.in.name(display(path)))
		return
	}
	s.seen[real] = true
	s.files = append(s.files, fileToFormat{path, display(path)})
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// immutable reports whether a file must not be changed under the profile in force.
func (s *search) immutable(path string) bool {
	if p := s.in.text("profile"); p != "" && p != "cloud" {
		return false
	}
	path = filepath.ToSlash(path)
	for _, f := range project.ImmutableFiles() {
		if root, ok := strings.CutSuffix(path, "/"+f); ok {
			info, err := os.Stat(root + "/conf.d") // the other half of the layout
			return err == nil && info.IsDir()
		}
	}
	return false
}
