package effective

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/model/server"
)

// A Condition is a section that is decided when httpd starts: <IfDefine>, <IfModule>, <IfFile> or <IfVersion>.
type Condition struct {
	Text  string
	Holds bool
	// Hosts says that a virtual host, or names of one, stand in it.
	Hosts bool
	Origin
}

// ConditionsOf are Conditions without those that stand in other virtual hosts than h.
func (s *Site) ConditionsOf(h *server.Host) []Condition {
	if s.Apache == nil {
		return nil
	}
	return slices.DeleteFunc(s.Conditions(), func(c Condition) bool {
		return slices.ContainsFunc(s.Apache.Hosts, func(other *server.Host) bool {
			n := s.node(other.Place)
			if other == h || n == nil || n.CloseAt.IsZero() {
				return false
			}
			whole := n.At.To(n.CloseAt)
			return whole.Contains(c.At) || slices.ContainsFunc(c.Included, whole.Contains)
		})
	})
}

// Conditions returns those in texts of the project, in the order of reading.
func (s *Site) Conditions() []Condition {
	if s.Apache == nil {
		return nil
	}
	var out []Condition
	for _, t := range s.Apache.Tree.Tests {
		if o := s.originOf(t.Node); !o.Platform {
			out = append(out, Condition{"<" + t.Node.Name + " " + t.Node.Args + ">", t.Holds, t.Section != nil && hasHosts(t.Section.Items), o})
		}
	}
	return out
}

func hasHosts(items []httpd.Item) bool {
	return slices.ContainsFunc(items, func(it httpd.Item) bool {
		switch it := it.(type) {
		case *httpd.Directive:
			name := it.Name.Text()
			return strings.EqualFold(name, "ServerName") || strings.EqualFold(name, "ServerAlias")
		case *httpd.Section:
			return strings.EqualFold(it.Name.Text(), "VirtualHost") || hasHosts(it.Items)
		}
		return false
	})
}
