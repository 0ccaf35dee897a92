package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var statisticsShadowed = lint.Rule{
	ID: "DSP460", Name: "statistics-shadowed", Severity: diag.Warning, Farm: checkShadowed,
	Doc: lint.Doc{
		Title: "category of statistics comes behind one that takes its documents",
		Why: "Of the categories of /statistics the first whose glob matches is the request's, otherwise than in rules. A category whose documents " +
			"all fall into those before it measures nothing, and slow documents are mixed with quick ones when a render is chosen.",
		Bad: `/renders {
	/rend01 { /hostname "publish1.brand.example" /port "4503" /timeout "10000" }
	/rend02 { /hostname "publish2.brand.example" /port "4503" /timeout "10000" }
}
/statistics {
	/categories {
		/pages  { /glob "*.html" }
		/search { /glob "*search.html" }
		/others { /glob "*" }
	}
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish1.brand.example" /port "4503" /timeout "10000" }
	/rend02 { /hostname "publish2.brand.example" /port "4503" /timeout "10000" }
}
/statistics {
	/categories {
		/search { /glob "*search.html" }
		/pages  { /glob "*.html" }
		/others { /glob "*" }
	}
}
`,
		Note:    "With one render there is nothing to choose, and nothing is reported; nor is a category behind the eighth, which the module does not take.",
		Since:   since,
		Sources: []string{configuration + " (/statistics)"},
	},
}

// checkShadowed compares sets of URLs, so that a category is found that several before it take together.
func checkShadowed(ps *lint.Pass, f *model.Farm) {
	if f.Statistics == nil || len(f.Renders) == 1 {
		return
	}
	all := f.Statistics.Categories
	all = all[:min(len(all), maxCategories)]
	const bound = automata.Limit(0)
	var before []*automata.Language
	var of []*model.Category
	for _, c := range all {
		if c.Glob == nil || c.Glob.Err != nil || !known(c.Glob.Text()) || ps.Context().Err() != nil {
			continue // what it takes is not known, so that nothing follows from it
		}
		urls, err := bound.Language(c.Glob.Pattern)
		if err == nil {
			urls, err = bound.Intersect(urls, automata.URIs())
		}
		if err != nil || urls.Empty() {
			continue
		}
		if by, err := bound.Cover(urls, before...); err == nil && by.Covered {
			takers := make([]string, len(by.By))
			related := make([]diag.Related, len(by.By))
			for i, k := range by.By {
				takers[i] = categoryName(of[k])
				related[i] = diag.Related{Span: of[k].At.Span, Message: takers[i] + " comes first"}
			}
			slices.Sort(takers)
			ps.Report(diag.Diagnostic{
				Span: c.At.Span, Included: c.At.Included, Related: related,
				Message: fmt.Sprintf("%s never counts: %s before it %s all that it matches", categoryName(c), strings.Join(takers, " and "), take(len(takers))),
				Hint:    "move it before what is wider: the first category that matches counts",
			})
		}
		before, of = append(before, urls), append(of, c)
	}
}

func take(n int) string {
	if n == 1 {
		return "takes"
	}
	return "take"
}

// categoryName names a category in a message.
func categoryName(c *model.Category) string {
	if c.Name == "" {
		return "category without a label"
	}
	return "category /" + shown(c.Name)
}
