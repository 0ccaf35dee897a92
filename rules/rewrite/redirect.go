package rewrite

import (
	"fmt"
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

var prefixSlash = lint.Rule{
	ID: "DSP686", Name: "redirect-prefix-slash", Severity: diag.Warning, Fixable: true, Server: checkPrefixSlash,
	Doc: lint.Doc{
		Title: "slash at the end of a path or of its target alone",
		Why: "Redirect takes a path and all that is below it, and puts the rest of the path behind its target. With a slash at the end of the one " +
			"and none at the other, names run together, or there are two slashes: / to https://www.example.com sends /a to https://www.example.coma.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName example.com
	Redirect 301 / https://www.example.com
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName example.com
	Redirect 301 / https://www.example.com/
</VirtualHost>
`,
		Note:    "Where the slash is at the target alone, the finding is an info: the path below gets two slashes. A page with an extension has nothing below.",
		Since:   since,
		Sources: []string{docAlias},
	},
}

func checkPrefixSlash(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	seen := map[*server.Redirect]bool{}
	for _, h := range append([]*server.Host{s.Main}, s.Hosts...) {
		for _, r := range h.Redirects {
			if seen[r] || !w.owns(r.At) {
				continue
			}
			seen[r] = true
			tellPrefixSlash(p, w, r)
		}
	}
}

func tellPrefixSlash(p *lint.Pass, w *site, r *server.Redirect) {
	if r.Pattern != nil || r.InSection || r.Expr != nil || r.Target == "" || !strings.HasPrefix(r.Path, "/") || strings.ContainsAny(r.Target, "?#") ||
		path.Ext(strings.TrimSuffix(r.Path, "/")) != "" || path.Ext(targetPath(r.Target)) != "" {
		return
	}
	from, to := strings.HasSuffix(r.Path, "/"), strings.HasSuffix(r.Target, "/")
	if from == to {
		return
	}
	at := r.At
	base, there := lastIn(r.At, r.Target)
	end := at
	if there {
		at = source.Span{File: at.File, Start: base, End: base + int32(len(r.Target))}
		end = at
	}
	d := diag.Diagnostic{
		Message: fmt.Sprintf("%s ends with a slash and its target does not: %sx leads to %sx", text(r.Path), text(r.Path), text(r.Target)), Hint: "write a slash behind the target",
	}
	if there {
		end.Start = end.End
		d.Fixes = []diag.Fix{{Title: "write " + r.Target + "/", Edits: []diag.Edit{{Span: end, New: "/"}}}}
	}
	if to {
		d.Severity = diag.Info
		d.Message = fmt.Sprintf("target of %s ends with a slash: %s/x leads to %s/x", text(r.Path), text(r.Path), text(r.Target))
		d.Hint = "write both with a slash at the end, or both without"
		d.Fixes = nil
		if there && targetPath(r.Target) != "/" {
			end.Start, end.End = at.End-1, at.End
			d.Fixes = []diag.Fix{{Title: "remove the slash", Edits: []diag.Edit{{Span: end}}}}
		}
	}
	w.tell(p, at, r.Place, d)
}

// targetPath is the path of a URL.
func targetPath(target string) string {
	_, rest, ok := strings.Cut(target, "://")
	if !ok {
		return target
	}
	i := strings.IndexByte(rest, '/')
	if i < 0 {
		return ""
	}
	return rest[i:]
}

// lastIn returns where a word stands last in a line.
func lastIn(at source.Span, word string) (int32, bool) {
	i := strings.LastIndex(at.Text(), word)
	if i < 0 {
		return 0, false
	}
	return at.Start + int32(i), true
}
