package report

import (
	"github.com/dispcheck/dispcheck/internal/replay"
)

// ReplayJSON is what became of the requests of logs, as dispcheck.replay/v1.
type ReplayJSON struct {
	Schema  string `json:"schema"`
	Summary struct {
		Lines         int64            `json:"lines"`
		Parsed        int64            `json:"parsed"`
		Unparsed      int64            `json:"unparsed"`
		Ignored       int64            `json:"ignored"`
		Distinct      int64            `json:"distinct"`
		DistinctExact bool             `json:"distinct_exact"`
		DistinctKept  int64            `json:"distinct_kept"`
		Formats       map[string]int64 `json:"formats"`
	} `json:"summary"`
	Filter struct {
		Allow      int64             `json:"allow"`
		Deny       int64             `json:"deny"`
		Depends    int64             `json:"depends"`
		NotReached int64             `json:"not_reached"`
		DependsOn  []ReplayCountJSON `json:"depends_on"`
		// IfAbsent is what those that depend would be if what the log does not say was not there.
		IfAbsent struct {
			Allow int64 `json:"allow"`
			Deny  int64 `json:"deny"`
		} `json:"if_absent"`
		// Unless are what would let requests through that count as denied.
		Unless []ReplayCountJSON `json:"unless"`
		Rules  []ReplayRuleJSON  `json:"rules"`
	} `json:"filter"`
	Cache struct {
		Cacheable   int64             `json:"cacheable"`
		Uncacheable int64             `json:"uncacheable"`
		Depends     int64             `json:"depends"`
		Reasons     map[string]int64  `json:"reasons"`
		Unless      []ReplayCountJSON `json:"unless"`
		Files       int64             `json:"files"`
		HitsAtMost  int64             `json:"hits_at_most"`
	} `json:"cache"`
	Farms            map[string]int64     `json:"farms"`
	VHosts           map[string]int64     `json:"vhosts"`
	Outcomes         map[string]int64     `json:"outcomes"`
	TopDenied        []ReplayTopJSON      `json:"top_denied"`
	TopUncacheable   []ReplayTopJSON      `json:"top_uncacheable"`
	TopDepends       []ReplayTopJSON      `json:"top_depends"`
	Parameters       []ReplayParamJSON    `json:"parameters"`
	NeverHit         ReplayNeverJSON      `json:"never_hit"`
	Forecast         *replay.Forecast     `json:"forecast"`
	Calibration      *ReplayAgreementJSON `json:"calibration"`
	Findings         []ReplayFindingJSON  `json:"findings"`
	NotSimulated     []ReplayCountJSON    `json:"not_simulated"`
	UnparsedReasons  map[string]int64     `json:"unparsed_reasons"`
	IgnoredReasons   map[string]int64     `json:"ignored_reasons"`
	UnparsedExamples []ReplayExampleJSON  `json:"unparsed_examples"`
}

// ReplayCountJSON is how many requests something concerns.
type ReplayCountJSON struct {
	What     string `json:"what"`
	Requests int64  `json:"requests"`
}

