package httpd

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
)

// access asks whether the request is allowed: by AllowMethods, by Order, Allow and Deny, and by Require. Credentials are
// not checked: a request without any is asked for them, one that has some makes the result uncertain.
//
// Sources: httpd.apache.org/docs/2.4, mod/mod_authz_core.html, mod/mod_access_compat.html.
func (x *exchange) access() verdict {
	s := x.settings()
	if len(s.AllowMethods) > 0 && !slices.Contains(s.AllowMethods, "reset") && !slices.Contains(s.AllowMethods, x.method) &&
		!(x.method == "HEAD" && slices.Contains(s.AllowMethods, "GET")) {
		return x.refuse(405, "AllowMethods")
	}
	a := s.Access
	if a == nil {
		return goOn
	}
	by, compat := x.accessCompat(a)
	if a.SatisfyAny != nil && *a.SatisfyAny && compat {
		return goOn
	}
	if !compat && !(a.SatisfyAny != nil && *a.SatisfyAny) {
		x.decide(by, "Order, Allow, Deny")
		return 403
	}
	if a.Require == nil {
		return goOn
	}
	place := server.Place{}
	switch x.authorize(a.Require, &place) {
	case authGranted:
		return goOn
	case authNeutral:
		if !covered(a.Require, x.method) {
			return goOn // nothing is required for the method
		}
	case authNoUser:
		return x.challenge(a, place)
	}
	x.decide(place, "Require")
	return 403
}

// challenge asks for credentials.
func (x *exchange) challenge(a *server.Access, place server.Place) verdict {
	if a.AuthType == "" {
		x.decide(place, "Require asks for a user, and there is no AuthType")
		return 500
	}
	mark := x.unknowns.Begin()
	_, has := x.header("Authorization")
	if x.unknowns.End(mark, has) {
		x.notSimulated(server.Construct{Text: "AuthType " + a.AuthType, Why: "credentials are not checked", Place: a.AuthAt})
		return goOn
	}
	x.decide(place, "Require")
	x.always.set("WWW-Authenticate", a.AuthType+` realm="`+a.AuthName+`"`)
	return 401
}

// covered reports whether anything is required for a method.
func covered(r *server.Requirement, method string) bool {
	if !r.Methods.Covers(method) {
		return false
	}
	return len(r.Children) == 0 || slices.ContainsFunc(r.Children, func(c *server.Requirement) bool { return covered(c, method) })
}

type authResult uint8

const (
	authNeutral authResult = iota
	authGranted
	authDenied
	authNoUser
)

// authorize judges a requirement. place is the one that decided.
func (x *exchange) authorize(r *server.Requirement, place *server.Place) authResult {
	if !r.Methods.Covers(x.method) {
		return authNeutral
	}
	var result authResult
	switch r.Kind {
	case server.RequireAny, server.RequireAll, server.RequireNone:
		result = x.authorizeAll(r, place)
	default:
		result = x.judge(r)
		if result != authNeutral {
			*place = r.Place
		}
	}
	if r.Negated || r.Kind == server.RequireNone {
		switch result {
		case authGranted:
			return authDenied
		case authDenied, authNoUser:
			return authNeutral
		}
	}
	return result
}

func (x *exchange) authorizeAll(r *server.Requirement, place *server.Place) authResult {
	result := authNeutral
	all := r.Kind == server.RequireAll
	if len(r.Children) == 0 {
		*place = r.Place
	}
	for _, c := range r.Children {
		var at server.Place
		child := x.authorize(c, &at)
		switch {
		case child == authNeutral:
			continue
		case all && child == authDenied, !all && child == authGranted:
			*place = at
			return child
		case result == authNeutral, all && child == authNoUser && result != authDenied, !all && child == authNoUser && result == authDenied:
			result, *place = child, at
		}
	}
	return result
}

// judge judges a single Require.
func (x *exchange) judge(r *server.Requirement) authResult {
	yes := false
	switch r.Kind {
	case server.RequireGranted:
		yes = true
	case server.RequireDenied:
	case server.RequireIP:
		yes = x.clientIs(slices.ContainsFunc(r.Prefixes, func(p netip.Prefix) bool { return p.Contains(x.client.Unmap()) }))
	case server.RequireLocal:
		yes = x.clientIs(x.client.IsLoopback() || x.client == x.req.Local)
	case server.RequireMethod:
		yes = slices.Contains(r.Words, x.method) || x.method == "HEAD" && slices.Contains(r.Words, "GET")
	case server.RequireEnv:
		yes = slices.ContainsFunc(r.Words, x.isSet)
	case server.RequireExpr:
		ok, _, _, err := x.evaluate(r.Expr)
		if err != nil {
			x.exprNotSimulated(err, r.Place)
		}
		yes = ok
	case server.RequireUser:
		return authNoUser
	default:
		x.notSimulated(server.Construct{Text: "Require " + strings.Join(r.Words, " "), Why: "names are not looked up", Place: r.Place})
	}
	if yes {
		return authGranted
	}
	return authDenied
}

// accessCompat judges Order, Allow and Deny. Without them everything is allowed.
func (x *exchange) accessCompat(a *server.Access) (by server.Place, ok bool) {
	if a.Order == nil && len(a.LimitedOrders) == 0 && len(a.Allow) == 0 && len(a.Deny) == 0 {
		return server.Place{}, true
	}
	order := a.Order
	for _, o := range a.LimitedOrders {
		if o.Methods.Covers(x.method) {
			order = o
		}
	}
	var allowed, denied *server.AccessHost
	for i := range a.Allow {
		if allowed == nil && x.isHost(&a.Allow[i]) {
			allowed = &a.Allow[i]
		}
	}
	for i := range a.Deny {
		if denied == nil && x.isHost(&a.Deny[i]) {
			denied = &a.Deny[i]
		}
	}
	if order != nil {
		by = order.Place
	}
	if denied != nil {
		by = denied.Place
	}
	switch {
	case order != nil && (order.AllowFirst || order.Mutual):
		ok = allowed != nil && denied == nil
	default:
		ok = denied == nil || allowed != nil
	}
	return by, ok
}

func (x *exchange) isHost(h *server.AccessHost) bool {
	switch {
	case !h.Methods.Covers(x.method):
		return false
	case h.All:
		return true
	case h.Env != "":
		return x.isSet(h.Env) != h.Negated
	case h.Prefix.IsValid():
		return x.clientIs(h.Prefix.Contains(x.client.Unmap()))
	}
	x.notSimulated(server.Construct{Text: "from " + h.Host, Why: "names are not looked up", Place: h.Place})
	return false
}

// clientIs ends a test of the client's address.
func (x *exchange) clientIs(yes bool) bool {
	mark := x.unknowns.Begin()
	x.unknowns.LooksAtClient()
	return x.unknowns.End(mark, yes)
}

// isSet tests a variable.
func (x *exchange) isSet(name string) bool {
	mark := x.unknowns.Begin()
	x.unknowns.LooksAtVariable(name)
	_, ok := x.env.get(name)
	return x.unknowns.End(mark, ok)
}
