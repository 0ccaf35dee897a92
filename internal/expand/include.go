package expand

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/source"
)

// include returns the items that stand in for an $include. done is false where nothing can be put in:
// the statement is then left where it is.
func (e *expander) include(in *frame, inc *grammar.IncludeItem) (items []grammar.Item, done bool) {
	if inc.Path == nil {
		return nil, false // grammar.Check says so
	}
	v := grammar.Value{At: inc.Path.At, Quote: inc.Path.Quote, Broken: inc.Path.Broken}
	e.variables(in, &v)
	stmt := statement{
		frame: in, item: inc, path: v.Text(),
		at: inc.Path.Inner(), verbatim: v.Expanded == nil,
	}
	if stmt.at.Len() == 0 {
		stmt.at = inc.Path.At
	}
	if len(e.tree.Includes) >= 10*MaxFiles {
		e.stop(in, inc.Span(), "do files include each other over and over?", "the configuration follows more than %d $include lines", 10*MaxFiles)
		return nil, false
	}
	rec := len(e.tree.Includes)
	e.tree.Includes = append(e.tree.Includes, Include{Span: inc.Span(), Included: in.origin.Included, Pattern: stmt.path})
	if v.Expanded != nil && slices.ContainsFunc(v.Expanded.Uses, func(u grammar.Use) bool { return !u.Defined }) {
		// The finding is there already: the variable is at fault, not the path.
		e.refuse(in, &Error{Rule: ruleUndefined, Span: stmt.at, Message: fmt.Sprintf("include %q: its variables are not all defined", stmt.path)})
		return nil, false
	}
	names, ok := e.resolve(&stmt)
	e.tree.Includes[rec].Wildcard = stmt.wildcard
	if !ok {
		return nil, false
	}
	for _, name := range names {
		if e.stopped {
			break
		}
		put, ok := e.put(&stmt, name)
		if !ok {
			continue
		}
		e.tree.Includes[rec].Files = append(e.tree.Includes[rec].Files, name)
		if len(names) == 1 {
			return put, true
		}
		items = append(items, put...)
	}
	return items, len(items) > 0 || stmt.wildcard || len(e.tree.Includes[rec].Files) > 0
}

// A statement is one $include while it is followed.
type statement struct {
	frame    *frame
	item     *grammar.IncludeItem
	path     string      // with variables put in
	at       source.Span // the path, without its quotes
	verbatim bool        // no variable was put in: the path can be edited where it stands
	wildcard bool
}

