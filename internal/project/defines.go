package project

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/expand"
)

// The bounds on what is read of Apache's files for the sake of variables.
const (
	maxDefineFiles = 500
	maxDefineDepth = 10
	maxDefineBytes = 8 << 20 // of files read and lines with variables put in
	maxDefineValue = 64 << 10
)

// A defines reads the variables that the Apache side of a configuration sets, because the Dispatcher
// sees them too (AdobeDocs/experience-manager-learn.en, variables.md). It follows Define, UnDefine,
// Include and the sections that are decided while httpd reads; everything else is passed over.
//
// Package apacheconf reads these lines too, and its answer is another one. It reads the server with the
// platform's own files, whose variables the Dispatcher is not known to see; it leaves out files of
// variables that nothing includes, and sections for modules that are not loaded; and a variable of the
// user's environment is hidden by a Define there, where here the user's wins. It also costs as much as
// all the rest of a load, which commands for the .any side alone need not pay.
//
// Define is positional and global, also inside <VirtualHost>; a file that is included twice is read
// twice (httpd.apache.org, 2.4, core, Define).
type defines struct {
	l     *Location
	env   *Env
	read  map[string]bool
	files int
	bytes int
	// kept are variables that no longer change; nil while the server's own files are read.
	kept map[string]Variable
}

// readDefines reads what the server of a configuration reads, and after that the files of variables that
// it does not name: those add variables, and change none.
func readDefines(l *Location, env *Env) {
	d := &defines{l: l, env: env, read: map[string]bool{}}
	for _, name := range d.mainFiles() {
		d.file(name, 0)
	}
	d.kept = maps.Clone(d.env.vars[FromDefine])
	for _, name := range d.variableFiles() {
		if !d.read[name] {
			d.file(name, 0)
		}
	}
}

func (d *defines) in(name string) string { return path.Join(d.l.Root, name) }

// mainFiles are the files that httpd starts from, in its order.
func (d *defines) mainFiles() []string {
	if d.l.Site != "" {
		return []string{d.l.Site}
	}
	switch d.l.Kind {
	case Cloud:
		if main := d.in("conf.d/dispatcher_vhost.conf"); isFile(d.l.FS, main) {
			return []string{main}
		}
		// Legacy mode and partial trees: what the platform's own main file reads.
		names := []string{d.in("conf.d/variables/default.vars"), d.in("conf.d/variables/global.vars")}
		return append(names, d.glob(d.in("conf.d/enabled_vhosts/*.vhost"))...)
	default:
		names := []string{d.in("conf/httpd.conf"), d.in("httpd.conf"), d.in("apache2.conf")}
		return append(names, d.glob(d.in("conf.d/*.conf"))...)
	}
}

// variableFiles are all files of variables: those of the platform first, then the others by name.
func (d *defines) variableFiles() []string {
	var names []string
	for _, folder := range []string{"conf.d/variables", "conf/variables", "variables"} {
		names = append(names, d.glob(d.in(folder+"/*.vars"))...)
	}
	rank := func(name string) int {
		i := slices.Index([]string{"ootb.vars", "default.vars", "ams_default.vars", "global.vars", "custom.vars"}, path.Base(name))
		if i < 0 {
			return 100
		}
		return i
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	return names
}

// glob returns the files that a pattern matches; only its last part may hold wildcards.
func (d *defines) glob(pattern string) []string {
	folder, last := path.Split(pattern)
	folder = path.Clean(folder)
	if !strings.ContainsAny(last, "*?[") {
		return []string{pattern}
	}
	entries, err := fs.ReadDir(d.l.FS, folder)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if ok, _ := path.Match(last, e.Name()); ok && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, path.Join(folder, e.Name()))
		}
	}
	return names
}

func (d *defines) file(name string, depth int) {
	if depth > maxDefineDepth || d.files >= maxDefineFiles || d.bytes >= maxDefineBytes || !expand.ValidName(name) {
		return
	}
	d.files++
	text, err := readUpTo(d.l.FS, name, maxDefineBytes)
	if err != nil {
		return // httpd's business: it says what it cannot read
	}
	d.read[name] = true
	d.bytes += len(text)
	// A flattened link, as version control writes it where links are switched off.
	if len(text) < 512 && bytes.HasPrefix(text, []byte("../")) && bytes.IndexByte(bytes.TrimSpace(text), '\n') < 0 {
		d.file(path.Join(path.Dir(name), string(bytes.TrimSpace(text))), depth+1)
		return
	}
	d.lines(text, name, depth)
}

