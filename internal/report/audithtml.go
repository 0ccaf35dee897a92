package report

import (
	"bufio"
	_ "embed"
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/audit"
)

//go:embed audit.css
var auditStyle string

// A page writes HTML. What comes from configurations and URLs goes through text alone, which escapes it. (html/template would
// cost each start of the program the tables that it makes.)
type page struct{ *bufio.Writer }

// raw writes HTML of our own.
func (p page) raw(parts ...string) {
	for _, s := range parts {
		p.WriteString(s)
	}
}

// text writes a text between tags of our own: "p", "td".
func (p page) text(tag, s string) { p.raw("<", tag, ">", html.EscapeString(s), "</", tag, ">") }

// code is text in the letters of code.
func (p page) code(tag, s string) {
	p.raw("<", tag, "><code>", html.EscapeString(s), "</code></", tag, ">")
}

// row writes a row of a table: names of columns with th.
func (p page) row(tag string, cells ...string) {
	p.raw("<tr>")
	for _, c := range cells {
		p.text(tag, c)
	}
	p.raw("</tr>\n")
}

// AuditHTML writes an audit as one page that needs nothing else: no script, no other file.
func (p *Printer) AuditHTML(w io.Writer, a *Audit) error {
	b := page{bufio.NewWriter(w)}
	b.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
		"<title>dispcheck audit</title>\n<style>\n", auditStyle, "</style>\n</head>\n<body>\n<h1>dispcheck audit</h1>\n<p><strong>", html.EscapeString(a.Summary()), "</strong></p>\n")
	b.text("p", "This is "+auditCaveat+".")
	for _, g := range a.Groups {
		p.htmlGroup(b, g)
	}
	if len(a.Platform) > 0 {
		b.raw("\n")
		b.text("h2", "Let through "+a.platform())
		b.raw("\n<p>They hand requests on, past the Dispatcher, and are not yours to change.</p>\n<table>\n")
		b.row("th", "place", "probes", "requests", "example")
		for _, g := range a.Platform {
			e := g.Example()
			b.row("td", PlaceOf(g.At, p.Prefix).String(), strconv.Itoa(len(g.Exposures)), strconv.Itoa(g.Requests), requestText(&e.Request)+" "+onHost(e))
		}
		b.raw("</table>\n")
	}
	p.htmlControls(b, a)
	b.raw("\n<h2>Hosts</h2>\n<table>\n")
	b.row("th", "host", "also", "farm")
	for _, t := range a.Targets {
		farm := "-"
		if t.Farm != nil {
			farm = t.Farm.Name
		}
		b.row("td", t.Host, strings.Join(t.Also, ", "), farm)
	}
	b.raw("</table>\n<h2>How requests ended</h2>\n<table>\n")
	for _, e := range a.Ends {
		b.row("td", e.How, strconv.Itoa(e.Requests))
	}
	b.raw("</table>\n")
	if notes := a.allNotes(); len(notes) > 0 {
		b.raw("<h2>Notes</h2>\n<ul>\n")
		for _, n := range notes {
			b.text("li", n)
			b.raw("\n")
		}
		b.raw("</ul>\n")
	}
	b.raw("</body>\n</html>\n")
	return b.Flush()
}

func (p *Printer) htmlGroup(b page, g *audit.Group) {
	b.raw("\n<section class=\"", g.Severity.String(), "\">\n")
	b.text("h2", g.Severity.String()+": "+guiltyText(g))
	head := fmt.Sprintf("%s, %s%s", counted(len(g.Exposures), "probe"), counted(g.Requests, "request"), unsure(g))
	if at := PlaceOf(g.At, p.Prefix).String(); at != "" {
		head = at + ": " + head
	}
	b.text("p", head)
	if text := firstLine(g.At); text != "" {
		b.text("pre", text)
	}
	e := g.Example()
	b.code("p", requestText(&e.Request)+" "+onHost(e))
	b.text("p", e.Probe.Reason())
	if f := g.Fix; f != nil {
		strict := ""
		if f.Strict {
			strict = "; it also denies requests that the rule may be there for"
		}
		b.text("p", "Proposed "+f.Where()+", "+fixProof(f)+strict+":")
		b.text("pre", f.Text)
	} else {
		b.text("p", g.NoFix)
	}
	b.raw("\n<details>")
	b.text("summary", "All probes")
	b.raw("\n<table>\n")
	b.row("th", "severity", "class", "request", "operator", "requests", "depends on")
	for _, e := range g.Exposures {
		b.row("td", e.Severity().String(), e.Probe.Class.Name, requestText(&e.Request), string(e.Operator), strconv.Itoa(e.Requests), strings.Join(e.Depends, "; "))
	}
	b.raw("</table>\n</details>\n</section>\n")
}

func (p *Printer) htmlControls(b page, a *Audit) {
	if len(a.Controls) == 0 {
		return
	}
	b.raw("\n<h2>Controls</h2>\n")
	b.text("p", fmt.Sprintf("%d of %d requests that sites usually need are not answered. That is no exposure: a site may not need them.", controlCount(a), a.ControlsAsked))
	b.raw("\n<table>\n")
	b.row("th", "request", "host", "what happens", "by", "who needs it")
	for _, c := range a.Controls {
		b.row("td", requestText(&c.Request), c.Request.Host, c.How, PlaceOf(c.At, p.Prefix).String(), c.Control.Why)
	}
	b.raw("</table>\n")
}
