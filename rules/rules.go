// Package rules is the catalogue: every rule of every area, in order, and the pages that explain them. An
// area is a package below this one; it holds the rules as values, several to a file where they are
// kin. The package knows what a rule says, not how it is found (package lint says who finds it).
//
// A new rule is a value in its area and a line in the area's Rules. docs/rules is made from the values by
// go generate, with a page that says which of them find what other tools check ([Peers]). Start from [All] and [Find].
package rules

import (
	"slices"

	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/rules/cache"
	"github.com/dispcheck/dispcheck/rules/cloud"
	"github.com/dispcheck/dispcheck/rules/farm"
	"github.com/dispcheck/dispcheck/rules/filter"
	"github.com/dispcheck/dispcheck/rules/httpd"
	"github.com/dispcheck/dispcheck/rules/include"
	"github.com/dispcheck/dispcheck/rules/performance"
	"github.com/dispcheck/dispcheck/rules/render"
	"github.com/dispcheck/dispcheck/rules/rewrite"
	"github.com/dispcheck/dispcheck/rules/session"
	"github.com/dispcheck/dispcheck/rules/suppression"
	"github.com/dispcheck/dispcheck/rules/syntax"
)

//go:generate go test -run ^TestPages$ . -update

// An Area is one package of rules.
type Area struct {
	// Name is the package's name, and the area's in outputs.
	Name string
	// Title is what the rules are about, for people.
	Title string
	Rules []*lint.Rule
}

// Areas returns all areas in the order of the ids of their rules.
func Areas() []Area {
	return []Area{
		{"syntax", "Syntax and schema of .any files", syntax.Rules()},
		{"include", "Includes, symbolic links, variables", include.Rules()},
		{"filter", "Filter and patterns", filter.Rules()},
		{"cache", "Cache and invalidation", cache.Rules()},
		{"farm", "Farms and virtual hosts", farm.Rules()},
		{"render", "Renders", render.Rules()},
		{"session", "Sessions, client headers, vanity URLs", session.Rules()},
		{"httpd", "httpd: virtual hosts, headers, proxies", httpd.Rules()},
		{"rewrite", "Rewrite rules and redirects", rewrite.Rules()},
		{"cloud", "Layout of AEM as a Cloud Service", cloud.Rules()},
		{"performance", "Performance", performance.Rules()},
		{"suppression", "Comments that suppress findings", suppression.Rules()},
	}
}

// All returns all rules in the order of their ids. The rules are shared and must not be changed.
func All() []*lint.Rule {
	var all []*lint.Rule
	for _, a := range Areas() {
		all = append(all, a.Rules...)
	}
	return all
}

// AreaOf returns the area of a rule; the zero Area where it is in none.
func AreaOf(r *lint.Rule) Area {
	for _, a := range Areas() {
		if slices.Contains(a.Rules, r) {
			return a
		}
	}
	return Area{}
}

// Find returns the rule of an id or a name, in either letter case, and nil where there is none.
func Find(key string) *lint.Rule { return lint.Find(All(), key) }

// Nearest returns the id or name that a mistyped key most likely means; see [lint.Nearest].
func Nearest(key string) string { return lint.Nearest(All(), key) }
