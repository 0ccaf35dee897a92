package serve

import (
	"html"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/httpd"
)

// flushed is the body that the module answers a flush with.
const flushed = "<H1>OK</H1>\n"

// dispatcherPage is the body of an answer that the module makes itself: "" where it has none.
func dispatcherPage(d *simulate.Decision, status int) string {
	switch {
	case d.Outcome == simulate.Flush, d.Invalidation.Reached && status == http.StatusOK:
		if status == http.StatusOK {
			return flushed
		}
		return errorPage(status, "")
	case status >= 400:
		return errorPage(status, "")
	}
	return ""
}

// errorPage is the page that httpd makes for an error or a redirect.
//
// Source: httpd.apache.org/docs/2.4, custom-error.html; as recorded from httpd 2.4.
func errorPage(status int, location string) string {
	title := http.StatusText(status)
	if status == http.StatusFound {
		title = "Found"
	}
	var why string
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		why = `The document has moved <a href="` + html.EscapeString(location) + `">here</a>.`
	case http.StatusBadRequest:
		why = "Your browser sent a request that this server could not understand.<br />"
	case http.StatusForbidden:
		why = "You don't have permission to access this resource."
	case http.StatusNotFound:
		why = "The requested URL was not found on this server."
	case http.StatusGone:
		why = "The requested resource is no longer available on this server and there is no forwarding address.\nPlease remove all references to this resource."
	case http.StatusMethodNotAllowed:
		why = "The requested method is not allowed for this URL."
	case http.StatusBadGateway:
		why = "The proxy server received an invalid\nresponse from an upstream server.<br />"
	case http.StatusServiceUnavailable:
		why = "The server is temporarily unable to service your\nrequest due to maintenance downtime or capacity\nproblems. Please try again later."
	case http.StatusGatewayTimeout:
		why = "The gateway did not receive a timely response\nfrom the upstream server or application."
	default:
		why = "The server answered this request with status " + strconv.Itoa(status) + "."
	}
	return "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>" + strconv.Itoa(status) + " " + title +
		"</title>\n</head><body>\n<h1>" + title + "</h1>\n<p>" + why + "</p>\n</body></html>\n"
}

// errorType is the type of httpd's own pages.
const errorType = "text/html; charset=iso-8859-1"

// sendText answers with a head and a text that is made here.
func (x *exchange) sendText(head *httpd.Result, text string) error {
	x.setHeader(head.Header)
	if x.fields.index("Content-Type") < 0 {
		x.fields.set("Content-Type", errorType)
	}
	x.fields.remove("Content-Encoding")
	x.fields.set("Content-Length", strconv.Itoa(len(text)))
	if x.request.Method == http.MethodHead {
		x.writeHead(head.Status)
		return nil
	}
	n, err := x.out.Whole(x.headAs(head.Status), x.fields, []byte(text))
	x.take([]byte(text[:n]))
	x.cut = x.cut || err != nil
	return err
}

// plain answers with a status and no more than a few words.
func (x *exchange) plain(status int, text string) {
	typ := "text/plain; charset=utf-8"
	if text == "" {
		text, typ = errorPage(status, ""), errorType
	} else {
		text += "\n"
	}
	_ = x.sendText(&httpd.Result{Status: status, Header: []httpd.Field{{Name: "Content-Type", Value: typ}}}, text)
}

// byHTTPD sends what httpd answers itself: an error page, a redirect, a file of the server.
func (x *exchange) byHTTPD() error {
	res := &x.passage.Result
	switch {
	case x.g.site == nil: // without an httpd side, where DispatcherPassError or a release leaves the answer to httpd
		status := x.decision.Response.Status
		if status == 0 {
			return x.notSimulated("httpd, which is not part of the configuration, answers this request")
		}
		head := httpd.Result{Status: status}
		for _, f := range x.decision.Response.Header {
			head.Header = append(head.Header, httpd.Field{Name: f.Name, Value: f.Value})
		}
		return x.sendText(&head, errorPage(status, ""))
	case res.Status == 0 && res.Proxy != "":
		return x.notSimulated("the request goes to " + res.Proxy + ", which is not asked")
	case res.Status == 0:
		return x.notSimulated("what the handler " + res.HandledBy + " answers is not simulated")
	case res.Canned && res.Text != "":
		return x.sendText(res, res.Text)
	case res.Canned, res.Status >= 300 && res.Filename == "":
		if res.Status == http.StatusNoContent || res.Status == http.StatusNotModified {
			x.setHeader(res.Header)
			x.writeHead(res.Status)
			return nil
		}
		return x.sendText(res, errorPage(res.Status, res.Location))
	case x.request.Method == http.MethodOptions:
		x.setHeader(res.Header)
		x.fields.set("Content-Length", "0")
		x.writeHead(res.Status)
		return nil
	}
	return x.sendFile(res)
}

// notSimulated says that what answers is not simulated.
func (x *exchange) notSimulated(what string) error {
	x.plain(http.StatusNotImplemented, "dispcheck: "+what)
	return nil
}

// sendFile sends a file that httpd serves by itself: one of the server, or one in a document root.
func (x *exchange) sendFile(res *httpd.Result) error {
	if a := x.g.Apache; a != nil && a.Base != nil {
		if f, err := a.Base.FS.ReadFile(res.Filename); err == nil {
			return x.sendText(res, string(f.Text))
		}
	}
	for _, root := range x.g.roots {
		name, ok := strings.CutPrefix(path.Clean(res.Filename), root+"/")
		if !ok {
			continue
		}
		dir, err := x.g.store.Docroot(root)
		if err != nil {
			continue
		}
		f, err := dir.Open("/" + name)
		if err != nil {
			continue
		}
		defer f.Close()
		length := f.Info().Size
		x.setHeader(res.Header)
		x.fields.set("Content-Length", strconv.FormatInt(length, 10))
		x.writeHead(res.Status)
		if x.request.Method == http.MethodHead {
			return nil
		}
		return x.copy(x.out, f, length)
	}
	return x.notSimulated("httpd serves the file " + res.Filename + ", which is not there: it makes such an answer by itself")
}
