// Package vhosts says which virtual host of httpd and which farm get the requests for a name, for the rules that compare the two
// sides of a configuration. It asks the typed configurations alone; what httpd makes of a request on the way is asked of
// [lint.Front] by [Reaches]. Start from [First] and [FarmOf].
package vhosts

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// A Name is a name of a virtual host: ServerName or a word of ServerAlias.
type Name struct {
	Text string
	// At is the word; of ServerName, whose word is not known, the line.
	At source.Span
	// Wild says that Text has a * or a ?.
	Wild bool
	// Server says that it is ServerName.
	Server bool
}

// Platform reports whether a text is one that the platform brings, which is not the project's.
func Platform(f *source.File) bool { return f == nil || strings.HasPrefix(f.Name, "base:") }

// Changeable reports whether a text of the httpd side is the project's to change: not one that the platform brings, and not
// the project's copy of one.
func Changeable(s *lint.Subject, f *source.File) bool {
	return !Platform(f) && (s.Immutable == nil || !s.Immutable(f))
}

// Own reports whether a virtual host is the project's to change.
func Own(p *lint.Pass, h *server.Host) bool { return Changeable(p.Subject, h.At.File) }

// Names are the names of a virtual host, its own ServerName first. Those with a variable that nothing defines are left out.
func Names(h *server.Host) []Name {
	var out []Name
	if h.Name.Set && h.Name.Host != "" && !strings.Contains(h.Name.Host, "${") {
		out = append(out, Name{Text: h.Name.Host, At: WordOf(h.Name.At, h.Name.Host), Server: true})
	}
	for _, a := range h.Names {
		if !strings.Contains(a.Pattern, "${") {
			out = append(out, Name{Text: a.Pattern, At: a.WordAt, Wild: a.Wild})
		}
	}
	return out
}

// WordOf is where a word stands in a line, or the line where it does not.
func WordOf(line source.Span, word string) source.Span {
	if i := strings.LastIndex(line.Text(), word); word != "" && i >= 0 {
		return source.Span{File: line.File, Start: line.Start + int32(i), End: line.Start + int32(i+len(word))}
	}
	return line
}

// Public reports whether a name is one by which visitors come, and not one of the machine itself or of the platform.
func Public(name string) bool {
	name = strings.ToLower(name)
	switch {
	case !strings.Contains(name, "."), name == "127.0.0.1", strings.HasSuffix(name, ".local"), strings.HasSuffix(name, ".localhost"),
		strings.HasSuffix(name, ".adobeaemcloud.com"), strings.HasSuffix(name, ".adobeaemcloud.net"), strings.HasSuffix(name, ".invalid"):
		return false
	}
	return true
}

// Sample is a name that a pattern of ServerAlias matches.
func Sample(pattern string) string { return strings.NewReplacer("*", "zq", "?", "z").Replace(pattern) }

// Called is a name by which a virtual host is asked: its first, or one that its first pattern matches. False where it has
// none of its own.
func Called(h *server.Host) (string, bool) {
	for _, n := range Names(h) {
		if host := Sample(n.Text); !n.Server || host == n.Text {
			return host, true
		}
	}
	return "", false
}

// Answers reports whether a virtual host knows a host by one of its names, and by which.
func Answers(h *server.Host, host string) (Name, bool) {
	for _, n := range Names(h) {
		if n.Server && strings.EqualFold(n.Text, host) || !n.Server && server.MatchName(n.Text, host) {
			return n, true
		}
	}
	return Name{}, false
}

// Meet reports whether two virtual hosts have an address in common.
func Meet(a, b *server.Host) bool {
	return slices.ContainsFunc(a.Addresses, func(x server.Address) bool {
		return slices.ContainsFunc(b.Addresses, func(y server.Address) bool { return x.Addr == y.Addr && x.Port == y.Port && x.Host == y.Host })
	})
}

// First is the virtual host that gets the requests for a host that h knows: the first of those at its addresses. Nil where
// none knows it.
func First(s *server.Server, h *server.Host, host string) *server.Host {
	for _, g := range s.Hosts {
		if _, ok := Answers(g, host); ok && (g == h || Meet(g, h)) {
			return g
		}
	}
	return nil
}

// FarmOf is the farm that gets the requests for a host: from the last farm up, by the values of /virtualhosts. Certain is
// false where a value names a scheme or a URL too, or holds a variable that nothing defines.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md.
func FarmOf(c *model.Config, host string) (farm *model.Farm, certain bool) {
	host = strings.ToLower(host)
	certain = true
	for i := len(c.Farms) - 1; i >= 0; i-- {
		for _, v := range c.Farms[i].VirtualHosts {
			switch {
			case v.Host == nil || strings.Contains(v.Text, "${"):
				certain = false
			case v.Scheme != "" || v.URI != nil || v.HasPort:
				if bare, _, _ := strings.Cut(v.HostText, ":"); v.Host.Match(host) || v.HasPort && server.MatchName(bare, host) {
					certain = false
				}
			case farm == nil && v.Host.Match(host):
				farm = c.Farms[i]
			}
		}
	}
	return farm, certain
}

// Known is what a configuration is read as: whole, with farms.
func Known(p *lint.Pass) *model.Config {
	c := p.Subject.Config
	if c == nil || len(c.Farms) == 0 || len(c.Wrapped) > 0 {
		return nil
	}
	return c
}

type reach struct {
	h    *server.Host
	name string
}

// Reaches reports whether a request for a page of a virtual host comes to the Dispatcher.
func Reaches(p *lint.Pass, h *server.Host, name string) bool {
	return lint.Memo(p, reach{h, name}, func() bool {
		if p.Subject.Front == nil {
			return false
		}
		var a lint.FrontAnswer
		err := p.Subject.Front.Serve(p.Context(), &lint.FrontQuestion{Of: h, Host: name, URL: "/content/page.html"}, &a)
		return err == nil && a.HandledBy == server.DispatcherHandler && (a.Host == nil || a.Host == h)
	})
}

// A Pair is a virtual host with a farm to which it hands the requests for a name.
type Pair struct {
	Host *server.Host
	Farm *model.Farm
	Name string
}

type pairs struct{}

// Pairs are the virtual hosts of the project with the farms that they surely hand requests to, one for each two.
func Pairs(p *lint.Pass) []Pair {
	return lint.Memo(p, pairs{}, func() []Pair {
		c, s := Known(p), p.Subject.Server
		if c == nil || s == nil {
			return nil
		}
		var out []Pair
		for _, h := range s.Hosts {
			if Platform(h.At.File) {
				continue
			}
			for _, n := range Names(h) {
				host := Sample(n.Text)
				if n.Server && !strings.Contains(host, ".") || First(s, h, host) != h {
					continue
				}
				f, certain := FarmOf(c, host)
				if f == nil || !certain || slices.ContainsFunc(out, func(q Pair) bool { return q.Host == h && q.Farm == f }) || !Reaches(p, h, host) {
					continue
				}
				out = append(out, Pair{h, f, host})
			}
		}
		return out
	})
}
