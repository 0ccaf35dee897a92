package server

import (
	"errors"
	"strings"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/internal/apexpr"
	"github.com/dispcheck/dispcheck/source"
)

// condition reads an expression of a directive; false where httpd refuses it. An expression that is not simulated has no
// Expr, and is recorded.
func (d *decoder) condition(sc *scope, n *apacheconf.Node, at source.Span, text string) (*Condition, bool) {
	c := &Condition{Text: text, At: at}
	e, ok := d.expression(sc, n, at, text, apexpr.Parse)
	c.Expr = e
	return c, ok
}

// text reads a text with %{...} in it.
func (d *decoder) text(sc *scope, n *apacheconf.Node, at source.Span, text string) (*apexpr.Expr, bool) {
	return d.expression(sc, n, at, text, apexpr.ParseText)
}

// plainOrText is text for values that mostly are plain: nil where the text stands for itself.
func (d *decoder) plainOrText(sc *scope, n *apacheconf.Node, at source.Span, text string) (*apexpr.Expr, bool) {
	if !strings.ContainsAny(text, "%$\\") {
		return nil, true
	}
	e, ok := d.text(sc, n, at, text)
	if e != nil {
		if v, plain := e.Constant(); plain && v == text {
			return nil, ok
		}
	}
	return e, ok
}

func (d *decoder) expression(sc *scope, n *apacheconf.Node, at source.Span, text string, parse func(string) (*apexpr.Expr, error)) (*apexpr.Expr, bool) {
	e, err := parse(text)
	if err == nil {
		return e, true
	}
	var syntax *apexpr.SyntaxError
	if errors.As(err, &syntax) {
		hint := syntax.Hint
		if len(n.Undefined) > 0 {
			hint = "define the variable " + n.Undefined[0].Name + " with Define, or guard the line with <IfDefine>"
		}
		d.refuse(ruleArgument, n, at, hint, "expression %q of %s: %s", text, n.Name, syntax.Message)
		return nil, false
	}
	d.notSimulated(sc, n, n.Name, err.Error())
	return nil, true
}
