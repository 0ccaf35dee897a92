package simulate

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

// A farm is a farm of the configuration, compiled.
type farm struct {
	model  *model.Farm
	filter *ruleList
	cache  *ruleList
	ignore []paramRule

	docroot    string
	hasDocroot bool
	// cachePart says that the configuration is a part of a /cache, the rest of which is not known.
	cachePart bool
	statURL   string // the URL of /statfile where that lies in the document root, else ""

	// root is where the cache files are, nil without a store.
	root       Docroot
	rootErr    error // why there is none
	invalidate *ruleList
	checked    *ruleList // /filter of /auth_checker
	stat       statfiles
	hits       hitCount
}

// A farmList is the farms of a configuration, with the values of their virtual hosts in the order in which they
// are tried: from the last farm up, and in each farm from the first value down.
type farmList struct {
	farms    []*farm
	explicit []host // values that name a scheme or a URL
	plain    []host // values that name a host alone
}

// A host is one value of /virtualhosts.
type host struct {
	farm  *farm
	value *model.VirtualHost
}

func compileFarms(config *model.Config) farmList {
	var l farmList
	cachePart := slices.Contains(config.Wrapped, "/cache")
	for _, f := range config.Farms {
		c := compileFarm(f)
		c.cachePart = cachePart
		l.farms = append(l.farms, c)
	}
	for i := len(l.farms) - 1; i >= 0; i-- {
		f := l.farms[i]
		for _, v := range f.model.VirtualHosts {
			if v.Scheme != "" || v.URI != nil {
				l.explicit = append(l.explicit, host{f, v})
			} else {
				l.plain = append(l.plain, host{f, v})
			}
		}
	}
	return l
}

func compileFarm(f *model.Farm) *farm {
	c := &farm{model: f, filter: newRuleList(f.Filter, false)}
	if f.AuthChecker != nil {
		c.checked = newRuleList(f.AuthChecker.Filter, true)
	}
	if f.Cache == nil {
		return c
	}
	c.cache = newRuleList(f.Cache.Rules, true)
	c.ignore = compileParams(f.Cache.IgnoreURLParams)
	c.docroot, c.hasDocroot = strings.TrimRight(f.Cache.Docroot.Value, "/"), f.Cache.Docroot.Value != ""
	// With /statfileslevel, /statfile is not read.
	if stat := f.Cache.Statfile.Value; c.hasDocroot && !f.Cache.StatfilesLevel.Set && strings.HasPrefix(stat, c.docroot+"/") {
		c.statURL = stat[len(c.docroot):]
	}
	c.invalidate = newRuleList(f.Cache.Invalidate, true)
	c.stat.level = f.Cache.StatfilesLevel.Value
	switch stat := f.Cache.Statfile.Value; {
	case f.Cache.StatfilesLevel.Set, stat == "", stat == c.docroot+statName:
	case c.statURL != "":
		c.stat.one = c.statURL
	default:
		c.stat.outside = stat
	}
	return c
}

// openDocroots opens the document roots of all farms, an outer one before those inside it.
func (e *Engine) openDocroots() {
	if e.options.Store == nil {
		return
	}
	farms := slices.Clone(e.farms.farms)
	slices.SortStableFunc(farms, func(a, b *farm) int { return len(a.docroot) - len(b.docroot) })
	for _, f := range farms {
		if f.hasDocroot {
			f.root, f.rootErr = e.options.Store.Docroot(f.docroot)
		}
	}
}

// named returns the first farm of a name.
func (l *farmList) named(name string) *farm {
	for _, f := range l.farms {
		if f.model.Name == name {
			return f
		}
	}
	return nil
}

// matchesHost compares a host with its port. The port counts where the value names one.
func (h *host) matchesHost(name, port string, x *Exchange) bool {
	if h.value.Host == nil {
		return false
	}
	if !h.value.HasPort {
		return h.value.Host.Match(name)
	}
	if port == "" {
		port = "80"
		if x.Request.TLS {
			port = "443"
		}
		return h.value.Host.Match(name + ":" + port)
	}
	return h.value.Host.Match(x.Decision.Host)
}

func (h *host) matchesScheme(tls bool) bool {
	return h.value.Scheme == "" || tls == (h.value.Scheme == "https")
}

func (h *host) matchesURI(uri string) bool { return h.value.URI == nil || h.value.URI.Match(uri) }

// A paramRule is one entry of /ignoreUrlParams.
type paramRule struct {
	glob  *match.Pattern
	model *model.Rule
}

// compileParams keeps the entries that can match a name.
func compileParams(list *model.RuleList) []paramRule {
	if list == nil {
		return nil
	}
	var rules []paramRule
	for _, r := range list.Rules {
		if usable(r.Glob) {
			rules = append(rules, paramRule{r.Glob.Pattern, r})
		}
	}
	return rules
}
