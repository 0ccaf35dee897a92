package report

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/replay"
)

// Replay writes what became of the requests of logs, for people.
func (p *Printer) Replay(w io.Writer, s *replay.Summary) error {
	r := replayText{Writer: bufio.NewWriter(w), p: p, s: s, colors: newPalette(w, p.Color)}
	r.lines()
	r.filter()
	r.cache()
	r.tops("most frequent denied", s.TopDenied)
	r.tops("most frequent uncacheable", s.TopUncacheable)
	r.tops("most frequent that depend", s.TopDepends)
	r.params()
	r.dead()
	r.forecast()
	r.agreement()
	r.findings()
	r.examples()
	return r.Flush()
}

// replayText is a summary on its way out. Errors come with Flush.
type replayText struct {
	*bufio.Writer
	p      *Printer
	s      *replay.Summary
	colors *palette
}

func (r *replayText) printf(format string, args ...any) { fmt.Fprintf(r, format, args...) }

// head begins a part.
func (r *replayText) head(text string) {
	r.printf("\n%s\n", r.colors.place(text))
}

func (r *replayText) lines() {
	s := r.s
	distinct := grouped(s.Distinct)
	if !s.Exact {
		distinct = "about " + distinct
	}
	r.printf("%s, %s, %s distinct\n", amount(s.Lines, "line"), amount(s.Parsed, "request"), distinct)
	if !s.Exact {
		r.printf("  sums are exact; lists are made of %s of the distinct requests: --max-distinct bounds them\n", grouped(s.Kept))
	}
	for _, name := range slices.Sorted(maps.Keys(s.UnparsedReasons)) {
		r.printf("  %s not read: %s\n", grouped(s.UnparsedReasons[name]), name)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Other)) {
		r.printf("  %s passed over: %s\n", grouped(s.Other[name]), name)
	}
}

func (r *replayText) filter() {
	s := r.s
	r.head("filter")
	r.share("allow", s.Allow)
	r.share("deny", s.Deny)
	r.share("depends", s.Depends)
	r.share("answered before", s.NotReached)
	for _, c := range s.DependsOn {
		r.printf("  depends on %s: %s%s\n", Line(c.What), grouped(c.Requests), settledBy(c.What))
	}
	if s.Depends > 0 {
		r.printf("  of those that depend, %s would be allowed and %s denied if what the log does not say was not there\n", grouped(s.LoggedAllow), grouped(s.LoggedDeny))
	}
	for _, c := range s.DeniedUnless {
		r.printf("  %s count as denied, unless %s\n", grouped(c.Requests), c.What)
	}
	for i, c := range s.Rules {
		if i == 10 {
			r.printf("  and %d rules more\n", len(s.Rules)-i)
			break
		}
		verb := "denied"
		if c.Allow {
			verb = "allowed"
		}
		r.printf("  %s %s %s  %s\n", Line(c.Label), verb, grouped(c.Requests), r.place(c.At))
	}
	if len(s.Outcomes) > 0 && s.NotReached > 0 {
		for _, name := range slices.Sorted(maps.Keys(s.Outcomes)) {
			switch name {
			case "forwarded", "denied", "answered", "delivered":
			default:
				r.printf("  %s: %s\n", name, grouped(s.Outcomes[name]))
			}
		}
	}
	for _, c := range s.Unsure {
		r.printf("  not simulated, in the way of %s: %s\n", grouped(c.Requests), Line(c.What))
	}
}

// settledBy says which flag tells what a log does not.
func settledBy(what string) string {
	switch what {
	case "header Host":
		return "; --host says it"
	case "scheme":
		return "; --scheme says it"
	case "query values":
		return "; --keep query keeps them"
	}
	if name, ok := strings.CutPrefix(what, "header "); ok {
		return "; --header '" + Line(name) + ":' says that there was none"
	}
	return ""
}

