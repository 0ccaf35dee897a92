package replay

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/internal/accesslog"
)

// Settings are what a result was made with. Results of different settings are not merged.
type Settings struct {
	// Configuration tells configurations apart, Release programs.
	Configuration string        `json:"configuration"`
	Release       string        `json:"release"`
	HTTPD         bool          `json:"httpd"`
	Engine        string        `json:"engine"`
	Directives    string        `json:"directives"`
	Host          string        `json:"host"`
	Scheme        string        `json:"scheme"`
	Farm          string        `json:"farm"`
	UsualHost     string        `json:"usual_host"`
	MaxDistinct   int           `json:"max_distinct"`
	Format        string        `json:"format"`
	KeepQuery     bool          `json:"keep_query"`
	KeepHeaders   bool          `json:"keep_headers"`
	KeepUserAgent bool          `json:"keep_user_agent"`
	KeepLines     bool          `json:"keep_lines"`
	Headers       string        `json:"headers"`
	MaxLine       int           `json:"max_line"`
	Samples       int           `json:"samples"`
	Calibrate     bool          `json:"calibrate"`
	Forecast      bool          `json:"forecast"`
	TTL           time.Duration `json:"ttl"`
}

// A Shard is one share of the lines.
type Shard struct {
	Index int `json:"index"`
	Of    int `json:"of"`
}

// A Position says how far reading came.
type Position struct {
	Logs []LogPosition `json:"logs"`
}

// A LogPosition is how far one log was read.
type LogPosition struct {
	Name string `json:"name"`
	// Size is that of the file; Offset, Blocks and Lines are how much of its text was read.
	Size   int64 `json:"size"`
	Offset int64 `json:"offset"`
	Blocks int   `json:"blocks"`
	Lines  int64 `json:"lines"`
	Done   bool  `json:"done"`
}

// of returns the position in a log.
func (p *Position) of(name string) (LogPosition, bool) {
	if p != nil {
		for _, l := range p.Logs {
			if l.Name == name {
				return l, true
			}
		}
	}
	return LogPosition{}, false
}

func (p *Position) set(at LogPosition) {
	for i := range p.Logs {
		if p.Logs[i].Name == at.Name {
			p.Logs[i] = at
			return
		}
	}
	p.Logs = append(p.Logs, at)
}

// An Example is a line that could not be read.
type Example struct {
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
	Text   string `json:"text"`
}

// A Header is what a result says beside its requests.
type Header struct {
	Settings Settings `json:"settings"`
	Catalog  Catalog  `json:"catalog"`
	// Headers are those that requests are told apart by.
	Headers []string `json:"headers"`
	// Shards are the shares that the result is of; none where it is of whole logs.
	Shards []Shard `json:"shards"`
	// Position is how far a run came that can be gone on with; nil for others.
	Position *Position `json:"position,omitempty"`
	// Lines are all lines, Parsed those that are requests, Other by reason those that are none; see accesslog.Reason.
	Lines  int64            `json:"lines"`
	Parsed int64            `json:"parsed"`
	Other  map[string]int64 `json:"other"`
	// Formats counts the lines by the format of their log.
	Formats   map[string]int64 `json:"formats"`
	Examples  []Example        `json:"examples"`
	Agreement *Agreement       `json:"agreement,omitempty"`
	Forecast  *Forecast        `json:"forecast,omitempty"`
}

// add adds what was read of a log.
func (h *Header) add(name, format string, s *accesslog.Stats, samples int) {
	h.Lines += s.Lines
	h.Parsed += s.Records
	for _, r := range accesslog.Reasons() {
		if n := s.Count(r); n > 0 {
			h.Other[r.String()] += n
		}
	}
	if s.Lines > 0 && format != "" {
		h.Formats[format] += s.Lines
	}
	for _, e := range s.Samples {
		h.Examples = append(h.Examples, Example{printable(name), e.Line, e.Reason.String(), printable(e.Text)})
	}
	h.Examples = firstExamples(h.Examples, samples)
}

// printable makes bytes that are no text, or steer a terminal, visible.
func printable(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) {
			for _, c := range []byte(s[i : i+n]) {
				fmt.Fprintf(&b, "\\x%02x", c)
			}
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// firstExamples keeps the first of each reason, by file and line.
func firstExamples(list []Example, most int) []Example {
	slices.SortFunc(list, func(a, b Example) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Text, b.Text))
	})
	have := map[string]int{}
	kept := list[:0]
	for _, e := range list {
		if have[e.Reason]++; have[e.Reason] <= most {
			kept = append(kept, e)
		}
	}
	return kept
}

// A Result is what became of the requests of some logs.
type Result struct {
	Header   Header
	verdicts *verdicts
	table    *table
}

func newResult(maxDistinct int) *Result {
	return &Result{
		Header:   Header{Other: map[string]int64{}, Formats: map[string]int64{}, Examples: []Example{}, Shards: []Shard{}},
		verdicts: newVerdicts(), table: newTable(maxDistinct),
	}
}

