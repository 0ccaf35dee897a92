package report

import (
	"bufio"
	"io"
	"slices"
	"strings"
)

// ShowDifferences writes the lines of a view that are not the same in all environments, each with those that have it.
func (p *Printer) ShowDifferences(w io.Writer, list []*Show) error {
	b := bufio.NewWriter(w)
	t := showWriter{Writer: b, palette: newPalette(w, p.Color), prefix: p.Prefix}
	var out []shownLine
	var path []string
	for _, d := range t.differences(list) {
		if !slices.Equal(d.path, path) || len(out) == 0 {
			if len(out) > 0 {
				out = append(out, shownLine{empty: true})
			}
			path = d.path
			if len(path) > 0 {
				out = append(out, shownLine{cells: []string{strings.Join(path, ", ")}, heading: true})
			}
		}
		l := d.shownLine
		l.heading, l.depth = false, 1
		l.cells = append([]string{strings.Join(d.environments, ",")}, strings.Join(l.cells, "  "))
		out = append(out, l)
	}
	if len(out) == 0 {
		var names []string
		for _, s := range list {
			names = append(names, s.Environment)
		}
		out = append(out, shownLine{cells: []string{"the same in " + strings.Join(names, ", ")}})
	}
	t.print(out)
	return b.Flush()
}

// A shownDifference is a line with the environments that have it.
type shownDifference struct {
	shownLine
	environments []string
}

// differences lists the lines that not all views have: by the headings above them, in their order, first those of the first
// environment.
func (t *showWriter) differences(list []*Show) []shownDifference {
	var all []*shownDifference
	byKey := map[string]*shownDifference{}
	var paths []string
	pathOf := func(l *shownLine) string { return strings.Join(l.path, "\x00") }
	for _, s := range list {
		for _, l := range t.lines(s) {
			if l.empty || l.heading && !l.placed() || l.inherited && s.Asked == nil {
				continue
			}
			if l.heading { // it stands under those above it
				l.path = l.path[:max(0, len(l.path)-1)]
			}
			key := pathOf(&l) + "\x01" + strings.Join(l.cells, "\x00") + "\x01" + t.place(l.at)
			d := byKey[key]
			if d == nil {
				d = &shownDifference{shownLine: l}
				byKey[key] = d
				all = append(all, d)
				if p := pathOf(&l); !slices.Contains(paths, p) {
					paths = append(paths, p)
				}
			}
			if !slices.Contains(d.environments, s.Environment) {
				d.environments = append(d.environments, s.Environment)
			}
		}
	}
	rank := map[string]int{}
	for i, p := range paths {
		rank[p] = i
	}
	var out []shownDifference
	for _, d := range all {
		if len(d.environments) < len(list) {
			out = append(out, *d)
		}
	}
	slices.SortStableFunc(out, func(a, b shownDifference) int { return rank[pathOf(&a.shownLine)] - rank[pathOf(&b.shownLine)] })
	return out
}

// A ShowDifferencesJSON is what differs between environments, as dispcheck.show/v1.
type ShowDifferencesJSON struct {
	Schema       string                `json:"schema"`
	View         string                `json:"view"`
	Profile      string                `json:"profile"`
	Environments []string              `json:"environments"`
	Differences  []shownDifferenceJSON `json:"differences"`
}

type shownDifferenceJSON struct {
	Environments []string `json:"environments"`
	Path         []string `json:"path"`
	Text         string   `json:"text"`
	Default      bool     `json:"default"`
	Note         string   `json:"note"`
	Source       *Source  `json:"source"`
}

// NewShowDifferencesJSON returns the differences in JSON's form, files behind prefix.
func NewShowDifferencesJSON(list []*Show, prefix string) *ShowDifferencesJSON {
	out := &ShowDifferencesJSON{Schema: showSchema, View: list[0].View, Profile: list[0].Profile, Differences: []shownDifferenceJSON{}}
	for _, s := range list {
		out.Environments = append(out.Environments, s.Environment)
	}
	t := showWriter{prefix: prefix}
	for _, d := range t.differences(list) {
		out.Differences = append(out.Differences, shownDifferenceJSON{
			Environments: d.environments, Path: append([]string{}, d.path...), Text: strings.Join(d.cells, "  "), Default: d.standard,
			Note: d.note, Source: showConverter{prefix}.source(d.at),
		})
	}
	return out
}