// ReplayRuleJSON is a filter rule and the requests that it decided.
type ReplayRuleJSON struct {
	Rule     string `json:"rule"`
	Action   string `json:"action"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Requests int64  `json:"requests"`
}

// ReplayTopJSON is a frequent request.
type ReplayTopJSON struct {
	Method   string  `json:"method"`
	Host     string  `json:"host"`
	URL      string  `json:"url"`
	Requests int64   `json:"requests"`
	Reason   string  `json:"reason"`
	Code     string  `json:"code"`
	Rule     *string `json:"rule"`
	File     string  `json:"file"`
	Line     int     `json:"line"`
	Column   int     `json:"column"`
}

// ReplayParamJSON is a parameter that keeps answers out of the cache.
type ReplayParamJSON struct {
	Name     string `json:"name"`
	Farm     string `json:"farm"`
	Requests int64  `json:"requests"`
	Alone    int64  `json:"alone"`
	Distinct int64  `json:"distinct"`
	// Rule is the entry of /ignoreUrlParams that ignores it; null where its name is none that can be written.
	Rule *string `json:"rule"`
	File string  `json:"file"`
	Line int     `json:"line"`
}

// ReplayNeverJSON is what decided nothing.
type ReplayNeverJSON struct {
	Filter  []ReplayDeadJSON `json:"filter"`
	Rewrite []ReplayDeadJSON `json:"rewrite"`
}

// ReplayDeadJSON is a rule that decided nothing.
type ReplayDeadJSON struct {
	Rule   string `json:"rule"`
	Text   string `json:"text"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// ReplayAgreementJSON is how far the log agrees.
type ReplayAgreementJSON struct {
	Farm   ReplayShareJSON `json:"farm"`
	Action ReplayShareJSON `json:"action"`
	// Apart are what was decided and what the log says where they differ.
	Apart []ReplayApartJSON `json:"apart"`
}

// ReplayShareJSON is how many lines agree, of those that say something.
type ReplayShareJSON struct {
	Agree int64 `json:"agree"`
	Lines int64 `json:"lines"`
}

// ReplayApartJSON is lines that do not agree.
type ReplayApartJSON struct {
	Decided string `json:"decided"`
	Logged  string `json:"logged"`
	Lines   int64  `json:"lines"`
}

// ReplayFindingJSON is a finding, with the keys of dispcheck.lint/v1.
type ReplayFindingJSON struct {
	Rule     string `json:"rule"`
	Name     string `json:"name"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Help     string `json:"help"`
	Requests int64  `json:"requests"`
}

// ReplayExampleJSON is a line that could not be read.
type ReplayExampleJSON struct {
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
	Text   string `json:"text"`
}

// NewReplayJSON makes the JSON of a summary, with prefix before the names of files of the configuration.
func NewReplayJSON(s *replay.Summary, prefix string) *ReplayJSON {
	j := &ReplayJSON{Schema: "dispcheck.replay/v1", Farms: s.Farms, VHosts: s.Hosts, Outcomes: s.Outcomes, Forecast: s.Forecast,
		UnparsedReasons: s.UnparsedReasons, IgnoredReasons: s.Other}
	m := &j.Summary
	m.Lines, m.Parsed, m.Unparsed, m.Distinct, m.DistinctExact, m.DistinctKept, m.Formats = s.Lines, s.Parsed, s.Unparsed, s.Distinct, s.Exact, s.Kept, s.Formats
	for _, n := range s.Other {
		m.Ignored += n
	}
	file := func(at replay.Place) string {
		if at.File == "" {
			return ""
		}
		return Path(prefix, at.File)
	}
	f := &j.Filter
	f.Allow, f.Deny, f.Depends, f.NotReached, f.IfAbsent.Allow, f.IfAbsent.Deny = s.Allow, s.Deny, s.Depends, s.NotReached, s.LoggedAllow, s.LoggedDeny
	f.DependsOn, f.Unless = countsJSON(s.DependsOn), countsJSON(s.DeniedUnless)
	f.Rules = []ReplayRuleJSON{}
	for _, r := range s.Rules {
		action := "deny"
		if r.Allow {
			action = "allow"
		}
		f.Rules = append(f.Rules, ReplayRuleJSON{r.Label, action, file(r.At), r.At.Line, r.At.Column, r.Requests})
	}
	c := &j.Cache
	c.Cacheable, c.Uncacheable, c.Depends, c.Reasons, c.Files = s.Cacheable, s.Uncacheable, s.CacheDepends, s.Reasons, s.Files
	c.Unless, c.HitsAtMost = countsJSON(s.Unless), max(s.Cacheable-s.Files, 0)
	tops := func(list []replay.Top) []ReplayTopJSON {
		out := []ReplayTopJSON{}
		for _, t := range list {
			e := ReplayTopJSON{Method: t.Method, Host: t.Host, URL: t.URL, Requests: t.Requests, Reason: t.Why, Code: string(t.Code), File: file(t.At), Line: t.At.Line, Column: t.At.Column}
			if t.Rule != "" {
				e.Rule = &t.Rule
			}
			out = append(out, e)
		}
		return out
	}
	j.TopDenied, j.TopUncacheable, j.TopDepends = tops(s.TopDenied), tops(s.TopUncacheable), tops(s.TopDepends)
	j.Parameters = []ReplayParamJSON{}
	for _, p := range s.Params {
		e := ReplayParamJSON{Name: p.Name, Farm: p.Farm, Requests: p.Requests, Alone: p.Alone, Distinct: p.Distinct, File: file(p.At), Line: p.At.Line}
		if p.Mend != "" {
			e.Rule = &p.Mend
		}
		j.Parameters = append(j.Parameters, e)
	}
	j.NeverHit = ReplayNeverJSON{[]ReplayDeadJSON{}, []ReplayDeadJSON{}}
	for _, r := range s.DeadRules {
		j.NeverHit.Filter = append(j.NeverHit.Filter, ReplayDeadJSON{r.Label, r.Text, file(r.At), r.At.Line, r.At.Column})
	}
	for _, r := range s.DeadRewrites {
		j.NeverHit.Rewrite = append(j.NeverHit.Rewrite, ReplayDeadJSON{"RewriteRule", r.Text, file(r.At), r.At.Line, r.At.Column})
	}
	if a := s.Agreement; a != nil {
		t := tallyAgreement(a)
		j.Calibration = &ReplayAgreementJSON{Farm: ReplayShareJSON{t.farmsAgree, t.farms}, Action: ReplayShareJSON{t.actionsAgree, t.actions}, Apart: []ReplayApartJSON{}}
		for _, d := range t.apart {
			j.Calibration.Apart = append(j.Calibration.Apart, ReplayApartJSON{d.decided, d.logged, d.Requests})
		}
	}
	j.Findings = []ReplayFindingJSON{}
	for _, d := range s.Findings {
		j.Findings = append(j.Findings, ReplayFindingJSON{d.Rule, d.Name, "info", d.Message, file(d.At), d.At.Line, d.At.Column, d.Help, d.Requests})
	}
	j.NotSimulated = countsJSON(s.Unsure)
	j.UnparsedExamples = []ReplayExampleJSON{}
	for _, e := range s.Examples {
		j.UnparsedExamples = append(j.UnparsedExamples, ReplayExampleJSON{e.File, e.Line, e.Reason, e.Text})
	}
	return j
}

func countsJSON(list []replay.Count) []ReplayCountJSON {
	out := []ReplayCountJSON{}
	for _, c := range list {
		out = append(out, ReplayCountJSON{c.What, c.Requests})
	}
	return out
}
