package rules

import (
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
)

// A place is where the program writes a fix that may be safe.
type place struct {
	file  string // for people
	title *regexp.Regexp
	// rules are those whose fix it may be.
	rules []*lint.Rule
}

// places finds all such places: literals of fixes whose Safe is there and is not false.
func places(t *testing.T) []place {
	t.Helper()
	root := testkit.Root(t)
	var list []place
	for _, folder := range []struct {
		name string
		by   lint.Reported
	}{
		{"rules", 0}, {"grammar", lint.ByGrammar}, {"model", lint.ByModel}, {"internal/expand", lint.ByExpansion}, {"internal/project", lint.ByExpansion},
		{"lint", lint.ByLint},
	} {
		for file, syntax := range sources(t, folder.name) {
			name, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			rules := rulesOf(syntax, filepath.Base(filepath.Dir(file)), folder.by)
			ast.Inspect(syntax, func(n ast.Node) bool {
				lit, ok := n.(*ast.CompositeLit)
				if !ok {
					return true
				}
				var title, safe ast.Expr
				for _, e := range lit.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok {
						switch fmt.Sprint(kv.Key) {
						case "Title":
							title = kv.Value
						case "Safe":
							safe = kv.Value
						}
					}
				}
				if id, ok := safe.(*ast.Ident); title == nil || safe == nil || ok && id.Name == "false" {
					return true
				}
				list = append(list, place{filepath.ToSlash(name), regexp.MustCompile("^" + titleOf(title) + "$"), rules})
				return true
			})
		}
	}
	return list
}

// rulesOf returns the rules whose fixes may be written in a file: those that are written there too, or else those of its
// area, or of all areas where it serves several.
func rulesOf(file *ast.File, area string, by lint.Reported) []*lint.Rule {
	var list []*lint.Rule
	if by != 0 {
		for _, r := range All() {
			if r.Reported&by != 0 {
				list = append(list, r)
			}
		}
		return list
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.BasicLit); ok && s.Kind == token.STRING {
			if id, err := strconv.Unquote(s.Value); err == nil && strings.HasPrefix(id, "DSP") {
				if r := Find(id); r != nil && r.Looks() {
					list = append(list, r)
				}
			}
		}
		return true
	})
	if len(list) > 0 {
		return list
	}
	for _, a := range Areas() {
		if a.Name == area {
			return a.Rules
		}
	}
	return All()
}

// titleOf makes a regular expression of an expression that makes titles.
func titleOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil {
			return regexp.QuoteMeta(s)
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return titleOf(e.X) + titleOf(e.Y)
		}
	}
	return "(?s:.*)"
}

// covers reports rules that offer fixes of which none was made, and places of safe fixes that none came from.
func (l *tallies) covers(t *testing.T) {
	t.Helper()
	for _, r := range All() {
		if r.Fixable && l.rules[r.ID] == nil {
			t.Errorf("%s (%s) offers fixes, and none of them was made", r.ID, r.Name)
		}
	}
	list := places(t)
	for _, p := range list {
		made := false
		for _, r := range p.rules {
			for title := range l.titles[r.ID] {
				made = made || p.title.MatchString(title)
			}
		}
		if !made {
			t.Errorf("%s: no fix with a title like %s was made and proven to be safe", p.file, p.title)
		}
	}
	if len(list) < 20 {
		t.Errorf("%d places write safe fixes: have they been found?", len(list))
	}
	t.Logf("%d places write safe fixes", len(list))
}
