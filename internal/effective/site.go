package effective

import (
	"context"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// A Site is a project as it would run in one environment.
type Site struct {
	Project *project.Project
	// Config is the .any side, Apache that of httpd; nil where the project has none.
	Config *model.Config
	Apache *project.Apache

	version simulate.Version
	// values are the values of the .any side that variables were put into, by where they stand.
	values map[source.Span]*grammar.Value
	// defines are the Define lines of httpd that gave a value, by where they stand.
	defines map[source.Span]*apacheconf.Node
	// nodes are the directives that httpd has, by where they stand and how they came in.
	nodes map[string]*apacheconf.Node
}

// New prepares a project; version is the release of the module that chooses farms, its zero value the newest. The error is
// that of project.Project.Apache.
func New(ctx context.Context, p *project.Project, version simulate.Version) (*Site, error) {
	s := &Site{
		Project: p, Config: p.Config, version: version,
		values: map[source.Span]*grammar.Value{}, defines: map[source.Span]*apacheconf.Node{}, nodes: map[string]*apacheconf.Node{},
	}
	if p.Tree != nil {
		s.noteValues(p.Tree.Items)
	}
	var err error
	if s.Apache, err = p.Apache(ctx); err != nil || s.Apache == nil {
		return s, err
	}
	for _, n := range s.Apache.Tree.Done {
		if n.Key == "define" {
			s.defines[n.At] = n
		}
	}
	s.noteNodes(s.Apache.Tree.Nodes)
	return s, nil
}

func (s *Site) noteValues(items []grammar.Item) {
	note := func(v *grammar.Value) {
		if v != nil && v.Expanded != nil {
			s.values[v.At] = v
		}
	}
	for _, it := range items {
		switch it := it.(type) {
		case *grammar.Property:
			note(it.Value)
			if it.Block != nil {
				s.noteValues(it.Block.Items)
			}
		case *grammar.Block:
			s.noteValues(it.Items)
		case *grammar.Value:
			note(it)
		}
	}
}

func (s *Site) noteNodes(nodes []*apacheconf.Node) {
	for _, n := range nodes {
		s.nodes[placeKey(n.At, n.Included)] = n
		s.noteNodes(n.Children)
	}
}

// node is the directive at a place; nil where there is none.
func (s *Site) node(p server.Place) *apacheconf.Node {
	if p.At.IsZero() {
		return nil
	}
	return s.nodes[placeKey(p.At, p.Included)]
}
