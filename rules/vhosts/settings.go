package vhosts

import (
	"slices"

	"github.com/dispcheck/dispcheck/model/server"
)

// A Placed is settings with the sections they stand in, outermost first; none for those of the virtual host itself.
type Placed struct {
	Within []*server.Section
	*server.Settings
}

// Section is the innermost section around the settings; nil for those of the virtual host itself.
func (s *Placed) Section() *server.Section {
	if n := len(s.Within); n > 0 {
		return s.Within[n-1]
	}
	return nil
}

// Settings lists the settings of a virtual host: its own, then those of its sections and of the sections in these.
func Settings(h *server.Host) []Placed {
	var list []Placed
	var add func(s *server.Settings, within []*server.Section)
	add = func(s *server.Settings, within []*server.Section) {
		if s == nil {
			return
		}
		list = append(list, Placed{within, s})
		for _, sub := range [][]*server.Section{s.Files, s.Ifs} {
			for _, x := range sub {
				add(x.Settings, append(within[:len(within):len(within)], x))
			}
		}
	}
	add(h.Base, nil)
	for _, top := range [][]*server.Section{h.Directories, h.Locations} {
		for _, x := range top {
			add(x.Settings, []*server.Section{x})
		}
	}
	return list
}

// Dispatches reports whether a virtual host gives requests to the Dispatcher in some place, whatever is asked for.
func Dispatches(h *server.Host) bool {
	return slices.ContainsFunc(Settings(h), func(s Placed) bool { return s.Handler != nil && s.Handler.Value == server.DispatcherHandler })
}
