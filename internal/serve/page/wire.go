package page

import (
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/source"
)

// This file is what the page's script is told, in JSON. It is the script's alone: no promise to others.

type helloJSON struct {
	Instance  string         `json:"instance"` // another one means that the server was started again
	State     stateJSON      `json:"state"`
	Exchanges []exchangeJSON `json:"exchanges"`
}

type batchJSON struct {
	Exchanges []exchangeJSON `json:"exchanges"`
	Skipped   int64          `json:"skipped"` // how many more there were
}

type stateEventJSON struct {
	State  stateJSON `json:"state"`
	Linted bool      `json:"linted"`
}

type stateJSON struct {
	Version    string      `json:"version"`
	Dispatcher string      `json:"dispatcher"`
	Config     string      `json:"config"`
	Publish    string      `json:"publish"`
	CacheDir   string      `json:"cache_dir"`
	URLs       []string    `json:"urls"`
	Hosts      []hostJSON  `json:"hosts"`
	Farms      []string    `json:"farms"`
	Watch      bool        `json:"watch"`
	Now        string      `json:"now"`
	Ahead      float64     `json:"ahead"` // in seconds
	Revision   int         `json:"revision"`
	Loaded     string      `json:"loaded"`
	Broken     *brokenJSON `json:"broken"`
	Requests   int64       `json:"requests"`
}

type hostJSON struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

type brokenJSON struct {
	At       string           `json:"at"`
	Message  string           `json:"message"`
	Findings *report.LintJSON `json:"findings"`
}

type exchangeJSON struct {
	ID       int64         `json:"id"`
	At       string        `json:"at"`
	Millis   float64       `json:"ms"`
	Method   string        `json:"method"`
	URL      string        `json:"url"`
	Host     string        `json:"host"`
	Status   int           `json:"status"`
	Bytes    int64         `json:"bytes"`
	Outcome  string        `json:"outcome"`
	Reason   string        `json:"reason"`
	From     string        `json:"from"`
	Cache    string        `json:"cache"`
	Farm     string        `json:"farm"`
	By       *report.Place `json:"by"`
	Page     bool          `json:"page"`
	Cut      bool          `json:"cut"`
	Revision int           `json:"revision"`
}

type cacheJSON struct {
	Roots []cacheRootJSON `json:"roots"`
	More  int             `json:"more"`
	At    string          `json:"at"`
}

type cacheRootJSON struct {
	Path  string          `json:"path"`
	Farms []string        `json:"farms"`
	Files []cacheFileJSON `json:"files"`
	Error string          `json:"error"`
}

type cacheFileJSON struct {
	Name     string        `json:"name"`
	Kind     CacheFileKind `json:"kind"`
	Size     int64         `json:"size"`
	Modified string        `json:"modified"`
	Fresh    bool          `json:"fresh"`
	Why      string        `json:"why"`
	Reason   string        `json:"reason"`
	Statfile string        `json:"statfile"`
	Touched  string        `json:"touched"`
	Expires  string        `json:"expires"`
	Rule     *report.Place `json:"rule"`
	RuleText string        `json:"rule_text"`
}

type ruleJSON struct {
	Kind string        `json:"kind"`
	Name string        `json:"name"`
	Text string        `json:"text"`
	At   *report.Place `json:"at"`
	Hits int64         `json:"hits"`
}

type fileJSON struct {
	Name  string `json:"name"`
	Lines int    `json:"lines"`
}

type textJSON struct {
	Name string `json:"name"`
	// Lines are those of the file; More is how many were left out.
	Lines []string `json:"lines"`
	More  int      `json:"more"`
}

// maxLines and maxColumns bound the text of a file that is shown, in lines and in bytes of each.
const (
	maxLines   = 20_000
	maxColumns = 4096
)

func newTextJSON(f *source.File, prefix string) textJSON {
	n := f.Lines()
	t := textJSON{Name: report.Path(prefix, f.Name), Lines: make([]string, 0, min(n, maxLines)), More: max(0, n-maxLines)}
	for i := 1; i <= n && i <= maxLines; i++ {
		t.Lines = append(t.Lines, cut(f.Line(i).Text(), maxColumns))
	}
	return t
}

// cut shortens a text to so many bytes.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func (h *handler) stateJSON() stateJSON {
	s := h.src.State()
	out := stateJSON{
		Version: s.Version, Dispatcher: s.Dispatcher, Config: s.Config, Publish: s.Publish, CacheDir: s.CacheDir,
		URLs: orEmpty(s.URLs), Hosts: make([]hostJSON, 0, len(s.Hosts)), Farms: orEmpty(s.Farms), Watch: s.Watch,
		Now: stamp(s.Now), Ahead: s.Ahead.Seconds(), Revision: s.Revision, Loaded: stamp(s.Loaded), Requests: s.Requests,
	}
	for _, host := range s.Hosts {
		out.Hosts = append(out.Hosts, hostJSON(host))
	}
	if b := s.Broken; b != nil {
		out.Broken = &brokenJSON{At: stamp(b.At), Message: b.Message}
		if b.Findings != nil {
			out.Broken.Findings = report.NewLintJSON(b.Findings, h.prefix)
		}
	}
	return out
}

func newExchangeJSON(e *Exchange, prefix string) exchangeJSON {
	return exchangeJSON{
		ID: e.ID, At: stamp(e.At), Millis: float64(e.Took.Microseconds()) / 1000, Method: cut(e.Method, 64), URL: cut(e.URL, 2048), Host: cut(e.Host, 256),
		Status: e.Status, Bytes: e.Bytes, Outcome: e.Outcome, Reason: e.Reason, From: e.From, Cache: e.Cache, Farm: e.Farm,
		By: placeOf(e.By, prefix), Page: e.Page, Cut: e.Cut, Revision: e.Revision,
	}
}

func newCacheJSON(t *CacheTree, prefix string) cacheJSON {
	out := cacheJSON{Roots: make([]cacheRootJSON, 0, len(t.Roots)), More: t.More, At: stamp(t.At)}
	for _, r := range t.Roots {
		out.Roots = append(out.Roots, cacheRootJSON{r.Path, orEmpty(r.Farms), newCacheFilesJSON(r.Files, prefix), r.Error})
	}
	return out
}

func newCacheFilesJSON(files []CacheFile, prefix string) []cacheFileJSON {
	out := make([]cacheFileJSON, 0, len(files))
	for i := range files {
		f := &files[i]
		out = append(out, cacheFileJSON{
			Name: f.Name, Kind: f.Kind, Size: f.Size, Modified: stamp(f.Mod), Fresh: f.Fresh, Why: f.Why, Reason: f.Reason, Statfile: f.Statfile,
			Touched: stamp(f.Touched), Expires: stamp(f.Expires), Rule: placeOf(f.Rule, prefix), RuleText: textOf(f.Rule),
		})
	}
	return out
}

func newRulesJSON(rules []RuleHits, prefix string) []ruleJSON {
	out := make([]ruleJSON, 0, len(rules))
	for _, r := range rules {
		out = append(out, ruleJSON{r.Kind, r.Name, textOf(r.At), placeOf(r.At, prefix), r.Hits})
	}
	return out
}

func placeOf(s source.Span, prefix string) *report.Place {
	if s.IsZero() {
		return nil
	}
	p := report.PlaceOf(s, prefix)
	return &p
}

// stamp writes a time in RFC 3339, UTC, with milliseconds; "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
