package replay

import (
	"cmp"
	"slices"

	"github.com/dispcheck/dispcheck/internal/accesslog"
)

// An Agreement holds what was decided against what the log says: the farm that answered, and what its cache did.
type Agreement struct {
	// Cells count lines by what was decided and what the log says, in a fixed order.
	Cells []AgreementCell `json:"cells"`
}

// An AgreementCell is lines of which the same was decided and logged.
type AgreementCell struct {
	// Farm is the one decided, "" for none, Logged the log's; "(other)" for one that the configuration does not have, "" where
	// the log has no farm.
	Farm   string `json:"farm"`
	Logged string `json:"logged"`
	// Filter and Cache are the verdicts, Action is the log's: hit, miss, none, blocked, purge, "(other)", or "" for none.
	Filter Filter `json:"filter"`
	Cache  Cache  `json:"cache"`
	Action string `json:"action"`
	Lines  int64  `json:"lines"`
}

func (c *AgreementCell) compare(o *AgreementCell) int {
	return cmp.Or(cmp.Compare(c.Farm, o.Farm), cmp.Compare(c.Logged, o.Logged), cmp.Compare(c.Filter, o.Filter), cmp.Compare(c.Cache, o.Cache), cmp.Compare(c.Action, o.Action))
}

// HasFarm reports whether the log names a farm, and a farm was decided.
func (c *AgreementCell) HasFarm() bool { return c.Logged != "" && c.Farm != "" }

// FarmAgrees reports whether it is the same.
func (c *AgreementCell) FarmAgrees() bool { return c.Farm == c.Logged }

// HasAction reports whether the log says what the cache did, and verdicts say what it may do.
func (c *AgreementCell) HasAction() bool {
	switch c.Action {
	case "hit", "miss", "none", "blocked":
		return c.Filter == Deny || c.Filter == Allow && (c.Cache == Cacheable || c.Cache == Uncacheable)
	}
	return false
}

// ActionAgrees reports whether what the cache did is what verdicts let it do. A cacheable request may have had an answer that
// was not, so that none agrees with it.
func (c *AgreementCell) ActionAgrees() bool {
	switch c.Action {
	case "blocked":
		return c.Filter == Deny
	case "hit", "miss":
		return c.Filter == Allow && c.Cache == Cacheable
	}
	return c.Filter == Allow
}

func (a *Agreement) merge(o *Agreement) {
	a.Cells = append(a.Cells, o.Cells...)
	slices.SortFunc(a.Cells, func(x, y AgreementCell) int { return x.compare(&y) })
	kept := a.Cells[:0]
	for _, c := range a.Cells {
		if n := len(kept); n > 0 && kept[n-1].compare(&c) == 0 {
			kept[n-1].Lines += c.Lines
			continue
		}
		kept = append(kept, c)
	}
	a.Cells = kept
}

// An agreement is the count of one goroutine.
type agreement struct {
	p     *player
	cells map[AgreementCell]int64
	known map[uint32]Verdict
	names map[string]string // of farms
}

func newAgreement(p *player) *agreement {
	a := &agreement{p: p, cells: map[AgreementCell]int64{}, known: map[uint32]Verdict{}, names: map[string]string{}}
	for _, f := range p.result.Header.Catalog.Farms {
		a.names[f.Name] = f.Name
	}
	return a
}

// actionOf is the word of a log for what the cache did.
func actionOf(word []byte) string {
	switch w := string(word); w {
	case "hit", "miss", "none", "blocked", "purge":
		return w
	case "":
		return ""
	}
	return other
}

const other = "(other)"

// compare counts a line whose verdict has this number.
func (a *agreement) compare(r *accesslog.Record, id uint32) {
	v, ok := a.known[id]
	if !ok {
		v = a.p.result.verdicts.of(id)
		a.known[id] = v
	}
	c := AgreementCell{Filter: v.Filter, Cache: v.Cache}
	if v.Farm >= 0 {
		c.Farm = a.p.result.Header.Catalog.Farms[v.Farm].Name
	}
	if len(r.Farm) > 0 {
		if c.Logged, ok = a.names[string(r.Farm)]; !ok {
			c.Logged = other
		}
	}
	c.Action = actionOf(r.Action)
	a.cells[c]++
}

// done puts the count into the result.
func (a *agreement) done(h *Header) {
	sum := &Agreement{Cells: []AgreementCell{}}
	for c, n := range a.cells {
		c.Lines = n
		sum.Cells = append(sum.Cells, c)
	}
	if h.Agreement == nil {
		h.Agreement = &Agreement{Cells: []AgreementCell{}}
	}
	h.Agreement.merge(sum)
	clear(a.cells)
}
