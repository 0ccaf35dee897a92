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
		v, ok := x.headers.get(name)
		return v, ok, true
	case apexpr.ResponseHeader:
		if v, ok := x.out.get(name); ok {
			return v, true, true
		}
		v, ok := x.always.get(name)
		return v, ok, true
	case apexpr.Environment:
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
	s := &x.state
	s.Reset()
	ok, err = e.Condition(view{x}, s)
	if vary && len(s.Vary) > 0 {
		x.Vary(strings.Join(s.Vary, ", "))
	}
	return ok, s.Subject, s.Groups, err
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