func (r *replayText) cache() {
	s := r.s
	r.head("cache")
	r.share("cacheable", s.Cacheable)
	r.share("not cacheable", s.Uncacheable)
	r.share("depends", s.CacheDepends)
	names := slices.Sorted(maps.Keys(s.Reasons))
	slices.SortStableFunc(names, func(a, b string) int { return int(min(max(s.Reasons[b]-s.Reasons[a], -1), 1)) })
	for _, name := range names {
		r.printf("  %s: %s\n", Line(name), grouped(s.Reasons[name]))
	}
	for _, c := range s.Unless {
		r.printf("  %s count as cacheable, unless they had %s\n", grouped(c.Requests), c.What)
	}
	if s.Cacheable > 0 {
		r.printf("  %s: %s hits at most\n", amount(s.Files, "file"), shareOf(max(s.Cacheable-s.Files, 0), s.Cacheable))
	}
}

// share writes a line with a share of all requests; none where there is nothing to say.
func (r *replayText) share(what string, n int64) {
	if n > 0 {
		r.printf("  %s %s (%s)\n", what, grouped(n), shareOf(n, r.s.Parsed))
	}
}

func (r *replayText) tops(title string, list []replay.Top) {
	if len(list) == 0 {
		return
	}
	r.head(title)
	for _, t := range list {
		r.printf("  %s  %s", grouped(t.Requests), Line(topRequest(&t)))
		r.printf("  %s", Line(t.Why))
		if t.Rule != "" {
			r.printf(" by %s", Line(t.Rule))
		}
		if at := r.place(t.At); at != "" {
			r.printf("  %s", at)
		}
		r.printf("\n")
	}
}

// topRequest is a request in one line.
func topRequest(t *replay.Top) string {
	method := t.Method
	if method == "" {
		method = "GET?"
	}
	host := t.Host
	if host == "" || strings.HasPrefix(t.URL, "http") {
		return method + " " + t.URL
	}
	return method + " " + host + t.URL
}

func (r *replayText) params() {
	if len(r.s.Params) == 0 {
		return
	}
	r.head("parameters that keep answers out of the cache")
	for _, v := range r.s.Params {
		r.printf("  %s  %s, alone in %s, %s", Line(v.Name), amount(v.Requests, "request"), grouped(v.Alone), amount(v.Distinct, "URL"))
		if v.Mend != "" {
			r.printf("; to ignore it: %s  %s", v.Mend, r.place(v.At))
		}
		r.printf("\n")
	}
}

func (r *replayText) dead() {
	s := r.s
	if len(s.DeadRules) > 0 {
		r.head(fmt.Sprintf("filter rules that decided nothing: %d", len(s.DeadRules)))
		for _, d := range s.DeadRules {
			r.printf("  %s  %s  %s\n", Line(d.Label), r.place(d.At), Line(d.Text))
		}
	}
	if len(s.DeadRewrites) > 0 {
		r.head(fmt.Sprintf("rewrite rules that never applied: %d", len(s.DeadRewrites)))
		for _, d := range s.DeadRewrites {
			r.printf("  %s  %s\n", r.place(d.At), Line(d.Text))
		}
	}
}

func (r *replayText) forecast() {
	f := r.s.Forecast
	if f == nil {
		return
	}
	r.head("forecast, for a cache that is empty at first")
	r.printf("  hits %s (%s of those that a cache was asked for)\n", grouped(f.Hits), shareOf(f.Hits, f.Requests))
	r.printf("  misses %s, stale %s, expired %s, not cacheable %s\n", grouped(f.Misses), grouped(f.Stale), grouped(f.Expired), grouped(f.Uncacheable))
	r.printf("  flushes %s", grouped(f.Flushes))
	if f.FlushesUnknown > 0 {
		r.printf(", and %s of which the log does not say what they flush: they are left out", grouped(f.FlushesUnknown))
	}
	if f.FlushesRefused > 0 {
		r.printf(", and %s that /allowedClients refuses", grouped(f.FlushesRefused))
	}
	r.printf("\n")
	if f.FanoutOf > 0 {
		r.printf("  a flush makes %s of the cache stale on average\n", shareOf(f.Fanout, f.FanoutOf))
	}
	if f.Untimed > 0 {
		r.printf("  %s requests have no time\n", grouped(f.Untimed))
	}
	if f.Back > 0 {
		r.printf("  %s requests are dated before one above them: give logs in the order of time\n", grouped(f.Back))
	}
	if f.Full {
		r.printf("  the simulated cache was full: there would have been more hits\n")
	}
}

