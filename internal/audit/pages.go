package audit

import (
	"context"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/automata/elements"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// A siteOf is what is known of the site behind a target, and the probes are written with.
type siteOf struct {
	pages     []string // without an extension, "/content/site/en" for one
	dam       string   // a folder of assets
	selectors []string // words that its rules allow as selectors
}

const (
	// usualPage and usualDam stand where nothing better is found. They are what the scanners' lists use.
	usualPage = "/content/site/en"
	usualDam  = "/content/dam/site"
	// maxPages bounds how many pages of a target are probed, maxSelectors how many words are put beside selectors.
	maxPages, maxSelectors = 3, 3
	// guessesPerRule bounds how many URLs of one rule are looked at.
	guessesPerRule = 6
)

// urls are the targets of a probe or a control on the site.
func (s *siteOf) urls(target string) []string {
	target = strings.ReplaceAll(target, "{dam}", s.dam)
	if !strings.Contains(target, "{page}") {
		return []string{target}
	}
	out := make([]string, len(s.pages))
	for i, p := range s.pages {
		out[i] = strings.ReplaceAll(target, "{page}", p)
	}
	return out
}

// explore finds pages that the target answers: probes about pages prove something only where pages are.
func (a *auditor) explore(ctx context.Context, ask Asker, t Target) (siteOf, error) {
	s := siteOf{dam: usualDam}
	var answer Answer
	allowed := func(url string) (bool, error) {
		r := a.request(t, "GET", url, nil)
		if err := ask.Ask(ctx, r, &answer); err != nil {
			return false, err
		}
		return rendered(&answer), nil
	}
	folders := map[string]bool{}
	add := func(page string) {
		if f := folderOf(page); len(s.pages) < maxPages && !folders[f] {
			folders[f] = true
			s.pages = append(s.pages, page)
		}
	}
	for _, p := range a.o.Pages {
		folders[p] = true
		s.pages = append(s.pages, p)
	}
	if len(s.pages) == 0 {
		ok, err := allowed(usualPage + ".html")
		if err != nil {
			return s, err
		}
		if ok {
			add(usualPage)
		}
	}
	hasDam, err := allowed(usualDam + "/logo.png")
	if err != nil {
		return s, err
	}
	for _, r := range allowRules(t.Farm, a.o.Config) {
		for _, w := range selectorsOf(r) {
			if len(s.selectors) < maxSelectors && !slices.Contains(s.selectors, w) {
				s.selectors = append(s.selectors, w)
			}
		}
		guesses := automata.Guess(elements.Of(r, false))
		for range guessesPerRule {
			g, ok := guesses.Next()
			if !ok {
				break
			}
			if !strings.HasPrefix(g.URI, "/content/") {
				continue
			}
			uri, err := readable(g.URI, allowed)
			if err != nil {
				return s, err
			}
			page, _, dotted := strings.Cut(uri, ".")
			page = strings.TrimSuffix(page, "/")
			if uri == "" || strings.Count(page, "/") < 2 {
				continue
			}
			if strings.HasPrefix(page, "/content/dam/") {
				if folder := page[:strings.LastIndexByte(page, '/')]; !hasDam && dotted && folder != "/content/dam" {
					s.dam, hasDam = folder, true
				}
				continue
			}
			if len(a.o.Pages) > 0 || len(s.pages) == maxPages {
				continue
			}
			if ok, err := allowed(page + ".html"); err != nil {
				return s, err
			} else if ok || dotted {
				add(page)
			}
		}
	}
	if len(s.pages) == 0 {
		s.pages = []string{usualPage}
	}
	if !slices.Contains(s.selectors, "model") && len(s.selectors) < maxSelectors {
		s.selectors = append(s.selectors, "model")
	}
	return s, nil
}

// folderOf is the part of a page's path that tells one site from another.
func folderOf(page string) string {
	parts := strings.SplitN(page, "/", 4)
	return strings.Join(parts[:min(3, len(parts))], "/")
}

// readable makes a guessed URL one that reads like a page, where that is allowed, too; "" where none of them is.
func readable(uri string, allowed func(string) (bool, error)) (string, error) {
	nice := strings.NewReplacer("zqzq", "page", "zq", "page").Replace(uri)
	for _, u := range [...]string{nice, uri} {
		if ok, err := allowed(u); ok || err != nil {
			return u, err
		}
	}
	return "", nil
}

// allowRules are the rules of a farm, or of all farms where it is not known, that allow something.
func allowRules(f *model.Farm, c *model.Config) []*model.Rule {
	farms := []*model.Farm{f}
	if f == nil {
		farms = c.Farms
	}
	var out []*model.Rule
	for _, f := range farms {
		if f.Filter == nil {
			continue
		}
		for _, r := range f.Filter.Rules {
			if r.Allow {
				out = append(out, r)
			}
		}
	}
	return out
}

// selectorsOf are words that a rule allows as selectors.
func selectorsOf(r *model.Rule) []string {
	if r.Glob != nil || r.Selectors == nil || r.Selectors.Pattern == nil || r.Selectors.Err != nil {
		return nil
	}
	var out []string
	for _, w := range automata.GuessStrings(r.Selectors.Pattern) {
		if w != "" && len(w) < 40 && !strings.ContainsAny(w, "\x00/.zq") && r.Selectors.Match(w) {
			out = append(out, w)
			break
		}
	}
	return out
}

// rendered reports whether a request comes to a render, or to the file that one has sent.
func rendered(a *Answer) bool {
	switch a.Decision.Outcome {
	case simulate.Forwarded, simulate.Answered, simulate.Delivered:
		return true
	}
	return false
}
