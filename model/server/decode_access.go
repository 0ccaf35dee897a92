package server

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
)

func access(s *Settings) *Access {
	if s.Access == nil {
		s.Access = &Access{}
	}
	return s.Access
}

// provider says what Require asks for by a name, and which module answers.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_authz_core.html and the pages of the other mod_authz modules.
func provider(name string) (kind RequireKind, module string, ok bool) {
	switch name {
	case "all":
		return RequireGranted, "authz_core_module", true
	case "env":
		return RequireEnv, "authz_core_module", true
	case "method":
		return RequireMethod, "authz_core_module", true
	case "expr":
		return RequireExpr, "authz_core_module", true
	case "ip":
		return RequireIP, "authz_host_module", true
	case "host":
		return RequireHost, "authz_host_module", true
	case "forward-dns":
		return RequireForward, "authz_host_module", true
	case "local":
		return RequireLocal, "authz_host_module", true
	case "user", "valid-user":
		return RequireUser, "authz_user_module", true
	case "group":
		return RequireUser, "authz_groupfile_module", true
	case "file-group":
		return RequireUser, "authz_groupfile_module", true
	case "file-owner":
		return RequireUser, "authz_owner_module", true
	case "dbm-group", "dbm-file-group":
		return RequireUser, "authz_dbm_module", true
	case "dbd-group", "dbd-login", "dbd-logout":
		return RequireUser, "authz_dbd_module", true
	case "ldap-user", "ldap-group", "ldap-dn", "ldap-attribute", "ldap-filter", "ldap-search":
		return RequireUser, "authnz_ldap_module", true
	}
	return 0, "", false
}

var providerNames = [...]string{"all", "env", "method", "expr", "ip", "host", "forward-dns", "local", "user", "valid-user", "group",
	"file-group", "file-owner"}

// require decodes a line of Require.
func (d *decoder) require(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	r := &Requirement{Place: placeOf(n), Methods: sc.limit}
	if len(words) > 1 && strings.EqualFold(words[0].Text, "not") {
		r.Negated = true
		words = words[1:]
	}
	if len(words) == 0 {
		d.refuse(ruleCount, n, n.NameAt, "write Require all granted, or what is asked for", "Require has no argument")
		return
	}
	name := words[0].Text
	kind, module, ok := provider(name)
	if d.aliases[name] {
		kind, module, ok = RequireUser, "", true
	}
	if !ok || module != "" && !d.tree.Modules[module] {
		hint := "Require asks for " + strings.Join(providerNames[:], ", ")
		if module != "" {
			hint = "load " + module
		} else if near := nearestOf(name, providerNames[:]); near != "" {
			hint = "did you mean " + near
		}
		d.argument(n, words[0], hint, "Require asks for %q, which no module knows", name)
		return
	}
	r.Kind = kind
	rest := words[1:]
	for _, w := range rest {
		r.Words = append(r.Words, w.Text)
	}
	switch kind {
	case RequireGranted:
		switch {
		case len(rest) == 1 && strings.EqualFold(rest[0].Text, "granted"):
		case len(rest) == 1 && strings.EqualFold(rest[0].Text, "denied"):
			r.Kind = RequireDenied
		default:
			d.refuse(ruleArgument, n, n.ArgsAt, "write Require all granted or Require all denied", "Require all is neither granted nor denied")
			return
		}
	case RequireIP:
		if len(rest) == 0 {
			d.refuse(ruleCount, n, n.ArgsAt, "name an address or a network", "Require ip has no address")
			return
		}
		for _, w := range rest {
			p, ok := network(w.Text)
			if !ok {
				d.argument(n, w, "write an address or a network, as in 10.1.0.0/16", "Require ip has %q, which is no address", w.Text)
				return
			}
			r.Prefixes = append(r.Prefixes, p)
		}
	case RequireMethod:
		for _, w := range rest {
			if !isMethod(w.Text) {
				d.argument(n, w, "methods are in upper case", "Require method has %q, which is no method", w.Text)
				return
			}
		}
	case RequireExpr:
		text := strings.TrimSpace(n.Args[words[0].End:])
		at := n.Span(words[0].End+strings.Index(n.Args[words[0].End:], text), len(n.Args))
		if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
			text = text[1 : len(text)-1]
		}
		c, ok := d.condition(sc, n, at, text)
		if !ok {
			return
		}
		r.Expr = c.Expr
		r.Words = []string{text}
	case RequireUser:
		r.Words = append([]string{name}, r.Words...)
	}
	d.addRequirement(sc, n, r)
}

func (d *decoder) addRequirement(sc *scope, n *apacheconf.Node, r *Requirement) {
	if r.Negated || r.Kind == RequireNone {
		in := ""
		switch {
		case sc.container == nil, sc.container.Kind == RequireAny:
			in = "<RequireAny>"
		case sc.container.Kind == RequireNone:
			in = "<RequireNone>"
		}
		if in != "" {
			what := "Require not"
			if r.Kind == RequireNone {
				what = "<RequireNone>"
			}
			if in == "<RequireAny>" && sc.container == nil {
				in = "a section without <RequireAll>, which is like <RequireAny>"
			}
			d.refuse(ruleContext, n, n.At, "put it into <RequireAll> beside what grants access", "%s does nothing in %s", what, in)
			return
		}
	}
	if sc.container != nil {
		sc.container.Children = append(sc.container.Children, r)
		return
	}
	sc.place.requirements = append(sc.place.requirements, r)
}

