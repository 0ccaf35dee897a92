package httpd

import (
	"errors"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/apexpr"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// view is what expressions know of a request.
type view struct{ x *exchange }

// strictView is a view that says of what is not known of the request that it is not known: then an expression has a value only if
// that does not matter.
type strictView struct{ view }

// Variable is a variable of the server.
func (s strictView) Variable(name string) (string, bool) {
	mark := s.x.unknowns.Begin()
	v, ok := s.view.Variable(name)
	return v, ok && s.x.unknowns.Begin() == mark
}

// Table is an entry of a table.
func (s strictView) Table(t apexpr.Table, name string) (string, bool, bool) {
	mark := s.x.unknowns.Begin()
	v, set, known := s.view.Table(t, name)
	return v, set, known && s.x.unknowns.Begin() == mark
}

// Variable is a variable of the server.
func (s view) Variable(name string) (string, bool) {
	switch name {
	case "DOCUMENT_URI":
		return s.x.uri, true
	case "REQUEST_FILENAME", "SCRIPT_FILENAME":
		return s.x.filename, true
	case "CONTENT_TYPE":
		return s.x.contentType, true
	}
	return s.x.Variable(name)
}

// Table is an entry of a table.
func (s view) Table(t apexpr.Table, name string) (string, bool, bool) {
	x := s.x
	switch t {
	case apexpr.RequestHeader:
		v, ok := x.header(name)
		return v, ok, true
	case apexpr.ResponseHeader:
		if v, ok := x.out.get(name); ok {
			return v, true, true
		}
		v, ok := x.always.get(name)
		return v, ok, true
	case apexpr.Environment:
		x.unknowns.LooksAtVariable(name)
		v, ok := x.env.get(name)
		return v, ok, true
	case apexpr.Notes:
		return "", false, true
	}
	if x.engine.o.Getenv == nil {
		return "", false, false
	}
	v, ok := x.engine.o.Getenv(name)
	return v, ok, true
}

// Stat says what a file is.
func (s view) Stat(path string) (apexpr.FileInfo, bool) {
	k := s.x.engine.o.Files.Stat(path)
	info := apexpr.FileInfo{Exists: k != rewrite.Missing, Dir: k == rewrite.Folder, Link: k == rewrite.Link, Executable: k == rewrite.Executable}
	info.Regular = k == rewrite.Plain || k == rewrite.Empty || k == rewrite.Executable
	if info.Regular && k != rewrite.Empty {
		info.Size = 1
	}
	return info, true
}

// ReadFile is not known: what a request finds in files is not simulated.
func (view) ReadFile(string) (string, bool) { return "", false }

// holds evaluates a condition; one that is not simulated does not hold, and is noted.
func (x *exchange) holds(c *server.Condition) bool {
	ok, _, _, err := x.evaluate(c.Expr)
	if err != nil {
		x.exprNotSimulated(err, server.Place{At: c.At})
	}
	return ok
}

// evaluate evaluates a condition. The headers that it asked for are added to Vary.
func (x *exchange) evaluate(e *apexpr.Expr) (ok bool, subject string, caps []int, err error) {
	return x.Expr(e, true)
}

// Expr is evaluate for a rule, which may ask for no Vary.
func (x *exchange) Expr(e *apexpr.Expr, vary bool) (ok bool, subject string, caps []int, err error) {
	if e == nil {
		return false, "", nil, errNoExpression
	}
	mark := x.unknowns.Begin()
	ok, subject, caps, err = x.evaluateLooking(e, vary)
	return x.unknowns.End(mark, ok), subject, caps, err
}

// evaluateLooking evaluates a condition, and leaves open what it has looked at.
func (x *exchange) evaluateLooking(e *apexpr.Expr, vary bool) (ok bool, subject string, caps []int, err error) {
	if e == nil {
		return false, "", nil, errNoExpression
	}
	s := &x.state
	mark, settled := x.unknowns.Begin(), false
	if x.unknowns != nil {
		settled = x.settlesWithout(e)
	}
	s.Reset()
	ok, err = e.Condition(view{x}, s)
	if settled {
		x.unknowns.Forget(mark)
	}
	if vary && len(s.Vary) > 0 {
		x.Vary(strings.Join(s.Vary, ", "))
	}
	return ok, s.Subject, s.Groups, err
}

// settlesWithout reports whether a condition has a value whatever the unknown parts of the request are.
func (x *exchange) settlesWithout(e *apexpr.Expr) bool {
	mark := x.unknowns.Begin()
	x.state.Reset()
	_, err := e.Condition(strictView{view{x}}, &x.state)
	x.unknowns.Forget(mark)
	return err == nil
}

var errNoExpression = errors.New("the expression could not be read")

// stringOf evaluates an expression that is a text. Headers that it asks for are not added to Vary.
func (x *exchange) stringOf(e *apexpr.Expr) (string, error) {
	x.state.Reset()
	return e.Value(view{x}, &x.state)
}

func (x *exchange) exprNotSimulated(err error, at server.Place) {
	text := "an expression"
	var not *apexpr.NotSimulated
	why := err.Error()
	if errors.As(err, &not) {
		text, why = not.Construct, not.Message
	}
	x.notSimulated(server.Construct{Text: text, Why: why, Place: at})
}

// CookieTime is the time some minutes from now.
func (x *exchange) CookieTime(minutes int) string {
	return x.engine.o.Now().Add(time.Duration(minutes) * time.Minute).UTC().Format("Mon, 02-Jan-2006 15:04:05 GMT")
}
