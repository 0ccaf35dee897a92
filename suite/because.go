package suite

import (
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// A Because says what decided: a reason, and the line of configuration.
type Because struct {
	// Reason is a word that docs/simulate/reasons.md explains, or the directive of httpd that decided.
	Reason string
	// Rule is the label of the rule with its slash; "" for none.
	Rule string
	// At is the configuration that decided, the zero Span where none did. Text is its text in one line.
	At   source.Span
	Text string
}

// because finds what decided about a path of an answer: where the stage that it is about was reached, what decided there, and else what
// ended the request.
func because(path string, o *Observed) Because {
	first, _, _ := strings.Cut(path, ".")
	d := o.Decision
	b := Because{Reason: string(d.Reason), At: d.By}
	switch first {
	case "filter":
		if d.Filter.Reached {
			b = ofRule(string(d.Filter.Reason), d.Filter.Rule)
		}
	case "cache", "file":
		if c := &d.Cache; c.Reached {
			place := b.At // of a render whose answer decided
			b = ofRule(string(c.Reason), c.Rule)
			switch {
			case !b.At.IsZero():
			case !c.By.IsZero():
				b.At = c.By
			case c.Answered:
				b.At = place
			}
		}
	case "farm":
		if f := d.Farm.Farm; f != nil {
			b = Because{Reason: string(d.Farm.Reason), Rule: f.Name, At: f.NameAt}
			if v := d.Farm.VirtualHost; v != nil {
				b.At = v.At.Span
			}
		}
	case "stale", "fresh", "deleted", "touched", "refetched", "invalidation":
		if d.Invalidation.Reached {
			b = ofRule(string(d.Reason), d.Invalidation.Rule)
		}
	case "vhost", "uri", "rewrite", "redirect", "hops", "httpd", "status", "header", "response":
		if o.Passage != nil {
			b = ofPassage(first, o, b)
		}
	}
	if r := d.Filter.Rule; b.Rule == "" && r != nil && r.At.Span == b.At {
		b.Rule = label(r)
	}
	b.Text = oneLine(b.At)
	return b
}

// ofPassage is what decided in httpd.
func ofPassage(first string, o *Observed, whole Because) Because {
	p := o.Passage
	switch first {
	case "vhost":
		if h := p.Result.Host; h != nil {
			return Because{Reason: "virtual host", At: h.At}
		}
	case "status", "header", "response":
		if p.Result.By.At.IsZero() {
			return whole
		}
		return Because{Reason: p.Result.Reason, At: p.Result.By.At}
	}
	if first == "redirect" || first == "hops" {
		if len(p.Redirects) > 0 {
			return Because{Reason: "redirect", At: p.Redirects[0].By.At}
		}
		if !p.Result.By.At.IsZero() {
			return Because{Reason: p.Result.Reason, At: p.Result.By.At}
		}
	}
	for i := len(p.Steps) - 1; i >= 0; i-- {
		if p.Steps[i].Applied {
			return Because{Reason: "RewriteRule", At: p.Steps[i].Rule.At}
		}
	}
	if len(p.Steps) > 0 {
		return Because{Reason: "no RewriteRule applies"}
	}
	return whole
}

func ofRule(reason string, r *model.Rule) Because {
	if r == nil {
		return Because{Reason: reason}
	}
	return Because{Reason: reason, Rule: label(r), At: r.At.Span}
}

func label(r *model.Rule) string {
	if r.Label == "" {
		return ""
	}
	return "/" + r.Label
}

// oneLine is the text of a span in one line, without its comments, cut where it is long.
func oneLine(s source.Span) string {
	if s.IsZero() {
		return ""
	}
	const most = 160
	text := s.Text()
	if len(text) > 4*most {
		text = text[:4*most]
	}
	var words []string
	for line := range strings.Lines(text) {
		words = append(words, strings.Fields(withoutComment(line))...)
	}
	text = strings.ToValidUTF8(strings.Join(words, " "), "")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-1]) + "…"
	}
	return text
}

// withoutComment is a line up to a # that begins a word and does not stand in quotes.
func withoutComment(line string) string {
	var quote rune
	before := ' '
	for i, c := range line {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"', c == '\'':
			quote = c
		case c == '#' && (before == ' ' || before == '\t'):
			return line[:i]
		}
		before = c
	}
	return line
}
