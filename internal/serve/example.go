package serve

import (
	"context"
	"fmt"
	"html"
	"io"
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// ExamplePages answers for the renders of a configuration with made-up pages: each says what was asked, and links to others of the
// site, so that there is something to click at with nothing else at hand.
func ExamplePages(c *model.Config) simulate.Backend {
	e := &examplePages{vanity: map[string]bool{}, health: map[string]bool{}}
	for _, f := range c.Farms {
		if f.VanityURLs != nil {
			e.vanity[f.VanityURLs.URL.Value] = true
		}
	}
	return e
}

type examplePages struct{ vanity, health map[string]bool }

// RoundTrip implements simulate.Backend.
func (e *examplePages) RoundTrip(ctx context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if q.Body != nil {
		if _, err := io.Copy(io.Discard, q.Body); err != nil {
			return nil, err
		}
	}
	target, _, _ := strings.Cut(q.Target, "?")
	status, typ, body := 200, "text/html;charset=utf-8", ""
	switch ext := strings.ToLower(path.Ext(target)); {
	case q.Purpose == simulate.ForVanityList || e.vanity[q.Target] || e.vanity[target]:
		typ, body = "text/plain;charset=utf-8", "/surfing\n"
	case strings.HasPrefix(target, "/system/probes/"), strings.HasPrefix(target, "/libs/granite/"):
		typ, body = "application/json", "{\"status\":\"ok\"}\n"
	case strings.Contains(target, "missing"):
		status, body = 404, page404
	case ext == ".html" || ext == "" && strings.Contains(target, ".html/"):
		body = examplePage(q)
	case ext == ".css":
		typ, body = "text/css;charset=utf-8", "body { font: 1em/1.5 sans-serif; margin: 2em auto; max-width: 40em }\n"
	case ext == ".js":
		typ, body = "application/javascript;charset=utf-8", "document.documentElement.dataset.script = \"loaded\";\n"
	case ext == ".json":
		typ, body = "application/json;charset=utf-8", fmt.Sprintf("{\"path\":%q}\n", target)
	case ext == ".svg":
		typ, body = "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" width="160" height="90"><rect width="160" height="90" fill="#7aa"/></svg>`+"\n"
	case ext == ".txt":
		typ, body = "text/plain;charset=utf-8", "made up\n"
	default:
		status, body = 404, page404
	}
	a := &simulate.Answer{Status: status, Addr: simulate.RenderAddr(q.Render), Header: simulate.Header{
		{Name: "Content-Type", Value: typ}, {Name: "Content-Length", Value: fmt.Sprint(len(body))},
	}}
	if q.Method != "HEAD" {
		a.Body = io.NopCloser(strings.NewReader(body))
	}
	return a, nil
}

const page404 = "<!DOCTYPE html>\n<title>Not found</title>\n<h1>Not found</h1>\n<p>The made-up AEM has no such page.\n"

// examplePage is a page that says what was asked.
func examplePage(q *simulate.RenderRequest) string {
	target := html.EscapeString(q.Target)
	path, _, _ := strings.Cut(q.Target, "?")
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>" + target + "</title>\n")
	b.WriteString("<h1>" + target + "</h1>\n<p>A made-up page of the render " + html.EscapeString(q.Render.Name) + ", which was asked for it: it was not in the cache.\n<ul>\n")
	stem, _, _ := strings.Cut(path, ".")
	for _, l := range []struct{ href, what string }{
		{path, "this page again: now the cache answers"},
		{stem + "/adventures.html", "a page below"},
		{path + "?utm_source=mail", "with a parameter that may be ignored"},
		{path + "?q=surf", "with another parameter"},
		{"/content/dam/logo.svg", "an image"},
		{"/system/console", "what no filter should let through"},
		{stem + "/missing.html", "a page that is not there"},
	} {
		b.WriteString("<li><a href=\"" + html.EscapeString(l.href) + "\">" + html.EscapeString(l.href) + "</a> " + l.what + "\n")
	}
	b.WriteString("</ul>\n</html>\n")
	return b.String()
}