func (r *replayText) agreement() {
	a := r.s.Agreement
	if a == nil {
		return
	}
	r.head("agreement with the log")
	t := tallyAgreement(a)
	if t.farms == 0 && t.actions == 0 {
		r.printf("  the log says neither which farm answered nor what the cache did\n")
		return
	}
	if t.farms > 0 {
		r.printf("  farm %s of %s\n", shareOf(t.farmsAgree, t.farms), grouped(t.farms))
	}
	if t.actions > 0 {
		r.printf("  action %s of %s\n", shareOf(t.actionsAgree, t.actions), grouped(t.actions))
	}
	for _, c := range t.apart {
		r.printf("  %s: decided %s, logged %s\n", amount(c.Requests, "line"), c.decided, c.logged)
	}
}

// An agreementTally is an agreement added up.
type agreementTally struct {
	farms, farmsAgree, actions, actionsAgree int64
	apart                                    []disagreement
}

type disagreement struct {
	decided, logged string
	Requests        int64
}

func tallyAgreement(a *replay.Agreement) agreementTally {
	var t agreementTally
	for i := range a.Cells {
		c := &a.Cells[i]
		apart := false
		if c.HasFarm() {
			t.farms += c.Lines
			if c.FarmAgrees() {
				t.farmsAgree += c.Lines
			} else {
				apart = true
			}
		}
		if c.HasAction() {
			t.actions += c.Lines
			if c.ActionAgrees() {
				t.actionsAgree += c.Lines
			} else {
				apart = true
			}
		}
		if apart {
			t.apart = append(t.apart, disagreement{verdictWords(c.Farm, c.Filter, c.Cache), strings.TrimSpace(c.Logged + " " + c.Action), c.Lines})
		}
	}
	slices.SortStableFunc(t.apart, func(x, y disagreement) int { return int(min(max(y.Requests-x.Requests, -1), 1)) })
	return t
}

func verdictWords(farm string, f replay.Filter, c replay.Cache) string {
	s := farm + " " + f.String()
	if f == replay.Allow {
		s += [...]string{"", ", cacheable", ", not cacheable", ", cacheable or not"}[c]
	}
	return strings.TrimSpace(s)
}

func (r *replayText) findings() {
	if len(r.s.Findings) == 0 {
		return
	}
	r.head("findings")
	for _, f := range r.s.Findings {
		r.printf("  info %s %s: %s", f.Rule, f.Name, Line(f.Message))
		if at := r.place(f.At); at != "" {
			r.printf("  %s", at)
		}
		r.printf("\n    %s\n", Line(f.Help))
	}
}

func (r *replayText) examples() {
	if len(r.s.Examples) == 0 {
		return
	}
	r.head("lines that could not be read")
	for _, e := range r.s.Examples {
		r.printf("  %s:%d: %s", Line(e.File), e.Line, e.Reason)
		if e.Text != "" {
			r.printf(": %s", Line(e.Text))
		}
		r.printf("\n")
	}
}

// place is a place in text; "" for none.
func (r *replayText) place(at replay.Place) string {
	if at == (replay.Place{}) {
		return ""
	}
	return Line(fmt.Sprintf("%s:%d:%d", Path(r.p.Prefix, at.File), at.Line, at.Column))
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// amount writes a number of things.
func amount(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return grouped(n) + " " + what + "s"
}

// shareOf writes a share with one digit, rounded down.
func shareOf(n, of int64) string {
	if of <= 0 {
		return "0 %"
	}
	tenths := n * 1000 / of
	return fmt.Sprintf("%d.%d %%", tenths/10, tenths%10)
}
