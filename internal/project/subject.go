package project

import (
	"context"
	"slices"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

// Subject returns the project as rules see it, the httpd side included. The error is that of [Project.Apache]; the subject
// is then that of the .any side alone.
func (p *Project) Subject(ctx context.Context) (*lint.Subject, error) {
	s := &lint.Subject{
		Config: p.Config, Found: p.Findings, Profile: string(p.Kind), Immutable: p.Immutable, Oracle: p.Oracle(), Folders: p.Folders(),
	}
	included := map[*source.File][]source.Span{}
	s.Included = func(f *source.File) []source.Span { return included[f] }
	if p.Tree != nil {
		s.Files = p.Tree.Files
		for _, f := range s.Files {
			included[f.Src] = p.Tree.Included(f)
		}
	}
	a, err := p.loadApache(ctx, false)
	if a == nil {
		return s, err
	}
	s.Server, s.Front = a.Server, a.Front()
	s.Found = slices.Concat(s.Found, a.Findings)
	for _, f := range a.Tree.Files {
		if a.Owned(f.Src) {
			s.ServerFiles = append(s.ServerFiles, f)
		}
	}
	noteIncluded(a, a.Tree.Nodes, included)
	noteIncluded(a, a.Tree.Done, included)
	return s, err
}

// noteIncluded takes note of the lines that led to each text first, those in texts of the platform left out.
func noteIncluded(a *Apache, nodes []*apacheconf.Node, to map[*source.File][]source.Span) {
	for _, n := range nodes {
		f := n.At.File
		if _, known := to[f]; !known && a.Owned(f) {
			var chain []source.Span
			for _, at := range n.Included {
				if a.Owned(at.File) {
					chain = append(chain, at)
				}
			}
			to[f] = chain
		}
		noteIncluded(a, n.Children, to)
	}
}
