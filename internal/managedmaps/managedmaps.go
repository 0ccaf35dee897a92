// Package managedmaps reads opt-in/managed-rewrite-maps.yaml: the maps of redirects that AEM as a Cloud Service fetches from
// AEM by itself, without a deployment. Each becomes a database in [Folder] before httpd starts. Start from [Read].
//
// Source: AdobeDocs/experience-manager-cloud-service.en, pipeline-free-redirects.md.
package managedmaps

import (
	"errors"
	"strings"

	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

// File is where the list of maps lies in a project, Folder where their databases lie on the server.
const (
	File   = "opt-in/managed-rewrite-maps.yaml"
	Folder = "/tmp/rewrites/"
)

// A Map is an entry of the list.
type Map struct {
	Name string
	At   source.Span
}

// A Mistake is what is wrong with the list.
type Mistake struct {
	At            source.Span
	Message, Hint string
}

// Read reads the list. What can be read counts, whatever else is wrong.
func Read(f *source.File) ([]Map, []Mistake) {
	r := reader{named: map[string]bool{}}
	root, err := yamltext.Parse(f)
	if err != nil {
		var y *yamltext.Error
		if errors.As(err, &y) {
			return nil, []Mistake{{y.Span, y.Message, y.Hint}}
		}
		return nil, []Mistake{{f.Span(0, 0), err.Error(), ""}}
	}
	var list *yamltext.Node
	if root.Kind == yamltext.Mapping {
		list = root.Lookup("maps")
	}
	switch {
	case list == nil:
		r.wrong(root.Span, "write maps: and its entries below it", "there is no key maps")
	case list.Kind != yamltext.List:
		r.wrong(list.Span, "write each map behind a dash", "maps is "+list.Kind.String()+", and should be a list")
	default:
		for _, n := range list.Items {
			r.entry(n)
		}
	}
	return r.maps, r.mistakes
}

type reader struct {
	maps     []Map
	mistakes []Mistake
	named    map[string]bool
}

func (r *reader) wrong(at source.Span, hint, message string) {
	r.mistakes = append(r.mistakes, Mistake{at, message, hint})
}

func (r *reader) entry(n *yamltext.Node) {
	if n.Kind != yamltext.Mapping {
		r.wrong(n.Span, "write name: and path:", "a map is "+n.Kind.String()+", and should have keys")
		return
	}
	if p := n.Lookup("path"); p == nil || p.Text == "" {
		r.wrong(n.Span, "write path: and the address that AEM gives the map at", "a map has no path")
	}
	if w := n.Lookup("wait"); w != nil && w.Kind != yamltext.Bool {
		r.wrong(w.Span, "write true or false", "wait is "+w.Kind.String())
	}
	if t := n.Lookup("ttl"); t != nil && (t.Kind != yamltext.Number || strings.HasPrefix(t.Text, "-")) {
		r.wrong(t.Span, "write how many seconds the map is kept", "ttl is no number of seconds")
	}
	name := n.Lookup("name")
	switch {
	case name == nil || name.Text == "":
		r.wrong(n.Span, "write name: and the name of the file in "+Folder, "a map has no name")
	case strings.ContainsAny(name.Text, "/\x00"):
		r.wrong(name.Span, "write a name without a slash", "name "+name.Text+" is no name of a file")
	case r.named[name.Text]:
		r.wrong(name.Span, "give each map a name of its own", "two maps have the name "+name.Text)
	default:
		r.named[name.Text] = true
		r.maps = append(r.maps, Map{name.Text, name.Span})
	}
}
