package server

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
)

// effective merges the main server into each virtual host, as the modules of httpd do, and puts folders into the order in
// which requests meet them.
//
// Sources: httpd.apache.org/docs/2.4, vhosts/, sections.html; recorded from httpd 2.4.71.
func (d *decoder) effective() {
	for _, b := range d.hosts {
		d.inherit(b)
	}
	main := d.main.host
	if !d.main.rewrite {
		main.Rewrite.On = nil
	}
	main.RemoteIP = headed(main.RemoteIP)
	sortDirectories(main.Directories)
	for _, h := range d.s.Hosts {
		sortDirectories(h.Directories)
	}
}

// inherit gives a virtual host what it has of the main server.
func (d *decoder) inherit(b *build) {
	h, main := b.host, d.main.host
	if !h.Name.Set {
		h.Name = main.Name
		h.Name.Set = false
	}
	if h.DocumentRoot.Value == "" {
		h.DocumentRoot = main.DocumentRoot
	}
	keep(b, "slashes", &h.EncodedSlashes, main.EncodedSlashes)
	keep(b, "slashes", &h.EncodedAt, main.EncodedAt)
	keep(b, "merge", &h.KeepSlashes, main.KeepSlashes)
	keep(b, "canonical", &h.CanonicalName, main.CanonicalName)
	keep(b, "physical", &h.PhysicalPort, main.PhysicalPort)
	keep(b, "trace", &h.Trace, main.Trace)
	keep(b, "strict", &h.UnsafeRequests, main.UnsafeRequests)
	h.LimitLine = cmp.Or(h.LimitLine, main.LimitLine)
	h.LimitFieldSize = cmp.Or(h.LimitFieldSize, main.LimitFieldSize)
	h.LimitFields = cmp.Or(h.LimitFields, main.LimitFields)
	h.Recursion = cmp.Or(h.Recursion, main.Recursion)
	if !b.logSet {
		h.RewriteLogLevel = main.RewriteLogLevel
	}
	d.inheritRewrite(b)
	// Those of the virtual host are tried first.
	h.Aliases = behind(h.Aliases, main.Aliases)
	h.Redirects = behind(h.Redirects, main.Redirects)
	h.Proxies = behind(h.Proxies, main.Proxies)
	h.RemoteIP = mergeRemoteIP(main.RemoteIP, h.RemoteIP)
	h.Base = main.Base.Merge(h.Base)
	h.Directories = joinSections(main.Directories, h.Directories)
	h.Locations = joinSections(main.Locations, h.Locations)
	h.ProxySections = joinSections(main.ProxySections, h.ProxySections)
	h.Dispatcher = behind(main.Dispatcher, h.Dispatcher)
	h.NotSimulated = behind(main.NotSimulated, h.NotSimulated)
}

func keep[T any](b *build, name string, to *T, of T) {
	if !b.set[name] {
		*to = of
	}
}

// joinSections copies, because each list is sorted later.
func joinSections(first, second []*Section) []*Section {
	return append(slices.Clip(slices.Clone(first)), second...)
}

// inheritRewrite merges mod_rewrite at the server's level. A virtual host with no directive of mod_rewrite has none, whatever
// the main server says; with one, it has the main server's RewriteEngine unless it has its own. Rules and maps are only
// inherited where RewriteOptions say so.
func (d *decoder) inheritRewrite(b *build) {
	h, main := b.host, d.main.host
	r, base := &h.Rewrite, &main.Rewrite
	if !r.OptionsSet {
		own := *r
		*r = *base
		r.On, r.OnAt, r.Rules, r.Base, r.OptionsSet = own.On, own.OnAt, own.Rules, own.Base, false
	}
	if b.rewrite && r.On == nil {
		r.On, r.OnAt = base.On, base.OnAt
	}
	down := !r.IgnoreInherit
	inherit := r.Inherit || base.InheritDown && down
	before := r.InheritBefore || base.InheritDownBefore && down
	if inherit || before {
		m := maps.Clone(main.Maps)
		maps.Copy(m, h.Maps)
		h.Maps = m
	}
	switch {
	case !b.rewrite && !(inherit || before):
		r.On = nil
	case inherit:
		r.Rules = behind(r.Rules, base.Rules)
	case before:
		r.Rules = behind(base.Rules, r.Rules)
	}
	if !b.rewrite {
		// No configuration of mod_rewrite belongs to this host, so that httpd runs no rules in it.
		r.On, r.Rules = nil, nil
	}
}

func mergeRemoteIP(base, over *RemoteIP) *RemoteIP {
	switch {
	case over == nil:
		return headed(base)
	case base == nil:
		return headed(over)
	}
	m := *over
	if m.Header.Value == "" {
		m.Header = base.Header
	}
	m.ProxiesHeader = cmp.Or(m.ProxiesHeader, base.ProxiesHeader)
	if m.Internal == nil && m.Trusted == nil {
		m.Internal, m.Trusted = base.Internal, base.Trusted
	}
	return headed(&m)
}

// headed is nil for settings without a header, which do nothing.
func headed(r *RemoteIP) *RemoteIP {
	if r == nil || r.Header.Value == "" {
		return nil
	}
	return r
}

// sortDirectories puts folders with fewer segments first, and those with a regular expression last.
func sortDirectories(list []*Section) {
	slices.SortStableFunc(list, func(a, b *Section) int {
		return cmp.Compare(depth(a), depth(b))
	})
}

func depth(s *Section) int {
	if s.Pattern != nil {
		return 1 << 30
	}
	return strings.Count(strings.TrimRight(s.Path, "/"), "/")
}

// loadTypes reads the file of TypesConfig.
func (d *decoder) loadTypes() {
	if d.o.ReadFile == nil || !d.tree.Modules["mime_module"] {
		return
	}
	name := "conf/mime.types"
	if d.types != nil {
		name = d.types.Value
	}
	text, err := d.o.ReadFile(apacheconf.Absolute(d.tree.Root, name))
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Fields(line)
		for i := 1; i < len(f); i++ {
			d.s.Types[strings.ToLower(f[i])] = f[0]
		}
	}
}
