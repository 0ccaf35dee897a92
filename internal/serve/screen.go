package serve

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// A Screen shows a line for each request: when, what was asked, how it was answered, and the configuration that decided.
type Screen struct {
	out    *lines
	color  bool
	prefix string
}

// NewScreen writes to w. Color says that w shows colours; prefix goes before the names of files.
func NewScreen(w io.Writer, color bool, prefix string) *Screen {
	return &Screen{out: newLines(w), color: color, prefix: prefix}
}

// Close writes what is still to be written.
func (s *Screen) Close() { s.out.close() }

// The colours are those that every terminal has.
const (
	red, green, yellow, cyan, gray = "31", "32", "33", "36", "90"
)

func (s *Screen) paint(color, text string) string {
	if !s.color || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// ended shows a request that ended.
func (s *Screen) ended(x *exchange) {
	d := x.decision
	status := s.paint(statusColor(x.status), fmt.Sprintf("%3d", x.status))
	word := WordOf(d)
	color := gray
	switch word {
	case "hit":
		color = green
	case "blocked", "failed":
		color = red
	case "miss", "flush":
		color = cyan
	case "pass", "redirect":
		color = yellow
	}
	host := report.Line(x.request.Host)
	if host != "" {
		host = " " + s.paint(gray, host)
	}
	line := x.at.Local().Format("15:04:05") + " " + status + " " + s.paint(color, fmt.Sprintf("%-8s", word)) + " " +
		fmt.Sprintf("%5s", took(time.Since(x.start))) + "  " + report.Line(x.request.Method+" "+x.request.Target)
	s.out.write(line + host + "  " + s.because(d))
}

// because names the configuration that decided, with its place and its text.
func (s *Screen) because(d *simulate.Decision) string {
	why, rule := Why(d), decidedBy(d)
	if rule == nil {
		if d.By.IsZero() {
			return s.paint(gray, why)
		}
		return s.paint(gray, report.Line(why+" "+placeOf(d.By, s.prefix)))
	}
	return s.paint(gray, report.Line(fmt.Sprintf("%s /%s %s", why, rule.Label, placeOf(rule.At.Span, s.prefix))))
}

func placeOf(at source.Span, prefix string) string {
	if at.IsZero() {
		return ""
	}
	p := report.PlaceOf(at, prefix)
	return p.File + ":" + strconv.Itoa(p.Line)
}

// decidedBy is the rule that decided what became of a request, as far as one rule did: that of the filter where it denied, that
// of the cache where it keeps an answer out, else that of the filter.
func decidedBy(d *simulate.Decision) *model.Rule {
	switch {
	case d.Invalidation.Reached:
		return d.Invalidation.Rule
	case d.Filter.Reached && !d.Filter.Allow:
		return d.Filter.Rule
	case d.Cache.Reached && !d.Cache.Cacheable && d.Cache.Rule != nil:
		return d.Cache.Rule
	}
	return d.Filter.Rule
}

// WordOf says in a word what became of a request: hit, miss, pass, blocked, flush, redirect, httpd, proxy, failed or lost.
func WordOf(d *simulate.Decision) string {
	switch d.Outcome {
	case simulate.Delivered:
		return "hit"
	case simulate.Answered:
		if d.Cache.Stored {
			return "miss"
		}
		return "pass"
	case simulate.Denied:
		return "blocked"
	case simulate.Flush:
		return "flush"
	case simulate.Redirected:
		return "redirect"
	case simulate.Proxied:
		return "proxy"
	case simulate.Failed:
		return "failed"
	case simulate.Lost:
		return "lost"
	}
	return "httpd"
}

// Why says in a few words what decided.
func Why(d *simulate.Decision) string {
	switch {
	case d.Invalidation.Reached:
		v := &d.Invalidation
		if !v.Allowed {
			return "not allowed to flush"
		}
		n := len(v.Touched) + len(v.TouchedOutside)
		return fmt.Sprintf("%s %s: %d deleted, %d .stat touched", v.Action, v.Handle, len(v.Deleted)+len(v.Folders), n)
	case d.Outcome == simulate.Delivered && d.Cache.Validity.Known:
		return strings.ReplaceAll(string(d.Cache.Validity.Reason), "-", " ")
	case d.Outcome == simulate.Answered && d.Cache.Reached && !d.Cache.Cacheable:
		if info := d.Cache.Info(); info != "" {
			return info
		}
	case d.Outcome == simulate.Answered && d.Cache.Stored && (d.Cache.Action == simulate.ActionStale || d.Cache.Action == simulate.ActionExpired):
		return "was " + d.Cache.Action.String()
	}
	return strings.ReplaceAll(string(d.Reason), "-", " ")
}

func statusColor(status int) string {
	switch {
	case status >= 400:
		return red
	case status >= 300:
		return yellow
	}
	return green
}

func took(d time.Duration) string {
	if d >= 10*time.Second {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return fmt.Sprintf("%dms", d/time.Millisecond)
}
