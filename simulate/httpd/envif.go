package httpd

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
)

// headerParser sets the environment that sections ask for. It sees the path as rules left it.
func (x *exchange) headerParser() verdict {
	x.settled = true
	if list := x.settings().EnvIf; len(list) > 0 {
		// What stands outside of sections comes first in the list, and was done in postRead.
		x.setEnvIf(list[len(x.host.base.settings.EnvIf):], false)
	}
	return goOn
}

// setEnvIf runs SetEnvIf and its kin. Later lines see what earlier ones set.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_setenvif.html.
func (x *exchange) setEnvIf(list []*server.EnvIf, _ bool) {
	for _, e := range list {
		if e.Expr != nil {
			ok, subject, caps, err := x.evaluateFor(e)
			if err != nil {
				x.exprNotSimulated(err, e.Place)
				continue
			}
			if ok {
				if caps == nil && refers(e.Set) {
					x.notSimulated(server.Construct{Text: "SetEnvIfExpr", Why: "what $1 is where no pattern matched is not defined", Place: e.Place})
				}
				x.assign(e.Set, subject, caps)
			}
			continue
		}
		if e.Pattern == nil {
			continue
		}
		mark := x.unknowns.Begin()
		subject := x.attribute(e)
		ok, caps := x.matches(e.Pattern, subject, x.groups[:0])
		if x.unknowns != nil {
			x.doubtVariables(mark, e.Set)
		}
		if ok && simple(e.Pattern.Text) {
			x.assignAsIs(e.Set)
		} else if ok {
			x.assign(e.Set, subject, caps)
		}
	}
}

// doubtVariables notes that variables hang on what was looked at since mark and is not known.
func (x *exchange) doubtVariables(mark int, set []server.EnvAssignment) {
	for i := range set {
		x.unknowns.SetsVariable(mark, set[i].Name)
	}
	x.unknowns.Forget(mark)
}

// evaluateFor is evaluate for a line that sets variables.
func (x *exchange) evaluateFor(e *server.EnvIf) (ok bool, subject string, caps []int, err error) {
	mark := x.unknowns.Begin()
	ok, subject, caps, err = x.evaluateLooking(e.Expr, true)
	if x.unknowns != nil {
		x.doubtVariables(mark, e.Set)
	}
	return ok, subject, caps, err
}

// refers reports whether a value has groups in it.
func refers(set []server.EnvAssignment) bool {
	return slices.ContainsFunc(set, func(s server.EnvAssignment) bool { return !s.Unset && strings.ContainsRune(s.Value, '$') })
}

// simple reports whether httpd searches for a pattern as a text, and so finds no groups in it.
func simple(pattern string) bool {
	return strings.IndexFunc(pattern, func(r rune) bool {
		return r > 'z' || !isLetter(byte(r)) && (r < '0' || r > '9') && r != '-' && r != '_'
	}) < 0
}

// assignAsIs sets variables, $ and all.
func (x *exchange) assignAsIs(set []server.EnvAssignment) {
	for i := range set {
		if set[i].Unset {
			x.env.unset(set[i].Name)
		} else {
			x.env.set(set[i].Name, set[i].Value)
		}
	}
}

// assign sets variables, $0 to $9 replaced.
func (x *exchange) assign(set []server.EnvAssignment, subject string, caps []int) {
	for i := range set {
		s := &set[i]
		if s.Unset {
			x.env.unset(s.Name)
			continue
		}
		x.env.set(s.Name, substitute(s.Value, subject, caps))
	}
}

// attribute returns what a SetEnvIf looks at; "" where it is not there.
func (x *exchange) attribute(e *server.EnvIf) string {
	if e.AttributePattern != nil {
		last := ""
		for _, h := range x.headers {
			if ok, _ := x.matches(e.AttributePattern, h.Name, nil); ok {
				last = h.Value
			}
		}
		return last
	}
	switch name := e.Attribute; {
	case sameName(name, "request_uri"):
		if !x.settled && !x.redirected {
			return x.original
		}
		return x.uri
	case sameName(name, "request_method"):
		return x.method
	case sameName(name, "request_protocol"):
		return x.proto()
	case sameName(name, "remote_addr"), sameName(name, "remote_host"):
		x.unknowns.LooksAtClient()
		return x.clientText()
	case sameName(name, "server_addr"):
		return x.serverAddr()
	}
	if v, ok := x.headers.get(e.Attribute); ok {
		return v
	}
	v, ok := x.env.get(e.Attribute)
	if !ok && x.unknowns != nil && e.Attribute != "" && !strings.Contains(e.Attribute, "_") {
		x.unknowns.LacksHeader(e.Attribute) // headers have no underscore in their names, variables mostly have
	}
	return v
}
