package httpd

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
)

// earlyHeaders runs the lines of RequestHeader and Header that are early.
func (x *exchange) earlyHeaders() {
	s := x.host.base.settings
	for _, h := range s.RequestHeaders {
		if h.Early {
			x.change(h, &x.headers)
		}
	}
	for _, h := range s.Headers {
		if h.Early {
			x.change(h, &x.out)
		}
	}
}

// changeRequestHeaders runs RequestHeader.
func (x *exchange) changeRequestHeaders() {
	for _, h := range x.settings().RequestHeaders {
		if !h.Early {
			x.change(h, &x.headers)
		}
	}
}

// changeHeaders runs the lines of Header for one of the two tables.
func (x *exchange) changeHeaders(list []*server.HeaderRule, always bool) {
	for _, h := range list {
		if h.Early || h.Always != always {
			continue
		}
		if always {
			x.change(h, &x.always)
		} else {
			x.change(h, &x.out)
		}
	}
}

// change runs one line. The type of the answer is in neither table of answers until it is sent: set, setifempty, edit and
// unset change it beside the table, from both; what add, append and merge make of it is not sent.
func (x *exchange) change(h *server.HeaderRule, t *table) {
	if h.EnvName != "" {
		if x.isSet(h.EnvName) == h.EnvNegated {
			return
		}
	}
	if h.Condition != nil && !x.holds(h.Condition) {
		return
	}
	typed := t != &x.headers && sameName(h.Name, "Content-Type")
	switch h.Action {
	case server.HeaderUnset:
		t.unset(h.Name)
		if typed {
			x.contentType = ""
		}
		return
	case server.HeaderEcho:
		for _, f := range x.sent {
			if h.Echo != nil {
				if ok, _ := x.matches(h.Echo, f.Name, nil); ok {
					t.add(f.Name, f.Value)
				}
			}
		}
		return
	case server.HeaderNote:
		return
	case server.HeaderEdit, server.HeaderEditAll:
		if typed && x.contentType != "" {
			x.contentType = x.edit(h, x.contentType)
			x.suspect = x.suspect || hasControl(x.contentType)
		}
		for i := range *t {
			if sameName((*t)[i].Name, h.Name) {
				(*t)[i].Value = x.edit(h, (*t)[i].Value)
				x.suspect = x.suspect || hasControl((*t)[i].Value)
			}
		}
		return
	case server.HeaderSetIfEmpty:
		if _, ok := t.get(h.Name); ok {
			return
		}
	}
	value, ok := x.headerValue(h)
	if !ok {
		return
	}
	if h.ValueExpr != nil || len(h.Value) > 1 || len(h.Value) == 1 && h.Value[0].Format != 0 {
		x.suspect = x.suspect || hasControl(value)
	}
	switch h.Action {
	case server.HeaderSet, server.HeaderSetIfEmpty:
		t.set(h.Name, value)
		if typed {
			x.contentType = value
		}
	case server.HeaderAppend:
		t.merge(h.Name, value)
	case server.HeaderAdd:
		t.add(h.Name, value)
	case server.HeaderMerge:
		if old, ok := t.get(h.Name); !ok {
			t.add(h.Name, value)
		} else if !hasElement(old, value) {
			t.merge(h.Name, value)
		}
	}
}

// hasElement reports whether a list of words has one.
func hasElement(list, word string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(s string) bool { return strings.TrimSpace(s) == word })
}

// headerValue makes the value of a line; false where it is not simulated.
func (x *exchange) headerValue(h *server.HeaderRule) (string, bool) {
	if h.ValueExpr != nil {
		v, err := x.stringOf(h.ValueExpr)
		if err != nil {
			x.exprNotSimulated(err, h.Place)
			return "", false
		}
		return v, true
	}
	if len(h.Value) == 1 && h.Value[0].Format == 0 {
		return h.Value[0].Text, true
	}
	var b strings.Builder
	for i := range h.Value {
		p := &h.Value[i]
		switch p.Format {
		case 0:
			b.WriteString(p.Text)
		case 'e':
			if v, ok := x.env.get(p.Name); ok {
				b.WriteString(v)
			} else {
				b.WriteString("(null)")
			}
		case 't':
			b.WriteString("t=" + strconv.FormatInt(x.engine.o.Now().UnixMicro(), 10))
		case 's':
			b.WriteString("(null)")
		default:
			x.notSimulated(server.Construct{Text: "%" + string(p.Format), Why: "a time or a load is not known", Place: h.Place})
		}
	}
	return b.String(), true
}

// edit replaces what a pattern matches: the first, or with edit* every.
func (x *exchange) edit(h *server.HeaderRule, value string) string {
	if h.Edit == nil {
		return value
	}
	text, ok := x.headerValue(h)
	if !ok {
		return value
	}
	var b strings.Builder
	rest := value
	for {
		hit, caps := x.matches(h.Edit, rest, x.groups[:0])
		if !hit {
			break
		}
		b.WriteString(rest[:caps[0]])
		b.WriteString(substitute(text, rest, caps))
		end := caps[1]
		if h.Action == server.HeaderEdit {
			rest = rest[end:]
			break
		}
		if caps[1] == caps[0] {
			if end >= len(rest) {
				rest = ""
				break
			}
			b.WriteByte(rest[end])
			end++
		}
		rest = rest[end:]
		if rest == "" {
			break
		}
	}
	b.WriteString(rest)
	return b.String()
}
