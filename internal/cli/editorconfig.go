package cli

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/yamltext"
)

// An editorStyle is what .editorconfig files say about one file; the zero value says nothing.
type editorStyle struct {
	indent string // "tab" or a number of blanks; "" where nothing is said
	eol    string // "lf" or "keep"; "" where nothing is said
}

// editorConfigs reads .editorconfig files, each once.
type editorConfigs struct {
	folders map[string]*editorConfig
}

// An editorConfig is one .editorconfig file.
type editorConfig struct {
	root     bool
	sections []editorSection
}

type editorSection struct {
	globs []string // with braces expanded
	keys  map[string]string
}

// style works out the style of a file: .editorconfig files from the top down to the file's folder, in
// each the sections that match in their order, a later value over an earlier one
// (spec.editorconfig.org). A file that cannot be read says nothing.
func (e *editorConfigs) style(file string) editorStyle {
	abs, err := filepath.Abs(file)
	if err != nil {
		return editorStyle{}
	}
	type level struct {
		dir    string
		config *editorConfig
	}
	var levels []level
	for dir := filepath.Dir(abs); ; {
		if c := e.read(dir); c != nil {
			levels = append(levels, level{dir, c})
			if c.root {
				break
			}
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	keys := map[string]string{}
	for i := len(levels) - 1; i >= 0; i-- {
		rel, err := filepath.Rel(levels[i].dir, abs)
		if err != nil {
			continue
		}
		rel = filepath.ToSlash(rel)
		for _, s := range levels[i].config.sections {
			if !s.matches(rel) {
				continue
			}
			for k, v := range s.keys {
				keys[k] = v
			}
		}
	}
	return styleOf(keys)
}

func styleOf(keys map[string]string) editorStyle {
	var s editorStyle
	switch keys["indent_style"] {
	case "tab":
		s.indent = "tab"
	case "space":
		s.indent = "4"
		for _, k := range []string{"indent_size", "tab_width"} {
			if n, err := strconv.Atoi(keys[k]); err == nil && n >= 1 && n <= 16 {
				s.indent = keys[k]
				break
			}
		}
	}
	switch keys["end_of_line"] {
	case "lf":
		s.eol = "lf"
	case "crlf":
		s.eol = "keep"
	}
	return s
}

func (e *editorConfigs) read(dir string) *editorConfig {
	if c, ok := e.folders[dir]; ok {
		return c
	}
	if e.folders == nil {
		e.folders = map[string]*editorConfig{}
	}
	var c *editorConfig
	name := filepath.Join(dir, ".editorconfig")
	if _, err := os.Lstat(name); err == nil {
		if text, err := readBounded(name, yamltext.MaxSize); err == nil {
			c = parseEditorConfig(text)
		}
	}
	e.folders[dir] = c
	return c
}

func parseEditorConfig(text []byte) *editorConfig {
	c := &editorConfig{}
	section := -1
	for line := range bytes.Lines(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) {
		s := strings.TrimSpace(string(line))
		switch {
		case s == "" || s[0] == '#' || s[0] == ';':
		case s[0] == '[' && s[len(s)-1] == ']':
			c.sections = append(c.sections, editorSection{globs: expandBraces(s[1 : len(s)-1]), keys: map[string]string{}})
			section = len(c.sections) - 1
		default:
			key, value, ok := strings.Cut(s, "=")
			if !ok {
				continue
			}
			key, value = strings.ToLower(strings.TrimSpace(key)), strings.ToLower(strings.TrimSpace(value))
			if section < 0 {
				c.root = c.root || key == "root" && value == "true"
				continue
			}
			c.sections[section].keys[key] = value
		}
	}
	return c
}

func (s *editorSection) matches(rel string) bool {
	for _, g := range s.globs {
		subject := rel
		if !strings.Contains(g, "/") {
			subject = path.Base(rel) // such a glob matches in every folder
		}
		if editorMatch(strings.TrimPrefix(g, "/"), subject) {
			return true
		}
	}
	return false
}

// maxGlobs bounds what the braces of one section stand for.
const maxGlobs = 256

// expandBraces writes {a,b} and {1..3} out. Braces without a comma or a range, and ones that are not
// closed, are themselves.
func expandBraces(glob string) []string {
	done, todo := []string{}, []string{glob}
	for len(todo) > 0 && len(done)+len(todo) < maxGlobs {
		g := todo[0]
		todo = todo[1:]
		open, end, parts := firstBraces(g)
		if parts == nil {
			done = append(done, g)
			continue
		}
		for _, p := range parts {
			todo = append(todo, g[:open]+p+g[end:])
		}
	}
	return done
}

// firstBraces finds the first braces that offer a choice.
func firstBraces(g string) (open, end int, parts []string) {
	for open = 0; open < len(g); open++ {
		switch g[open] {
		case '\\':
			open++
			continue
		case '{':
		default:
			continue
		}
		depth, from := 0, open+1
		var found []string
	scan:
		for i := open; i < len(g); i++ {
			switch g[i] {
			case '\\':
				i++
			case '{':
				depth++
			case ',':
				if depth == 1 {
					found = append(found, g[from:i])
					from = i + 1
				}
			case '}':
				if depth--; depth > 0 {
					continue
				}
				if found != nil {
					return open, i + 1, append(found, g[from:i])
				}
				if lo, hi, ok := strings.Cut(g[from:i], ".."); ok {
					a, err1 := strconv.Atoi(lo)
					b, err2 := strconv.Atoi(hi)
					if err1 == nil && err2 == nil && a <= b && b-a < maxGlobs {
						for n := a; n <= b; n++ {
							found = append(found, strconv.Itoa(n))
						}
						return open, i + 1, found
					}
				}
				break scan
			}
		}
	}
	return 0, 0, nil
}

// editorMatch matches a glob without braces: * stands for anything but a slash, ** for anything, ? for one
// character but a slash, [abc] and [!abc] for one of a class. It keeps the set of places in the glob that
// the subject may have reached, so that no pair of glob and subject takes long.
func editorMatch(glob, subject string) bool {
	type set = map[int]bool
	var add func(s set, i int)
	add = func(s set, i int) {
		if s[i] {
			return
		}
		s[i] = true
		if strings.HasPrefix(glob[i:], "**") {
			add(s, i+2)
			if strings.HasPrefix(glob[i:], "**/") {
				add(s, i+3) // **/x matches x itself
			}
		} else if strings.HasPrefix(glob[i:], "*") {
			add(s, i+1)
		}
	}
	now := set{}
	add(now, 0)
	for _, c := range subject {
		next := set{}
		for i := range now {
			if i == len(glob) {
				continue
			}
			switch g := glob[i]; {
			case strings.HasPrefix(glob[i:], "**"):
				add(next, i)
			case g == '*':
				if c != '/' {
					add(next, i)
				}
			case g == '?':
				if c != '/' {
					add(next, i+1)
				}
			case g == '[' && strings.IndexByte(glob[i:], ']') > 1:
				end := i + strings.IndexByte(glob[i:], ']')
				class := glob[i+1 : end]
				not := strings.HasPrefix(class, "!")
				if c != '/' && inClass(strings.TrimPrefix(class, "!"), c) != not {
					add(next, end+1)
				}
			case g == '\\' && i+1 < len(glob):
				if strings.HasPrefix(glob[i+1:], string(c)) {
					add(next, i+1+len(string(c)))
				}
			case strings.HasPrefix(glob[i:], string(c)):
				add(next, i+len(string(c)))
			}
		}
		now = next
	}
	return now[len(glob)]
}

func inClass(class string, c rune) bool {
	rs := []rune(class)
	for i := 0; i < len(rs); i++ {
		if i+2 < len(rs) && rs[i+1] == '-' {
			if rs[i] <= c && c <= rs[i+2] {
				return true
			}
			i += 2
			continue
		}
		if rs[i] == c {
			return true
		}
	}
	return false
}
