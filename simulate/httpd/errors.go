package httpd

import (
	"cmp"
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
)

// die answers with a status that is no success: by an ErrorDocument where there is one, else with httpd's own page. While
// an error document is made, a second error is answered with the page of the first.
//
// Source: httpd.apache.org/docs/2.4, custom-error.html.
func (x *exchange) die(status int) verdict {
	x.res.ByHTTPD = true
	if x.status != 200 && x.errorOf != 0 {
		// The error document could not be made: the first error is answered.
		x.plainError(x.errorOf)
		return done
	}
	doc := x.errorDocument(status)
	if doc == nil {
		x.plainError(status)
		return done
	}
	switch doc.Kind {
	case server.ErrorURL:
		x.status = 302
		x.out = x.out[:0]
		x.out.set("Location", doc.Value)
		x.plainError(302)
		return done
	case server.ErrorText:
		x.plainError(status)
		x.res.Text = doc.Value
		return done
	}
	x.env.set("REQUEST_METHOD", x.method)
	if x.rounds >= x.engine.o.RecursionLimit {
		x.plainError(status)
		return done
	}
	x.status = status
	if x.res.Reason == "" {
		x.res.By, x.res.Reason = x.by, x.reason
	}
	x.errorOf = status
	x.method = "GET"
	return x.internalRedirect(doc.Value, x.ended)
}

// errorDocument finds the document for a status in the settings in effect.
func (x *exchange) errorDocument(status int) *server.ErrorDocument {
	if x.layer == nil {
		return nil
	}
	d := x.settings().ErrorDocuments[status]
	if d == nil || d.Kind == server.ErrorDefault {
		return nil
	}
	return d
}

// plainError is an answer that httpd makes itself: what was collected for the answer is dropped, but for the table that
// errors keep and where a redirect leads.
func (x *exchange) plainError(status int) {
	x.status = status
	if status == 204 || status == 304 { // these are no errors: nothing is dropped
		x.contentType, x.canned = "", true
		return
	}
	location, has := x.out.get("Location")
	x.out = append(x.out[:0], x.always...)
	x.always = x.always[:0]
	if has && (status >= 300 && status < 400 || status == 201) {
		x.out.set("Location", location)
	}
	if status == 405 || status == 501 {
		x.out.set("Allow", x.allow())
	}
	x.contentType = "text/html; charset=iso-8859-1"
	x.canned = true
}

// allow is the value of the header Allow: what handlers said that they answer, and TRACE unless TraceEnable is off.
func (x *exchange) allow() string {
	list := x.allowed
	if x.host.Trace != server.TraceOff {
		if list != "" {
			list += ","
		}
		list += "TRACE"
	}
	return list
}

// finish writes the answer into the result.
func (x *exchange) finish() error {
	if len(x.res.Hops) > 0 {
		x.hop()
	}
	x.output()
	r := x.res
	r.Host = x.host.Host
	r.Status, r.Canned = x.status, x.canned
	r.Unparsed = x.unparsed
	r.Client = x.client
	if r.HandledBy == "" || x.reached == "" {
		r.HandledBy = x.reached
		r.URI, r.Args, r.HasArgs, r.Filename, r.PathInfo, r.Proxy = x.uri, x.args, x.hasArgs, x.filename, x.pathInfo, cmp.Or(x.proxy, r.Proxy)
		r.ContentType = x.contentType
		r.Env = append(r.Env[:0], x.env...)
		r.asked, r.came = r.asked[:0], r.came[:0]
	}
	if strings.HasPrefix(r.Filename, "proxy:") {
		r.Filename = ""
	}
	if r.Reason == "" {
		r.By, r.Reason = x.by, x.reason
	}
	r.Location, _ = table(r.Header).get("Location")
	return nil
}
