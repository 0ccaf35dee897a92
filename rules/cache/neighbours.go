package cache

import (
	"fmt"
	"maps"
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var docrootShared = lint.Rule{
	ID: "DSP302", Name: "docroot-shared", Severity: diag.Warning, Profiles: []string{"ams", "classic"}, Config: checkDocrootShared,
	Doc: lint.Doc{
		Title: "farms in front of different servers store into one folder",
		Why: "A file is stored under the path of its URL, without the host. Two farms with one /docroot and different renders hand out each " +
			"other's pages: who comes second gets what the first one's server made.",
		File: "dispatcher.any",
		Bad: `/farms {
	/brand {
		$include "brand.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
		}
	}
	/shop {
		$include "shop.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
		}
	}
}
`,
		Good: `/farms {
	/brand {
		$include "brand.any"
		/cache {
			/docroot "/var/cache/brand"
			$include "cache.any"
		}
	}
	/shop {
		$include "shop.any"
		/cache {
			/docroot "/var/cache/shop"
			$include "cache.any"
		}
	}
}
`,
		Files: exampleFarms,
		Note: "Not reported where one of the farms is for paths of a host alone, as with www.example.com/api/*: its files lie apart. Farms " +
			"with the same renders may share a folder.",
		Since:   since,
		Sources: []string{configuration},
	},
}

// eachPair calls visit for each two farms that have a folder for their cache, in the order of the text. a and b are
// the folders.
func eachPair(c *model.Config, visit func(first, second *model.Farm, a, b string)) {
	const most = 200 // pairs grow with the square
	var farms []*model.Farm
	var folders []string
	for _, f := range c.Farms {
		if f.Cache == nil || len(farms) == most {
			continue
		}
		if text := f.Cache.Docroot.Text; strings.HasPrefix(text, "/") && !undetermined(text) {
			farms, folders = append(farms, f), append(folders, path.Clean(text))
		}
	}
	for i, second := range farms {
		for j, first := range farms[:i] {
			visit(first, second, folders[j], folders[i])
		}
	}
}

func checkDocrootShared(p *lint.Pass, c *model.Config) {
	done := map[*model.Farm]bool{}
	eachPair(c, func(first, second *model.Farm, a, b string) {
		if a != b || done[second] || pathsAlone(first) || pathsAlone(second) {
			return
		}
		one, two := servers(first), servers(second)
		if len(one) == 0 || len(two) == 0 || maps.Equal(one, two) {
			return
		}
		done[second] = true
		s := second.Cache.Docroot
		p.For(second).Report(diag.Diagnostic{
			Span: s.ValueAt, Included: s.At.Included,
			Message: fmt.Sprintf("/docroot %s is also that of a farm with other renders", quote(s.Text)),
			Hint:    "give each farm a folder of its own",
			Related: []diag.Related{{Span: first.NameAt, Message: "the other farm"}},
		})
	})
}

// servers returns the addresses of a farm's renders; none where one of them is not known.
func servers(f *model.Farm) map[string]bool {
	all := map[string]bool{}
	for _, r := range f.Renders {
		if !r.Hostname.Set || undetermined(r.Hostname.Text) || undetermined(r.Port.Text) {
			return nil
		}
		all[fmt.Sprintf("%s:%d", strings.ToLower(r.Hostname.Text), r.Port.Value)] = true
	}
	return all
}

// pathsAlone reports whether a farm gets requests for some paths of its hosts only.
func pathsAlone(f *model.Farm) bool {
	for _, v := range f.VirtualHosts {
		if v.URIText == "" || v.URIText == "/" || v.URIText == "/*" {
			return false
		}
	}
	return len(f.VirtualHosts) > 0
}

var nestedDocroots = lint.Rule{
	ID: "DSP353", Name: "nested-docroots", Severity: diag.Warning, Profiles: []string{"ams", "classic"}, Config: checkNestedDocroots,
	Doc: lint.Doc{
		Title: "farms look for statfiles of one tree at different depths",
		Why: "A flush touches the statfiles of the farm that it reaches, counted from the /docroot of that farm. Where another farm's /docroot " +
			"lies inside, or has another /statfileslevel, that one looks at other files: pages that were activated stay as they are.",
		File: "dispatcher.any",
		Bad: `/farms {
	/brand {
		$include "brand.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
		}
	}
	/shop {
		$include "shop.any"
		/cache {
			/docroot "/var/cache/www/content/shop"
			$include "cache.any"
		}
	}
}
`,
		Good: `/farms {
	/brand {
		$include "brand.any"
		/cache {
			/docroot "/var/cache/brand"
			$include "cache.any"
		}
	}
	/shop {
		$include "shop.any"
		/cache {
			/docroot "/var/cache/shop"
			$include "cache.any"
		}
	}
}
`,
		Files:   exampleFarms,
		Note:    "How the module looks for statfiles across farms was seen in one public report.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-65.en, issue 504", configuration},
	},
}

func checkNestedDocroots(p *lint.Pass, c *model.Config) {
	done := map[*model.Farm]bool{}
	eachPair(c, func(first, second *model.Farm, a, b string) {
		d := diag.Diagnostic{}
		in, at := second, second.Cache.Docroot.At
		d.Span = second.Cache.Docroot.ValueAt
		other := first
		switch l, m := first.Cache.StatfilesLevel, second.Cache.StatfilesLevel; {
		case a == b && l.Value != m.Value && known(l) && known(m):
			if m.Set {
				d.Span, at = m.ValueAt, m.At
			}
			d.Message = fmt.Sprintf("/statfileslevel is %d here and %d in another farm with this /docroot", m.Value, l.Value)
			d.Hint = "give both farms one level, or each a folder of its own"
		case strings.HasPrefix(a, strings.TrimSuffix(b, "/")+"/") && a != b:
			in, at, other = first, first.Cache.Docroot.At, second
			d.Span = first.Cache.Docroot.ValueAt
			fallthrough
		case strings.HasPrefix(b, strings.TrimSuffix(a, "/")+"/") && a != b:
			if danger(min(a, b)) != "" {
				return // which is told about the outer one
			}
			d.Message = fmt.Sprintf("/docroot %s lies in that of another farm", quote(in.Cache.Docroot.Text))
			d.Hint = "use one folder for both, or folders side by side"
		default:
			return
		}
		if done[in] {
			return
		}
		done[in] = true
		d.Included = at.Included
		d.Related = []diag.Related{{Span: other.Cache.Docroot.ValueAt, Message: "the other farm's /docroot"}}
		p.For(in).Report(d)
	})
}

// known reports whether the level of a farm could be read, or is the default.
func known(s model.Setting[int]) bool { return !s.Set || readable(s) }
