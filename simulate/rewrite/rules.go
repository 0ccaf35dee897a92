package rewrite

import (
	"github.com/dispcheck/dispcheck/model/server"
)

// Rules are the rules of one context, ready to run. They do not change, and many requests may run them at once.
type Rules struct {
	settings *server.RewriteSettings
	rules    []rule
	index    *index // nil where it would tell nothing
}

type rule struct {
	*server.RewriteRule
	conditions []condition
	// guards are the texts of the first conditions where those are that the path begins with none of them: '!^/apps'.
	guards       []string
	substitution template
	env          []template
	cookies      []template
	mime         template
	handler      template
}

type condition struct {
	*server.RewriteCond
	test template
	// quick is set where the test is one variable and nothing else.
	quick *part
}

// Compile makes rules ready. It cannot fail: what is not simulated is noted when a request meets it.
func Compile(s *server.RewriteSettings, maps map[string]*server.RewriteMap) *Rules {
	rs := &Rules{settings: s, rules: make([]rule, len(s.Rules))}
	for i, r := range s.Rules {
		c := rule{RewriteRule: r}
		if !r.NoSubstitution {
			c.substitution = parseTemplate(r.Substitution, maps, 0)
		}
		for _, e := range r.Flags.Env {
			c.env = append(c.env, parseTemplate(e, maps, 0))
		}
		for _, e := range r.Flags.Cookies {
			c.cookies = append(c.cookies, parseTemplate(e, maps, 0))
		}
		if r.Flags.Type != nil {
			c.mime = parseTemplate(*r.Flags.Type, maps, 0)
		}
		if r.Flags.Handler != nil {
			c.handler = parseTemplate(*r.Flags.Handler, maps, 0)
		}
		for _, k := range r.Conditions {
			d := condition{RewriteCond: k, test: parseTemplate(k.Test, maps, 0)}
			if len(d.test) == 1 && d.test[0].kind == variable {
				d.quick = &d.test[0]
			}
			c.conditions = append(c.conditions, d)
		}
		for j := range c.conditions {
			text, ok := c.conditions[j].guard()
			if !ok {
				break
			}
			c.guards = append(c.guards, text)
		}
		rs.rules[i] = c
	}
	rs.index = newIndex(rs.rules)
	return rs
}

// guard returns the text of a condition that is nothing but that the path of the request does not begin with it. Trying one
// leaves nothing behind.
func (c *condition) guard() (string, bool) {
	if c.Kind != server.CondPattern || !c.Negated || c.Or || c.NotSimulated != "" || c.Pattern.PCRE == nil ||
		c.quick == nil || c.quick.text != "REQUEST_URI" || c.quick.environment != "" || c.quick.header != "" {
		return "", false
	}
	s := c.Pattern.PCRE.Shape()
	return s.Prefix, s.Whole && s.Begin && !s.End && !s.Fold && s.Prefix != ""
}

// Len is how many rules there are.
func (rs *Rules) Len() int { return len(rs.rules) }
