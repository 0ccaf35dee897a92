package include

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/lint"
)

// checkUnusedServer looks for texts of httpd that nothing includes. What a line offers that was passed over, that stands in a
// comment or in a template, or that has a variable in its path, is for another environment, or for people.
func checkUnusedServer(p *lint.Pass) {
	if p.Subject.Server == nil || p.Subject.Folders == nil || slices.ContainsFunc(p.Subject.Found, func(d diag.Diagnostic) bool {
		return d.Severity == diag.Error && (d.Rule == "DSP111" || d.Rule == "DSP112" || d.Rule == "DSP113")
	}) {
		return
	}
	unread := p.Subject.Folders.UnreadServer()
	if len(unread) == 0 {
		return
	}
	reached := make([]bool, len(unread))
	var todo []*httpd.File
	todo = append(todo, p.Subject.ServerFiles...)
	for i, f := range unread {
		if template(f.Src.Name) {
			reached[i] = true
			todo = append(todo, f)
		}
	}
	theirs := make([]bool, len(unread))
	for len(todo) > 0 {
		f := todo[0]
		todo = todo[1:]
		for _, name := range offers(f) {
			for i, g := range unread {
				if !reached[i] && g != f && named(g.Src.Name, name) {
					reached[i] = true
					todo = append(todo, g)
				}
			}
		}
	}
	for i, f := range unread {
		if reached[i] {
			continue
		}
		for _, name := range offers(f) {
			for k, g := range unread {
				theirs[k] = theirs[k] || g != f && named(g.Src.Name, name)
			}
		}
	}
	for i, f := range unread {
		if reached[i] || theirs[i] || !slices.ContainsFunc(f.Items, func(it httpd.Item) bool { _, comment := it.(*httpd.Comment); return !comment }) {
			continue
		}
		p.Report(diag.Diagnostic{
			Span: f.Src.Span(0, 0), Message: fmt.Sprintf("file %s is included nowhere", path.Base(f.Src.Name)),
			Hint: "remove it, or add the Include line that was meant",
		})
	}
}

// template reports whether a text lies where people take what they need from, or where one is known to be read by the
// platform in some environments.
func template(name string) bool {
	dir := path.Base(path.Dir(name))
	return dir == "available_vhosts" || strings.HasPrefix(dir, "enabled_") || path.Base(name) == "custom.vars" || path.Base(name) == "global.vars" ||
		strings.HasPrefix(path.Base(name), "first-listed-vhost.")
}

// offers are the paths that lines of a text include, comments among them.
func offers(f *httpd.File) []string {
	var out []string
	line := func(text string) {
		text = strings.TrimLeft(text, "# \t")
		word, rest, _ := strings.Cut(text, " ")
		if lower := strings.ToLower(word); lower != "include" && lower != "includeoptional" {
			return
		}
		if words, _ := apacheconf.Words(httpd.Unjoin([]byte(rest))); len(words) > 0 {
			out = append(out, words[0].Text)
		}
	}
	var look func([]httpd.Item)
	look = func(items []httpd.Item) {
		for _, it := range items {
			switch it := it.(type) {
			case *httpd.Directive:
				line(strings.Replace(it.At.Text(), "\t", " ", 1))
			case *httpd.Comment:
				line(it.At.Text())
			case *httpd.Section:
				look(it.Items)
			}
		}
	}
	look(f.Items)
	return out
}

// named reports whether a path of an Include may mean a file: its last parts match, variables standing for anything. A path
// to a folder means all that is in it.
func named(file, include string) bool {
	include = strings.TrimSuffix(strings.ReplaceAll(withoutVariables(include), "\\", "/"), "/")
	if include == "" {
		return false
	}
	parts := strings.Split(strings.TrimPrefix(include, "/etc/httpd/"), "/")
	have := strings.Split(file, "/")
	for _, drop := range []int{0, 1} { // 1: the path is that of its folder
		rest := have[:max(0, len(have)-drop)]
		n := min(len(parts), len(rest))
		ok := n > 0
		for i := 1; i <= n && ok; i++ {
			if match, err := path.Match(parts[len(parts)-i], rest[len(rest)-i]); err != nil || !match {
				ok = false
			}
		}
		if ok {
			return true
		}
	}
	return false
}