// lines reads a text. A line that ends in a backslash goes on in the next one, also in a comment.
func (d *defines) lines(text []byte, name string, depth int) {
	off := 0 // sections that do not hold, counted from the outermost
	line := 0
	for len(text) > 0 && d.bytes < maxDefineBytes {
		line++
		at := line
		full, rest := cutLine(text)
		text = rest
		for len(full) > 0 && full[len(full)-1] == '\\' && len(text) > 0 {
			next, rest := cutLine(text)
			full = append(slices.Clip(full[:len(full)-1]), next...)
			text = rest
			line++
		}
		full = bytes.Trim(full, " \t\r\v\f")
		if len(full) == 0 {
			continue
		}
		switch full[0] {
		case '<', 'D', 'd', 'U', 'u', 'I', 'i':
		default:
			continue
		}
		word, args, _ := strings.Cut(strings.ReplaceAll(string(full), "\t", " "), " ")
		word = strings.ToLower(word)
		if full[0] == '<' {
			args = strings.TrimSuffix(strings.TrimSpace(args), ">")
			switch word {
			case "<ifdefine", "<ifmodule", "<iffile", "<ifversion":
				if off > 0 || !d.holds(word, d.resolve(args)) {
					off++
				}
			case "</ifdefine>", "</ifmodule>", "</iffile>", "</ifversion>":
				if off > 0 {
					off--
				}
			}
			continue
		}
		if off > 0 {
			continue
		}
		switch word {
		case "define":
			if a := arguments(d.resolve(args)); len(a) > 0 && isName(a[0]) {
				if _, ok := d.kept[a[0]]; ok {
					continue
				}
				d.env.defined[a[0]] = true
				v := Variable{Name: a[0], From: fmt.Sprintf("%s:%d", d.l.Show(name), at), Bare: len(a) == 1}
				if len(a) > 1 {
					v.Value = a[1]
				} else if old, ok := d.env.vars[FromDefine][a[0]]; ok && !old.Bare {
					continue // a name without a value takes none away
				}
				d.env.set(FromDefine, v)
			}
		case "undefine":
			if a := arguments(d.resolve(args)); len(a) > 0 && d.kept == nil {
				delete(d.env.defined, a[0])
				delete(d.env.vars[FromDefine], a[0])
			}
		case "include", "includeoptional":
			for _, a := range arguments(d.resolve(args)) {
				d.include(a, depth)
			}
		}
	}
}

func cutLine(text []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(text, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), rest
}

// holds reports whether a section is read. Modules are taken to be there.
func (d *defines) holds(word, arg string) bool {
	arg = strings.TrimSpace(arg)
	arg, not := strings.CutPrefix(arg, "!")
	if a := arguments(arg); len(a) > 0 {
		arg = a[0]
	}
	switch word {
	case "<ifdefine":
		return d.env.defined[arg] != not
	case "<iffile":
		name := d.in(strings.TrimPrefix(arg, "/etc/httpd/"))
		return isFile(d.l.FS, name) != not
	}
	return !not
}

// include reads the files of an Include, which starts from the server's root. Rewrite rules are left
// out: they are long and define nothing.
func (d *defines) include(pattern string, depth int) {
	var name string
	if strings.HasPrefix(pattern, "/") {
		mapped, ok := d.l.Map(path.Clean(pattern))
		if !ok {
			return
		}
		name = mapped
	} else {
		name = d.in(pattern)
	}
	if strings.HasSuffix(name, ".rules") {
		return
	}
	for _, n := range d.glob(name) {
		if !strings.HasSuffix(n, ".rules") {
			d.file(n, depth+1)
		}
	}
}

// resolve puts in variables, as httpd does before it reads a line's arguments: what is put in is not
// searched again, and an unknown name stays.
func (d *defines) resolve(s string) string {
	if !strings.Contains(s, "${") {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			break
		}
		n := strings.IndexByte(s[i:], '}')
		if n < 0 {
			break
		}
		b.WriteString(s[:i])
		if v, ok := d.env.find(s[i+2 : i+n]); ok && !v.Bare {
			b.WriteString(v.Value)
		} else {
			b.WriteString(s[i : i+n+1])
		}
		s = s[i+n+1:]
		if b.Len() > maxDefineValue {
			break
		}
	}
	b.WriteString(s)
	d.bytes += b.Len()
	return b.String()
}

// arguments splits a line as httpd does: at blanks, except in a word that starts with a quote, which
// runs to the next such quote without a backslash before it.
func arguments(s string) []string {
	var args []string
	for {
		s = strings.TrimLeft(s, " \t\r")
		if s == "" {
			return args
		}
		if s[0] != '"' && s[0] != '\'' {
			word, rest, _ := strings.Cut(s, " ")
			args = append(args, word)
			s = rest
			continue
		}
		quote := s[0]
		var b strings.Builder
		i := 1
		for ; i < len(s) && s[i] != quote; i++ {
			if s[i] == '\\' && i+1 < len(s) && (s[i+1] == quote || s[i+1] == '\\') {
				i++
			}
			b.WriteByte(s[i])
		}
		args = append(args, b.String())
		s = s[min(i+1, len(s)):]
	}
}
