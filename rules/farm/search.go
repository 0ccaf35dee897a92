package farm

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/unread"
	"github.com/dispcheck/dispcheck/source"
)

// A search is how the farms of a configuration are searched for a host: from the last farm up, at first the values
// that name a scheme or a URL, then those that name a host alone
// (AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md).
type search struct {
	farms []*model.Farm
	// shared are the places of values that more than one farm has, from one file that they include.
	shared map[source.Span]bool
	// plain are the first values that name a host alone, from the first farm down: what a farm for all hosts below
	// them takes.
	plain []host
}

// A host is a value of a farm, the one with the index in.
type host struct {
	in    int
	value *model.VirtualHost
}

// maxPlain bounds the values that are kept for findings to name.
const maxPlain = 100

func newSearch(c *model.Config) *search {
	s := search{farms: c.Farms, shared: map[source.Span]bool{}}
	in := map[source.Span]*model.Farm{}
	for i, f := range c.Farms {
		for _, v := range f.VirtualHosts {
			if len(s.plain) < maxPlain && determined(v) && !explicit(v) {
				s.plain = append(s.plain, host{i, v})
			}
			if other, ok := in[v.At.Span]; ok && other != f {
				s.shared[v.At.Span] = true
			}
			in[v.At.Span] = f
		}
	}
	return &s
}

// at returns where a farm says a value: the value, or the line of the farm that includes it where other farms
// include it too and are not at fault.
func (s *search) at(f *model.Farm, v *model.VirtualHost) model.Place {
	if n := len(f.At.Included); s.shared[v.At.Span] && n < len(v.At.Included) {
		return model.Place{Span: v.At.Included[n], Included: v.At.Included[:n:n]}
	}
	return v.At
}

// determined reports whether a value is known here: it is not empty and holds no variable that is not defined.
func determined(v *model.VirtualHost) bool {
	return v.Text != "" && v.Host != nil && !strings.Contains(v.Text, "${") && !strings.Contains(v.Text, "$<")
}

// explicit reports whether a value names a scheme or a URL, for which it is tried before those that do not.
func explicit(v *model.VirtualHost) bool { return v.Scheme != "" || v.URI != nil }

// catchAll reports whether a value takes every host, with every scheme and URL.
func catchAll(v *model.VirtualHost) bool {
	return determined(v) && !explicit(v) && !v.HasPort && v.Host.Always()
}

// key is the same for two values that match the same requests since they are the same text, but for letter case in
// the host and asterisks at the end of the URL, which is a prefix anyway.
func key(v *model.VirtualHost) string {
	k := v.Scheme + "|" + strings.ToLower(v.HostText)
	if v.URI != nil {
		k += strings.TrimRight(v.URIText, "*")
	}
	return k
}

// wholeFarms reports whether the farms are there as their owner wrote them: what was read is not a part of one.
func wholeFarms(c *model.Config) bool { return !unread.Part(c) }

// brokenFiles are those in which something may have taken farms away or put them elsewhere.
func brokenFiles(s *lint.Subject) map[*source.File]bool {
	return unread.Files(s, misplacing[:]...)
}

// misplacing are further rules that say that entries may stand elsewhere than they were meant to.
var misplacing = [...]string{"DSP001", "DSP014", "DSP029", "DSP110"}

// misplaces reports whether a rule says that entries may stand elsewhere than they were meant to.
func misplaces(rule string) bool {
	return slices.Contains(misplacing[:], rule) || grammar.Misplaces(diag.Diagnostic{Rule: rule})
}
