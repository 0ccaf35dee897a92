package page

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// explanationJSON is the path of one request.
type explanationJSON struct {
	Exchange exchangeJSON `json:"exchange"`
	// Simulation is dispcheck.simulate/v1, as the command simulate prints it.
	Simulation json.RawMessage `json:"simulation"`
	// Texts are the texts of the configuration that it speaks of, by "file:line:column".
	Texts map[string]string `json:"texts"`
	// By is where the text of what decided is found.
	By *report.Place `json:"by"`
	// Headers are the request's as they were sent, Assumed what was assumed about it.
	Headers [][2]string `json:"request_headers"`
	Assumed []string    `json:"assumed"`
	// Sent is the response's headers; null where only those of the simulation are known.
	Sent [][2]string `json:"sent"`
	Body *bodyJSON   `json:"body"`
	// Files are the cache file and what belongs to it, as they are now.
	Files []cacheFileJSON `json:"files"`
	// Text is what the command simulate prints for people, Command the command line that asks the same.
	Text    string `json:"text"`
	Command string `json:"command"`
}

// bodyJSON is how a body began. Text is empty where it is none.
type bodyJSON struct {
	Text  string `json:"text"`
	Bytes int    `json:"bytes"`
}

func newExplanationJSON(x *Explanation, config string) (*explanationJSON, error) {
	s := x.Simulation
	var simulation bytes.Buffer
	if err := report.JSONLine(&simulation, report.NewSimulationJSON(s, x.Prefix)); err != nil {
		return nil, err
	}
	var text strings.Builder
	if err := (&report.Printer{Prefix: x.Prefix}).Simulation(&text, s); err != nil {
		return nil, err
	}
	out := &explanationJSON{
		Exchange: newExchangeJSON(&x.Exchange, x.Prefix), Simulation: simulation.Bytes(), Texts: textsOf(s, x.Prefix), By: placeOf(s.Decision.By, x.Prefix),
		Sent: x.Sent, Headers: [][2]string{}, Assumed: []string{}, Files: newCacheFilesJSON(x.Files, x.Prefix), Text: text.String(), Command: commandLine(s.Request, config),
	}
	for _, f := range s.Request.Header {
		out.Headers = append(out.Headers, [2]string{f.Name, f.Value})
	}
	if s.Passage != nil {
		out.Assumed = orEmpty(s.Passage.Assumed)
	}
	if x.Body != nil {
		out.Body = &bodyJSON{Bytes: len(x.Body)}
		if isText(x.Body) {
			out.Body.Text = strings.ToValidUTF8(string(x.Body), "\ufffd")
		}
	}
	return out, nil
}

// isText reports whether the beginning of a body is something to read. A character that the end cuts in two is no mistake.
func isText(b []byte) bool {
	for i := 0; i < utf8.UTFMax-1 && len(b) > 0 && !utf8.Valid(b); i++ {
		b = b[:len(b)-1]
	}
	return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0
}

// textsOf gathers the texts of all places that a simulation names.
func textsOf(s *report.Simulation, prefix string) map[string]string {
	t := texts{of: map[string]string{}, prefix: prefix}
	d := s.Decision
	t.add(d.By)
	if f := d.Farm.Farm; f != nil {
		t.add(f.At.Span)
	}
	if v := d.Farm.VirtualHost; v != nil {
		t.add(v.At.Span)
	}
	t.addRule(d.Filter.Rule)
	for _, r := range d.Filter.Matched {
		t.addRule(r)
	}
	t.add(d.Cache.By)
	t.addRule(d.Cache.Rule)
	t.addRule(d.Cache.Validity.Rule)
	if r := d.Render.Render; r != nil {
		t.add(r.At.Span)
	}
	t.addRule(d.Invalidation.Rule)
	if s.Trace != nil {
		for i := range s.Trace.Events {
			t.add(s.Trace.Events[i].Rule.Span)
		}
		for i := range s.Trace.Looked {
			t.addRule(s.Trace.Looked[i].Rule)
		}
	}
	t.addPassage(s)
	return t.of
}

type texts struct {
	of     map[string]string
	prefix string
}

func (t *texts) add(s source.Span) {
	if s.IsZero() {
		return
	}
	key := report.PlaceOf(s, t.prefix).String()
	if _, ok := t.of[key]; !ok {
		t.of[key] = textOf(s)
	}
}

func (t *texts) addRule(r *model.Rule) {
	if r != nil {
		t.add(r.At.Span)
	}
}

func (t *texts) addPassage(s *report.Simulation) {
	p := s.Passage
	if p == nil {
		return
	}
	if p.Result.Host != nil {
		t.add(p.Result.Host.At)
	}
	t.add(p.Result.By.At)
	for _, n := range p.Result.NotSimulated {
		t.add(n.At)
	}
	for i := range p.Redirects {
		t.add(p.Redirects[i].By.At)
	}
	for i := range p.Steps {
		t.add(p.Steps[i].Rule.At)
		for _, c := range p.Steps[i].Conditions {
			t.add(c.Cond.At)
		}
	}
}

// How much of a piece of configuration is shown.
const (
	textLines = 12
	textBytes = 1200
)

// textOf is a piece of configuration as it is shown: whole lines where nothing else stands on them, the lines after the first
// without the indentation that they share. Of a long one, such as a farm, it is the first line.
func textOf(s source.Span) string {
	if s.IsZero() {
		return ""
	}
	first := s.File.Line(s.Position().Line)
	text := s.Text()
	if before := s.File.Text[first.Start:s.Start]; len(bytes.TrimSpace(before)) == 0 && s.End < first.End {
		text = string(s.File.Text[s.Start:first.End]) // a name alone says too little: the rest of its line belongs to it
	}
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), " \t\n"), "\n")
	if len(lines) > textLines {
		return cut(strings.TrimRight(lines[0], " \t"), textBytes) + " …"
	}
	indent := -1
	for _, line := range lines[1:] {
		if rest := strings.TrimLeft(line, " \t"); rest != "" && (indent < 0 || len(line)-len(rest) < indent) {
			indent = len(line) - len(rest)
		}
	}
	for i := range lines[1:] {
		lines[i+1] = lines[i+1][min(max(indent, 0), len(lines[i+1])):]
	}
	return cut(strings.Join(lines, "\n"), textBytes)
}
