package cache

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/unread"
)

// complete reports whether what the /cache of a farm lacks is not written anywhere: the farm is no part that was
// completed, it is more than a sketch, and all that the section includes could be read.
func complete(p *lint.Pass, f *model.Farm) bool {
	added := len(p.Subject.Config.Wrapped)
	if f.Cache == nil || unread.Part(p.Subject.Config) || f.RendersAt.Span.IsZero() || added > 0 && f.VirtualHostsAt.Span.IsZero() {
		return false
	}
	return !unread.Section(p, f.Cache.At.Span)
}

// stores reports whether a farm may store anything: it has a place for it and a rule that allows something.
func stores(c *model.Cache) bool {
	return c.Docroot.Set && c.Rules != nil && slices.ContainsFunc(c.Rules.Rules, func(r *model.Rule) bool { return r.Allow })
}

// storesPages reports whether pages may be among what a farm stores, by the looks of its rules.
func storesPages(c *model.Cache) bool {
	return c.Docroot.Set && c.Rules != nil && slices.ContainsFunc(c.Rules.Rules, func(r *model.Rule) bool {
		if !r.Allow {
			return false
		}
		if r.Glob == nil {
			return r.Extension == nil || r.Extension.Match("html")
		}
		text := r.Glob.Text()
		for _, static := range staticFolders {
			if strings.HasPrefix(text, static) {
				return false
			}
		}
		return strings.HasSuffix(text, "*") || strings.HasSuffix(text, ".html") || r.Glob.Match("/index.html")
	})
}

// staticFolders hold what is the same for every visitor.
var staticFolders = [...]string{"/etc.clientlibs/", "/etc/clientlibs/", "/etc/designs/", "/libs/", "/apps/", "/content/dam/"}

// siteFarm reports whether a farm is in front of the public and stores files, and nothing of its /cache is out of
// sight: only then is it worth saying that the section lacks something.
func siteFarm(p *lint.Pass, f *model.Farm) bool {
	return complete(p, f) && p.FarmType(f) == lint.Publish && stores(f.Cache)
}

// undetermined reports whether a text depends on a variable that is not known here.
func undetermined(text string) bool { return unread.Variable(text) }

// readable reports whether the text of a number or flag could be read; where it could not, the model says so.
func readable[T any](s model.Setting[T]) bool { return unread.IsNumber(s.Text) }

// quote shows a text of the configuration in a message: in quotes, not too long, and with its backslashes as they are.
func quote(text string) string {
	const most = 80
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strings.ReplaceAll(strconv.Quote(text), `\\`, `\`)
}