// ErrDifferent says that results cannot be merged.
var ErrDifferent = errors.New("cannot be merged")

// Merge adds o to r. o must not be used afterwards. The order of merging does not matter. The error wraps ErrDifferent.
func (r *Result) Merge(o *Result) error {
	h, g := &r.Header, &o.Header
	if h.Settings != g.Settings {
		return fmt.Errorf("%w: %s", ErrDifferent, settingsDiff(&h.Settings, &g.Settings))
	}
	for _, s := range g.Shards {
		for _, t := range h.Shards {
			if s.Of != t.Of {
				return fmt.Errorf("%w: one is shard %d of %d, another %d of %d", ErrDifferent, t.Index, t.Of, s.Index, s.Of)
			}
			if s == t {
				return fmt.Errorf("%w: shard %d of %d is in both", ErrDifferent, s.Index, s.Of)
			}
		}
	}
	if (len(h.Shards) == 0) != (len(g.Shards) == 0) {
		return fmt.Errorf("%w: one is a shard, the other is not", ErrDifferent)
	}
	if h.Forecast != nil && g.Forecast != nil {
		return fmt.Errorf("%w: each has a forecast, which needs all requests in their order; use --shard, or leave out --forecast", ErrDifferent)
	}
	for _, p := range []*Position{h.Position, g.Position} {
		if p != nil && slices.ContainsFunc(p.Logs, func(l LogPosition) bool { return !l.Done }) {
			return fmt.Errorf("%w: one is not finished: run replay --resume again first", ErrDifferent)
		}
	}
	h.Position = nil
	h.Shards = append(h.Shards, g.Shards...)
	slices.SortFunc(h.Shards, func(a, b Shard) int { return cmp.Compare(a.Index, b.Index) })
	h.Lines += g.Lines
	h.Parsed += g.Parsed
	for k, n := range g.Other {
		h.Other[k] += n
	}
	for k, n := range g.Formats {
		h.Formats[k] += n
	}
	samples := h.Settings.Samples
	switch {
	case samples == 0:
		samples = 5
	case samples < 0:
		samples = 0
	}
	h.Examples = firstExamples(append(h.Examples, g.Examples...), samples)
	if h.Forecast == nil {
		h.Forecast = g.Forecast
	}
	if g.Agreement != nil {
		if h.Agreement == nil {
			h.Agreement = &Agreement{}
		}
		h.Agreement.merge(g.Agreement)
	}
	return r.mergeRequests(o)
}

func (r *Result) mergeRequests(o *Result) error {
	ids := make([]uint32, len(o.verdicts.list))
	for i, v := range o.verdicts.list {
		ids[i] = r.verdicts.id(v)
	}
	for i := range o.table.stripes {
		from, to := &o.table.stripes[i], &r.table.stripes[i]
		for id, n := range from.beyond {
			to.skip(ids[id], n)
		}
		if from.bounded && (!to.bounded || from.bound < to.bound) {
			to.bounded, to.bound = true, from.bound
		}
		for n := range from.n {
			q := from.row(n)
			key := []byte(from.text(q))
			if err := to.put(q, key, ids[q.verdict]); err != nil {
				return err
			}
			if to.n > r.table.limit+r.table.limit/8+64 {
				to.trim(r.table.limit)
			}
		}
		to.trim(r.table.limit)
	}
	return nil
}

// put adds a row of another table.
func (s *stripe) put(q *row, key []byte, verdict uint32) error {
	if t := s.find(q.hash, key); t != nil {
		if t.verdict != verdict || t.file != q.file || t.params != q.params {
			return fmt.Errorf("%w: they do not agree on a request", ErrDifferent)
		}
		t.count += q.count
		return nil
	}
	t := s.insert(q.hash, key)
	t.count, t.verdict, t.file, t.params = q.count, verdict, q.file, q.params
	return nil
}

// settingsDiff says in what settings differ.
func settingsDiff(a, b *Settings) string {
	switch {
	case a.Release != b.Release:
		return fmt.Sprintf("one was made by release %s, another by %s", a.Release, b.Release)
	case a.Configuration != b.Configuration:
		return "they are of different configurations"
	case a.Host != b.Host || a.Scheme != b.Scheme || a.Farm != b.Farm:
		return "they assume different hosts, schemes or farms"
	case a.MaxDistinct != b.MaxDistinct:
		return fmt.Sprintf("--max-distinct is %d for one and %d for another", a.MaxDistinct, b.MaxDistinct)
	}
	return "they were made with different options"
}

// MissingShards returns the shares that are not in a result of shares.
func (r *Result) MissingShards() []int {
	if len(r.Header.Shards) == 0 {
		return nil
	}
	var missing []int
	for i := range r.Header.Shards[0].Of {
		if !slices.Contains(r.Header.Shards, Shard{i, r.Header.Shards[0].Of}) {
			missing = append(missing, i)
		}
	}
	return missing
}