// resolve finds the names in FS that a statement includes.
func (e *expander) resolve(s *statement) (names []string, ok bool) {
	in := s.frame
	if s.path == "" {
		e.fail(in, e.say(in, ruleNotFound, diag.Error, s.at, "name the file to include", "include path is empty"))
		return nil, false
	}
	p := s.path
	if strings.Contains(p, `\`) {
		p = strings.ReplaceAll(p, `\`, "/")
		d := e.say(in, ruleBackslash, diag.Error, s.at, "write / between folders", "include path %s has backslashes", s.quoted())
		e.offer(s, d, p, true)
	}
	s.wildcard = strings.ContainsAny(p, wildcards)
	name, known := "", 0
	if isAbsolute(p) {
		if e.o.Map != nil {
			name, ok = e.o.Map(path.Clean(p))
		}
		if !ok || !ValidName(name) {
			e.fail(in, e.say(in, ruleOutside, diag.Error, s.at, "write a path relative to this file", "include %s leads out of the project", s.quoted()))
			return nil, false
		}
	} else {
		name = path.Join(in.dir, p)
		if name == ".." || strings.HasPrefix(name, "../") {
			e.fail(in, e.say(in, ruleOutside, diag.Error, s.at, "keep included files below "+e.o.Show("."), "include %s leads out of the project", s.quoted()))
			return nil, false
		}
		known = common(in.dir, name)
	}
	if s.wildcard {
		return e.wildcard(s, name, known, p)
	}
	return e.single(s, name, known, p)
}

// wildcard resolves a path with wildcards. No match is no mistake here: AMS ships empty folders to drop
// files into.
func (e *expander) wildcard(s *statement, name string, known int, p string) (names []string, ok bool) {
	in := s.frame
	fixed := fixedPart(name)
	found := e.search(fixed, min(known, strings.Count(fixed, "/")+1))
	switch {
	case found.found && found.folded:
		e.caseDiffers(s, fixed, found)
		name = path.Join(found.name, strings.TrimPrefix(name[len(fixed):], "/"))
	case !found.found && !isAbsolute(p):
		for _, dir := range e.o.Fallback {
			other := path.Join(dir, p)
			if other == name || !ValidName(other) || !e.search(fixedPart(other), 0).found {
				continue
			}
			e.elsewhere(s, other)
			name = other
			break
		}
	}
	names, ok = e.glob(name)
	if !ok {
		e.fail(in, e.say(in, ruleNotFound, diag.Error, s.at, "close the [ or write the name without it", "include %s is a malformed wildcard", s.quoted()))
		return nil, false
	}
	if e.matches > maxMatches || len(names) > MaxFiles {
		e.stop(in, s.at, "", "include %s looks at more than %d names", s.quoted(), min(maxMatches, MaxFiles))
		return nil, false
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		if name != in.name && name != in.link || name == "" {
			return false
		}
		e.say(in, ruleCycle, diag.Info, s.at, "name the files, or move them into a folder of their own", "include %s matches the file that it stands in, which is left out", s.quoted())
		return true
	})
	return names, true
}

// fixedPart returns the folders that stand before the first wildcard of a name.
func fixedPart(name string) string {
	i := strings.IndexAny(name, wildcards)
	if i < 0 {
		return name
	}
	return path.Dir(name[:i] + "x")
}

// single resolves a path without wildcards.
func (e *expander) single(s *statement, name string, known int, p string) (names []string, ok bool) {
	in := s.frame
	found := e.search(name, known)
	if (!found.found || found.folded) && !isAbsolute(p) {
		for _, dir := range e.o.Fallback {
			other := path.Join(dir, p)
			if other == name || !ValidName(other) {
				continue
			}
			if f := e.search(other, 0); f.found && !f.folded {
				e.elsewhere(s, other)
				name, found = other, f
				break
			}
		}
	}
	switch {
	case !found.found && e.o.Provided != nil && e.o.Provided(name):
		e.say(in, ruleProvidedFile, diag.Warning, s.at, "copy it from the SDK to take it into account", "include %s: %s is not in the project", s.quoted(), e.o.Show(name))
		return nil, false
	case !found.found:
		e.missing(s, name, found)
		return nil, false
	case found.folded:
		// Linux would not find it. What the author meant is plain, so the rest can be looked at.
		e.fail(in, e.caseDiffers(s, name, found))
	}
	name = found.name
	if found.entry == nil || !found.entry.Type().IsRegular() {
		info, err := fs.Stat(e.o.FS, name)
		switch {
		case err != nil && found.entry != nil && found.entry.Type()&fs.ModeSymlink != 0:
			e.brokenLink(s, name)
			return nil, false
		case err == nil && info.IsDir():
			e.isAFolder(s, name)
			return nil, false
		}
	}
	return []string{name}, true
}

func (e *expander) elsewhere(s *statement, name string) {
	e.say(s.frame, ruleNotFound, diag.Info, s.at, "write a path relative to this file", "include %s is not beside this file: %s is read", s.quoted(), e.o.Show(name))
}

func (e *expander) caseDiffers(s *statement, name string, found search) *diag.Diagnostic {
	// As many parts at the end of the path as there are in the name, in the case in which they are there.
	is, was := strings.Split(found.name, "/"), strings.Split(name, "/")
	parts := strings.Split(strings.ReplaceAll(s.path, `\`, "/"), "/")
	for i := 1; i <= len(parts) && i <= len(was); i++ {
		if k := len(parts) - i; parts[k] == was[len(was)-i] {
			parts[k] = is[len(is)-i]
		}
	}
	right := strings.Join(parts, "/")
	if s.wildcard { // name is the part before the wildcard
		right = s.path
		for i := range min(len(is), len(was)) {
			if is[i] != was[i] {
				right = strings.Replace(right, was[i], is[i], 1)
			}
		}
	}
	d := e.say(s.frame, ruleCase, diag.Error, s.at, "write "+right, "include %s differs in letter case from %s", s.quoted(), e.o.Show(found.name))
	e.offer(s, d, right, true)
	return d
}

func (e *expander) brokenLink(s *statement, name string) {
	e.fail(s.frame, e.say(s.frame, ruleBrokenLink, diag.Error, s.at, "point the link at a file that is there", "include %s: %s is a link to nothing", s.quoted(), e.o.Show(name)))
}

func (e *expander) isAFolder(s *statement, name string) {
	all := strings.TrimRight(strings.ReplaceAll(s.path, `\`, "/"), "/") + "/*.any"
	f := e.folder(name)
	if !slices.ContainsFunc(f.names, func(n string) bool { return strings.HasSuffix(n, ".any") }) &&
		slices.ContainsFunc(f.names, func(n string) bool { return strings.HasSuffix(n, ".farm") }) {
		all = strings.TrimSuffix(all, "any") + "farm"
	}
	// A file that lies in the folder would include itself.
	itself := s.frame.name != "" && path.Dir(s.frame.name) == name && path.Ext(s.frame.name) == path.Ext(all)
	hint := "write " + all
	if itself {
		hint = "name the files that are meant"
	}
	d := e.say(s.frame, ruleFolder, diag.Error, s.at, hint, "include %s is a folder", s.quoted())
	if !itself {
		e.offer(s, d, all, false)
	}
	e.fail(s.frame, d)
}

// missing speaks of a file that is not there.
func (e *expander) missing(s *statement, name string, found search) {
	in := s.frame
	if s.item.Path.Broken {
		return // grammar.Check says that the string is not closed: who knows where the path ends
	}
	parts := strings.Split(name, "/")
	last := found.at == len(parts)-1
	what := "there is no " + e.o.Show(name)
	if !last {
		what = "there is no folder " + e.o.Show(path.Join(found.in, found.missing))
	}
	hint := "add the file, or remove the line"
	f := e.folder(found.in)
	near := ""
	if last {
		for _, ending := range []string{".any", ".farm"} {
			if f.entry(found.missing+ending) != nil {
				near = found.missing + ending
				break
			}
		}
	}
	if near == "" {
		var names []string
		for _, d := range f.entries {
			isFolder := d.IsDir() || d.Type()&fs.ModeSymlink != 0 && !last
			if isFolder != last && path.Join(found.in, d.Name()) != in.name {
				names = append(names, d.Name())
			}
		}
		near = nearestFile(found.missing, names)
	}
	right := ""
	if near != "" {
		parts[found.at] = near
		if e.search(strings.Join(parts, "/"), found.at).found {
			right = s.reach(in.dir, strings.Join(parts, "/"))
			hint = fmt.Sprintf("did you mean %q?", right)
		}
	}
	d := e.say(in, ruleNotFound, diag.Error, s.at, hint, "include %s names no file: %s", s.quoted(), what)
	if right != "" {
		e.offer(s, d, right, false)
	}
	e.fail(in, d)
}

// reach writes a path from the folder dir to name, in the manner of the statement.
func (s *statement) reach(dir, name string) string {
	if isAbsolute(s.path) {
		// The same number of parts at the end stand for the same names.
		parts, to := strings.Split(s.path, "/"), strings.Split(name, "/")
		for i := 1; i < len(parts) && i <= len(to); i++ {
			parts[len(parts)-i] = to[len(to)-i]
		}
		return strings.Join(parts, "/")
	}
	n := common(dir, name)
	var b strings.Builder
	up := 0
	if dir != "." {
		up = strings.Count(dir, "/") + 1 - n
	}
	if up == 0 && strings.HasPrefix(s.path, "./") {
		b.WriteString("./")
	}
	b.WriteString(strings.Repeat("../", up))
	b.WriteString(strings.Join(strings.Split(name, "/")[n:], "/"))
	return b.String()
}

// quoted returns the path as people wrote it.
func (s *statement) quoted() string {
	if s.verbatim && s.at.Len() > 0 {
		return s.item.Path.Raw()
	}
	return fmt.Sprintf("%q", s.path)
}

// offer adds a fix that writes another path.
func (e *expander) offer(s *statement, d *diag.Diagnostic, path string, safe bool) {
	if !s.verbatim || s.item.Path.Quote == 0 || s.item.Path.Broken || strings.ContainsAny(path, "\\\"'\n") {
		return
	}
	d.Fixes = append(d.Fixes, diag.Fix{Title: "write " + path, Safe: safe, Edits: []diag.Edit{{Span: s.item.Path.Inner(), New: path}}})
}

// isAbsolute reports whether a path with / between its parts starts at the root of a file system.
func isAbsolute(p string) bool {
	if strings.HasPrefix(p, "/") {
		return true
	}
	return len(p) > 2 && p[1] == ':' && p[2] == '/' && (p[0]|0x20) >= 'a' && (p[0]|0x20) <= 'z'
}

// put returns the items of one included file.
func (e *expander) put(s *statement, name string) (items []grammar.Item, ok bool) {
	in := s.frame
	for f := in; f != nil; f = f.parent {
		if f.name == name || f.link == name && name != "" {
			e.cycle(s, f)
			return nil, false
		}
	}
	if in.depth == MaxIncludeDepth {
		e.refuse(in, &Error{Span: s.at, Message: fmt.Sprintf("include %s: files include each other more than %d deep", s.quoted(), MaxIncludeDepth), Hint: "what it names is not read; does a link lead back to its own folder?"})
		return nil, false
	}
	if e.opened++; e.opened > MaxFiles {
		e.stop(in, s.at, "do files include each other over and over?", "the configuration includes more than %d files", MaxFiles)
		return nil, false
	}
	chain := append(slices.Clip(in.origin.Included), s.item.Span())
	file, err := e.read(name, chain)
	if err != nil {
		if err.broken {
			e.brokenLink(s, name)
			return nil, false
		}
		e.refuse(in, &Error{Span: s.at, Message: fmt.Sprintf("include %s: %s", s.quoted(), err.Message), Hint: err.Hint, Cause: err.Cause})
		return nil, false
	}
	next := &frame{parent: in, depth: in.depth + 1, name: name, dir: path.Dir(name), origin: &grammar.Origin{Included: chain}}
	file = e.follow(next, file, s.at)
	return e.list(next, file.Items), true
}

// cycle speaks of a file that is included while it is being included; again is where it is the first
// time. The same cycle is told once, from wherever it is entered.
func (e *expander) cycle(s *statement, again *frame) {
	in := s.frame
	var links []source.Span
	var files []string
	for f := in; ; f = f.parent {
		files = append(files, f.name)
		if f == again {
			break
		}
		links = append(links, f.origin.Included[len(f.origin.Included)-1])
	}
	slices.Reverse(links)
	links = append(links, s.item.Span())
	slices.Sort(files)
	key := strings.Join(files, "\x00")
	if _, ok := e.cycles[key]; ok {
		return
	}
	e.cycles[key] = struct{}{}
	var b strings.Builder
	for _, l := range links {
		fmt.Fprintf(&b, "%s:%d → ", l.File.Name, l.Position().Line)
	}
	b.WriteString(links[0].File.Name)
	d := e.say(in, ruleCycle, diag.Error, s.at, "remove one of these lines", "include cycle: %s", b.String())
	for _, l := range links[:len(links)-1] {
		d.Related = append(d.Related, diag.Related{Span: l, Message: "includes the next"})
	}
	e.fail(in, d)
}

// follow reads on in the file that a flattened link names: a file whose whole text is a path, which is
// what version control writes for a symbolic link where those are switched off. The link stands for the
// file, so paths in it start from the link's folder, as with a real link.
func (e *expander) follow(in *frame, file *grammar.File, at source.Span) *grammar.File {
	for range MaxIncludeDepth {
		if len(file.Items) != 1 || file.Last != nil {
			return file
		}
		v, ok := file.Items[0].(*grammar.Value)
		if !ok || v.Quote != 0 || v.Broken || len(v.Lead) > 0 || v.Tail != nil {
			return file
		}
		target := path.Join(path.Dir(in.name), v.Raw())
		if !ValidName(target) || target == in.name || target == in.link || !strings.Contains(v.Raw(), "/") && path.Ext(target) != path.Ext(in.name) {
			return file
		}
		found := e.search(target, 0)
		if !found.found || found.folded || found.entry != nil && found.entry.IsDir() {
			return file
		}
		for f := in.parent; f != nil; f = f.parent {
			if f.name == target {
				return file // the link stands in its own target's way; its text is all there is
			}
		}
		chain := append(slices.Clip(in.origin.Included), v.At)
		next, err := e.read(target, chain)
		if err != nil {
			return file
		}
		d := e.say(in, ruleFlattened, diag.Info, v.At, "", "flattened link: %s is read in its place", e.o.Show(target))
		d.Related = append(d.Related, diag.Related{Span: at, Message: "included here"})
		in.link, in.name = in.name, target
		in.origin = &grammar.Origin{Included: chain}
		file = next
	}
	return file
}

// read returns the tree of a file, from memory where it was read before.
func (e *expander) read(name string, chain []source.Span) (*grammar.File, *Error) {
	if f, ok := e.files[name]; ok {
		return f, nil
	}
	shown := e.o.Show(name)
	fail := func(err error) *Error {
		return &Error{Message: fmt.Sprintf("reading %s: %v", shown, cause(err)), Cause: err}
	}
	var entry fs.DirEntry
	if f := e.folders[path.Dir(name)]; f != nil {
		entry = f.entry(path.Base(name))
	}
	if entry == nil || !entry.Type().IsRegular() {
		// What is neither file nor link is not opened: a pipe could wait for ever.
		info, err := fs.Stat(e.o.FS, name)
		switch {
		case err != nil:
			r := fail(err)
			r.broken = entry != nil && entry.Type()&fs.ModeSymlink != 0
			return nil, r
		case info.IsDir():
			return nil, &Error{Message: shown + " is a folder, not a file"}
		case !info.Mode().IsRegular():
			return nil, &Error{Message: shown + " is not a regular file"}
		}
	}
	text, size, err := readAll(e.o.FS, name)
	switch {
	case err != nil:
		return nil, fail(err)
	case size > grammar.MaxFileSize:
		return nil, &Error{Message: fmt.Sprintf("%s has %d bytes, more than the %d that are read", shown, size, grammar.MaxFileSize)}
	}
	return e.parsed(source.NewFile(shown, text), name, chain), nil
}

// parsed adds a text to the tree's files.
func (e *expander) parsed(src *source.File, name string, chain []source.Span) *grammar.File {
	f := grammar.Parse(src)
	e.tree.Files = append(e.tree.Files, f)
	e.tree.names[src] = name
	e.tree.included[f] = chain
	if name != "" {
		e.files[name] = f
	}
	in := &frame{origin: &grammar.Origin{Included: chain}}
	if x := f.Exceeded; x != nil {
		e.refuse(in, &Error{Span: x.Span, Message: x.Message, Hint: x.Hint})
	}
	if e.bytes += len(src.Text); e.bytes > MaxBytes {
		e.stop(in, src.Span(0, 0), "", "the files of the configuration have more than %d bytes", MaxBytes)
	}
	return f
}

// readAll reads a file whole, unless it has more bytes than a text may have: then size says how many.
func readAll(fsys fs.FS, name string) (text []byte, size int64, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	if size > grammar.MaxFileSize {
		return nil, size, nil
	}
	text = make([]byte, 0, size+1)
	for {
		n, err := f.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case errors.Is(err, io.EOF):
			return text, int64(len(text)), nil
		case err != nil:
			return nil, 0, err
		case len(text) > grammar.MaxFileSize:
			return nil, int64(len(text)), nil // it has grown, or its size is not known
		case len(text) == cap(text):
			text = slices.Grow(text, len(text)+1)
		}
	}
}

// cause leaves out of a file system's error what the message says anyway.
func cause(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}
