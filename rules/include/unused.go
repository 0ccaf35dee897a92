package include

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var unusedFile = lint.Rule{
	ID: "DSP115", Name: "unused-file", Severity: diag.Info, Config: checkUnused,
	Doc: lint.Doc{
		Title: "file of the configuration is included nowhere",
		Why: "Nothing that is written in the file has an effect, and who changes a filter there wonders why nothing happens. It was replaced by another " +
			"one and left, or the line that includes it was lost.",
		File: "conf.dispatcher.d/dispatcher.any",
		Bad:  anyFarm, Good: anyFarm,
		Files: []lint.File{
			{Name: "conf.dispatcher.d/enabled_farms/site.farm", Text: `/site {
	/virtualhosts { "www.example.com" }
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/filter {
		$include "../filters/filters.any"
	}
}
`},
			{Name: "conf.dispatcher.d/filters/filters.any", Text: exampleFilter},
		},
		BadFiles: []lint.File{{Name: "conf.dispatcher.d/filters/old_filters.any", Text: exampleFilter}},
		Note: "Looked at are .any and .farm files in conf.dispatcher.d, and .conf, .vhost, .rules and .vars files in conf.d. What is in available_farms and available_vhosts " +
			"are templates for what is enabled: they and what they include are not reported, nor are files of the platform, those that an include in a comment offers, and those that one with a variable may bring in " +
			"another environment. Where a file cannot be read nothing is reported.",
		Since: since,
	},
}

// anyFarm is the top of a configuration with farms in files of their own.
const anyFarm = `/farms {
	$include "enabled_farms/*.farm"
}
`

const exampleFilter = `/0001 { /type "deny"  /url "*" }
/0002 { /type "allow" /url "/content/*" }
`

func checkUnused(p *lint.Pass, c *model.Config) {
	checkUnusedServer(p)
	if p.Subject.Folders == nil || len(c.Farms) == 0 { // or what matters is that nothing brings a farm
		return
	}
	unread := p.Subject.Folders.Unread()
	if len(unread) == 0 {
		return
	}
	u := unused{files: unread, reached: make([]bool, len(unread)), theirs: make([]bool, len(unread))}
	for _, f := range p.Subject.Files {
		u.follow(f, true, u.reached) // what a variable brings is read as one environment has it
	}
	for i, f := range unread {
		if path.Base(path.Dir(f.Src.Name)) == "available_farms" {
			u.reach(i)
		}
	}
	u.offered(p.Subject.Files)
	u.offered(unread)
	for i, f := range unread {
		if !u.reached[i] {
			u.follow(f, false, u.theirs)
		}
	}
	for i, f := range unread {
		// What another unread file brings goes with that, and a text of comments alone is for people.
		if u.reached[i] || u.theirs[i] || len(f.Items) == 0 {
			continue
		}
		p.Report(diag.Diagnostic{
			Related: besideIt(p.Subject, f),
			Span:    f.Src.Span(0, 0), Message: fmt.Sprintf("file %s is included nowhere", path.Base(f.Src.Name)),
			Hint: "remove it, or add the $include line that was meant",
		})
	}
}

// besideIt returns the line by which a file of the same folder is included: the one that was meant may belong there.
func besideIt(s *lint.Subject, f *grammar.File) []diag.Related {
	if s.Included == nil {
		return nil
	}
	for _, g := range s.Files {
		if chain := s.Included(g.Src); len(chain) > 0 && path.Dir(g.Src.Name) == path.Dir(f.Src.Name) {
			return []diag.Related{{Span: chain[len(chain)-1], Message: "a file of its folder is included here"}}
		}
	}
	return nil
}

// An unused finds out which files that nothing has read are for something all the same.
type unused struct {
	files []*grammar.File
	// reached are those that a template or another environment brings, theirs those that another unread file does.
	reached, theirs []bool
}

// reach marks a file and all that it brings.
func (u *unused) reach(i int) {
	if u.reached[i] {
		return
	}
	u.reached[i] = true
	brought := make([]bool, len(u.files))
	u.follow(u.files[i], false, brought)
	for k, b := range brought {
		if b {
			u.reach(k)
		}
	}
}

// follow marks the unread files that the lines of a file may bring; of a file that was read, those with a variable.
func (u *unused) follow(f *grammar.File, read bool, into []bool) {
	grammar.Walk(f.Items, func(it grammar.Item) bool {
		inc, ok := it.(*grammar.IncludeItem)
		if !ok || inc.Path == nil {
			return true
		}
		raw := strings.Trim(inc.Path.Raw(), `"'`)
		if read && !strings.Contains(raw, "${") {
			return true
		}
		parts := ownParts(withoutVariables(raw))
		for i, g := range u.files {
			if g != f && endsLike(g.Src.Name, parts) {
				into[i] = true
			}
		}
		return true
	})
}

// offered marks the files that an $include in a comment names: they are there to be chosen, as the marketing parameters of
// Adobe's templates are.
func (u *unused) offered(by []*grammar.File) {
	for _, f := range by {
		for _, t := range f.Tokens {
			if t.Kind != grammar.Comment {
				continue
			}
			text := f.Src.Text[t.Start:t.End]
			if !bytes.Contains(text, []byte("$include")) {
				continue
			}
			for i, g := range u.files {
				if bytes.Contains(text, []byte(path.Base(g.Src.Name))) {
					u.reach(i)
				}
			}
		}
	}
}

// withoutVariables puts a wildcard in the place of each variable.
func withoutVariables(s string) string {
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			return s
		}
		n := strings.IndexByte(s[i:], '}')
		if n < 0 {
			return s[:i] + "*"
		}
		s = s[:i] + "*" + s[i+n+1:]
	}
}