// requireSection decodes <RequireAll>, <RequireAny> and <RequireNone>.
func (d *decoder) requireSection(sc *scope, n *apacheconf.Node) {
	r := &Requirement{Place: placeOf(n), Kind: RequireAny, Methods: sc.limit}
	switch n.Key {
	case "requireall":
		r.Kind = RequireAll
	case "requirenone":
		r.Kind = RequireNone
	}
	if n.Args != "" {
		d.refuse(ruleCount, n, n.ArgsAt, "put conditions inside", "section <%s> takes no argument", n.Name)
		return
	}
	in := *sc
	in.container = r
	before := len(d.s.Findings)
	d.nodes(&in, n.Children)
	switch {
	case len(r.Children) == 0:
		if len(d.s.Findings) == before {
			d.refuse(ruleSection, n, n.At, "put a Require into it, or remove it", "section <%s> has no Require", n.Name)
		}
		return
	case r.Kind == RequireAll && !slices.ContainsFunc(r.Children, func(c *Requirement) bool { return !c.Negated && c.Kind != RequireNone }):
		d.refuse(ruleSection, n, n.At, "add what grants access, such as Require all granted", "section <%s> has nothing that grants access", n.Name)
	}
	d.addRequirement(sc, n, r)
}

// network reads an address or a network as httpd does: 10.1, 10.1.0.0/16, 10.1.0.0/255.255.0.0, ::1.
func network(s string) (netip.Prefix, bool) {
	addr, bits, masked := strings.Cut(s, "/")
	if a, err := netip.ParseAddr(addr); err == nil && a.Zone() == "" {
		n := a.BitLen()
		if masked {
			var ok bool
			if n, ok = mask(bits, a.BitLen()); !ok {
				return netip.Prefix{}, false
			}
		}
		p, err := a.Prefix(n)
		return p, err == nil
	}
	// 10., 10.1: a part of an address
	parts := strings.Split(strings.TrimSuffix(addr, "."), ".")
	if len(parts) > 3 {
		return netip.Prefix{}, false
	}
	var b [4]byte
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 8)
		if err != nil {
			return netip.Prefix{}, false
		}
		b[i] = byte(v)
	}
	n := 8 * len(parts)
	if masked {
		var ok bool
		if n, ok = mask(bits, 32); !ok {
			return netip.Prefix{}, false
		}
	}
	p, err := netip.AddrFrom4(b).Prefix(n)
	return p, err == nil
}

// mask reads the mask of a network: a number of bits, or an address of ones and then zeros.
func mask(s string, most int) (int, bool) {
	if n, err := strconv.Atoi(s); err == nil {
		return n, n >= 0 && n <= most
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.BitLen() != most {
		return 0, false
	}
	n, done := 0, false
	for _, b := range a.AsSlice() {
		for i := 7; i >= 0; i-- {
			one := b>>i&1 == 1
			if one && done {
				return 0, false
			}
			if one {
				n++
			} else {
				done = true
			}
		}
	}
	return n, true
}

// isMethod reports whether httpd knows a method from the start.
func isMethod(s string) bool {
	switch s {
	case "GET", "HEAD", "PUT", "POST", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY",
		"MOVE", "LOCK", "UNLOCK", "VERSION-CONTROL", "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE", "LABEL", "REPORT",
		"MKWORKSPACE", "MKACTIVITY", "BASELINE-CONTROL", "MERGE", "BREW", "WHEN":
		return true
	}
	return false
}

// order, allowDeny and satisfy are mod_access_compat.
func (d *decoder) order(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	o := &AccessOrder{Place: placeOf(n), Methods: sc.limit}
	switch strings.ToLower(words[0].Text) {
	case "allow,deny":
		o.AllowFirst = true
	case "deny,allow":
	case "mutual-failure":
		o.Mutual = true
	default:
		d.argument(n, words[0], "write allow,deny or deny,allow without blanks", "Order is %q", words[0].Text)
		return
	}
	a := access(sc.place.set)
	if sc.limit != nil {
		a.LimitedOrders = append(a.LimitedOrders, o)
		return
	}
	a.Order = o
	a.LimitedOrders = nil
}

func (d *decoder) allowDeny(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	if !strings.EqualFold(words[0].Text, "from") {
		d.argument(n, words[0], "write "+n.Name+" from", "%s is not followed by from", n.Name)
		return
	}
	a := access(sc.place.set)
	for _, w := range words[1:] {
		h := AccessHost{Place: placeOf(n), Methods: sc.limit}
		lower := strings.ToLower(w.Text)
		switch {
		case lower == "all":
			h.All = true
		case strings.HasPrefix(lower, "env="):
			h.Env, h.Negated = w.Text[4:], false
			if name, ok := strings.CutPrefix(h.Env, "!"); ok {
				h.Env, h.Negated = name, true
			}
		default:
			p, ok := network(w.Text)
			if ok {
				h.Prefix = p
				break
			}
			if strings.Contains(w.Text, "/") {
				d.argument(n, w, "write a network, as in 10.1.0.0/16", "%s from has %q, which is no network", n.Name, w.Text)
				return
			}
			h.Host = w.Text
		}
		if n.Key == "allow" {
			a.Allow = append(a.Allow, h)
		} else {
			a.Deny = append(a.Deny, h)
		}
	}
}

func (d *decoder) satisfy(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	var anyOf bool
	switch strings.ToLower(words[0].Text) {
	case "any":
		anyOf = true
	case "all":
	default:
		d.argument(n, words[0], "write Any or All", "Satisfy is %q", words[0].Text)
		return
	}
	if sc.limit != nil {
		d.notSimulated(sc, n, "Satisfy in <Limit>", "")
		return
	}
	access(sc.place.set).SatisfyAny = &anyOf
}

func (d *decoder) authMerging(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	for _, v := range [...]string{"Off", "And", "Or"} {
		if strings.EqualFold(v, words[0].Text) {
			access(sc.place.set).Merging = v
			return
		}
	}
	d.argument(n, words[0], "write Off, And or Or", "AuthMerging is %q", words[0].Text)
}
