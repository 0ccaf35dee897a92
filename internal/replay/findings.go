package replay

import "fmt"

// A Finding is what a log shows that a configuration alone does not.
type Finding struct {
	// Rule and Name are the id and the name of the rule.
	Rule, Name    string
	Message, Help string
	At            Place
	Requests      int64
}

// Thresholds of findings. Below so many requests a log says too little.
const (
	uncacheableShare = 20 // per cent of what is allowed
	fanoutShare      = 50 // per cent of the cache
	leastRequests    = 100
	leastFiles       = 20
)

// findings are those of the rules that need a log, in the order of their ids.
func (a *adding) findings() []Finding {
	var list []Finding
	s := a.s
	if s.Allow >= leastRequests && s.Uncacheable*100 > s.Allow*uncacheableShare {
		list = append(list, Finding{
			Rule: "DSP950", Name: "uncacheable-allowed-share", Requests: s.Uncacheable,
			Message: fmt.Sprintf("%d %% of the requests that /filter lets through are never cacheable", s.Uncacheable*100/s.Allow),
			Help:    "look at the reasons and at the most frequent of them: a missing extension is mended by a rewrite rule, a query by /ignoreUrlParams",
		})
	}
	if f := s.Forecast; f != nil && f.Surveyed > 0 && f.FanoutOf >= leastFiles*f.Surveyed && f.Fanout*100 >= f.FanoutOf*fanoutShare {
		at := Place{}
		for _, farm := range a.r.Header.Catalog.Farms {
			if farm.Name == f.FanoutFarm {
				at = farm.At
			}
		}
		list = append(list, Finding{
			Rule: "DSP959", Name: "flush-fanout", At: at, Requests: f.Flushes,
			Message: fmt.Sprintf("a flush makes %d %% of the cache stale on average, %d files", f.Fanout*100/f.FanoutOf, f.Fanout/f.Surveyed),
			Help:    "a larger /statfileslevel keeps flushes to the part of the tree that was published: try dispcheck invalidate --what-if statfileslevel=0..6",
		})
	}
	for _, p := range s.Params {
		if p.Alone == 0 || p.Mend == "" || s.Allow < leastRequests {
			continue
		}
		where := "into a new /ignoreUrlParams of farm " + p.Farm + ", behind an entry that denies all"
		if p.Section {
			where = "into /ignoreUrlParams of farm " + p.Farm
		}
		list = append(list, Finding{
			Rule: "DSP960", Name: "query-cache-share", At: p.At, Requests: p.Alone,
			Message: fmt.Sprintf("parameter %s alone keeps %d requests out of the cache", p.Name, p.Alone),
			Help:    fmt.Sprintf("if pages do not change with it, put %s %s", p.Mend, where),
		})
	}
	return list
}
