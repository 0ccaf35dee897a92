package farm

import (
	"fmt"
	"path"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/source"
)

// maxLost bounds the hosts that a finding names as lost.
const maxLost = 5

// twoFarms is the top of a configuration with farms in files of their own, in the order of their names.
const twoFarms = `/farms {
	$include "enabled_farms/*.farm"
}
`

// farmFile is a farm in a file of its own.
func farmFile(file, name, hosts string) lint.File {
	return lint.File{Name: file, Text: "/" + name + ` {
	/virtualhosts { ` + hosts + ` }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`}
}

var farmWithoutVirtualhosts = lint.Rule{
	ID: "DSP401", Name: "farm-without-virtualhosts", Severity: diag.Error, Config: checkWithoutVirtualhosts,
	Doc: lint.Doc{
		Title: "farm has no virtual hosts",
		Why: "A request goes to the farm whose /virtualhosts name its host. A farm that names none is never found: it answers only where " +
			"no other farm matches and it is the default, and Adobe's page and the module's logs differ on which farm is.",
		File: "dispatcher.any",
		Bad:  twoFarms, Good: twoFarms,
		Files: []lint.File{farmFile("enabled_farms/shop.farm", "shop", `"shop.example.com"`)},
		BadFiles: []lint.File{{Name: "enabled_farms/brand.farm", Text: `/brand {
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`}},
		GoodFiles: []lint.File{farmFile("enabled_farms/brand.farm", "brand", `"www.example.com"`)},
		Note:      "In the last farm it is a warning, since logs show that farm as the default; an only farm is not reported.",
		Since:     since,
		Sources:   []string{configuration},
	},
}

func checkWithoutVirtualhosts(p *lint.Pass, c *model.Config) {
	if !wholeFarms(c) || len(c.Farms) < 2 {
		return
	}
	broken := brokenFiles(p.Subject)
	for i, f := range c.Farms {
		if len(f.VirtualHosts) > 0 || f.NameAt.IsZero() || broken[f.At.Span.File] || broken[f.NameAt.File] {
			continue
		}
		d := diag.Diagnostic{
			Span: f.NameAt, Included: f.At.Included,
			Message: fmt.Sprintf("farm /%s has no /virtualhosts", f.Name),
			Hint:    `name its hosts, such as /virtualhosts { "www.example.com" }`,
		}
		if !f.VirtualHostsAt.Span.IsZero() {
			if broken[f.VirtualHostsAt.Span.File] {
				continue
			}
			d.Span, d.Included = f.VirtualHostsAt.Span, f.VirtualHostsAt.Included
			d.Message = "section /virtualhosts is empty"
		}
		if i == len(c.Farms)-1 {
			d.Severity = diag.Warning
		}
		p.Report(d)
	}
}

var farmVirtualhostDuplicate = lint.Rule{
	ID: "DSP402", Name: "farm-virtualhost-duplicate", Severity: diag.Warning, Config: checkDuplicateHosts,
	Doc: lint.Doc{
		Title: "virtual host is in two farms",
		Why: "Farms are searched from the last one up, so the last farm that names the host takes all its requests. In the other farm the " +
			"value does nothing, and filter and cache of that farm do not hold for the host.",
		File: "dispatcher.any",
		Bad:  twoFarms, Good: twoFarms,
		Files:     []lint.File{farmFile("enabled_farms/shop.farm", "shop", `"shop.example.com"`)},
		BadFiles:  []lint.File{farmFile("enabled_farms/brand.farm", "brand", `"www.example.com" "shop.example.com"`)},
		GoodFiles: []lint.File{farmFile("enabled_farms/brand.farm", "brand", `"www.example.com"`)},
		Note: "Values with a scheme or a URL are compared as a whole. \"*\" in several farms is farm-catchall-order. Hosts that " +
			"both farms have from one file are told once.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkDuplicateHosts(p *lint.Pass, c *model.Config) {
	if len(c.Farms) < 2 {
		return
	}
	s := newSearch(c)
	type owner struct {
		farm  *model.Farm
		value *model.VirtualHost
	}
	type line struct {
		at   source.Span
		farm *model.Farm
	}
	told := map[line]int{} // hosts that come by one $include line are told together
	var list []diag.Diagnostic
	last := map[string]owner{}
	for i := len(c.Farms) - 1; i >= 0; i-- {
		f := c.Farms[i]
		for _, v := range f.VirtualHosts {
			if !determined(v) || catchAll(v) {
				continue
			}
			k := key(v)
			o, taken := last[k]
			if !taken {
				last[k] = owner{f, v}
				continue
			}
			if o.farm == f || o.farm.At.Span == f.At.Span {
				continue // twice in one farm, or one farm that is included twice: other rules say so
			}
			at, winner := s.at(f, v), s.at(o.farm, o.value)
			if first, again := told[line{at.Span, o.farm}]; again && at.Span != v.At.Span {
				list[first].Related = append(list[first].Related, diag.Related{Span: v.At.Span, Message: fmt.Sprintf("so is %q", v.Text)})
				continue
			}
			told[line{at.Span, o.farm}] = len(list)
			list = append(list, diag.Diagnostic{
				Span: at.Span, Included: at.Included,
				Message: fmt.Sprintf("virtual host %q is that of farm /%s, which is searched first", v.Text, o.farm.Name),
				Hint:    "leave it in one of the farms",
				Related: []diag.Related{{Span: winner.Span, Message: "this one takes the requests"}},
			})
		}
	}
	for _, d := range list {
		p.Report(d)
	}
}

var farmCatchallOrder = lint.Rule{
	ID: "DSP404", Name: "farm-catchall-order", Severity: diag.Warning, Config: checkCatchAllOrder,
	Doc: lint.Doc{
		Title: "farm for all hosts is searched before others",
		Why: "Farms are searched from the last one up, and \"*\" fits every host. The farms above it are never asked for hosts that they " +
			"name without a scheme or a URL: their requests meet the filter and the cache of another site. Farms are often read in the order of their files' names.",
		File: "dispatcher.any",
		Bad:  twoFarms, Good: twoFarms,
		Files:     []lint.File{farmFile("enabled_farms/brand.farm", "brand", `"www.example.com"`)},
		BadFiles:  []lint.File{farmFile("enabled_farms/default.farm", "default", `"*"`)},
		GoodFiles: []lint.File{farmFile("enabled_farms/000_default.farm", "default", `"*"`)},
		Since:     since,
		Sources:   []string{configuration, "AdobeDocs/experience-manager-learn.en, explanation-config-files.md (000_ams_catchall)"},
	},
}

func checkCatchAllOrder(p *lint.Pass, c *model.Config) {
	s := newSearch(c)
	for i, f := range c.Farms {
		for _, v := range f.VirtualHosts {
			if i == 0 || !catchAll(v) {
				continue
			}
			if p.Subject.Profile == "cloud" && fromDefaults(v) && hasOwn(f) {
				break // vhost-default-virtualhosts-included says so
			}
			if lost := s.lost(i); len(lost) > 0 {
				at := s.at(f, v)
				p.Report(diag.Diagnostic{
					Span: at.Span, Included: at.Included,
					Message: fmt.Sprintf("virtual host %q takes the hosts of farms above it", v.Text),
					Hint:    "put the farm for all hosts first, as with a file name that starts with 000_",
					Related: lost,
				})
			}
			break
		}
	}
}

// lost returns what farms above the farm i say of hosts, which a farm for all hosts in its place takes.
func (s *search) lost(i int) []diag.Related {
	var lost []diag.Related
	for _, h := range s.plain {
		f := s.farms[h.in]
		if h.in >= i || len(lost) == maxLost {
			break
		}
		if f.At.Span != s.farms[i].At.Span { // or it is a farm that is included twice
			lost = append(lost, diag.Related{Span: s.at(f, h.value).Span, Message: fmt.Sprintf("no request for %q comes to farm /%s", h.value.Text, f.Name)})
		}
	}
	return lost
}

// defaultHosts is the file with "*" that the Cloud Service ships.
const defaultHosts = "default_virtualhosts.any"

var vhostDefaultVirtualhostsIncluded = lint.Rule{
	ID: "DSP416", Name: "vhost-default-virtualhosts-included", Severity: diag.Warning, Profiles: []string{"cloud"}, Config: checkDefaultHosts,
	Fixable: true,
	Doc: lint.Doc{
		Title: "farm with hosts of its own includes the virtual hosts for all",
		Why: "default_virtualhosts.any holds \"*\", which fits every host. Farms are searched from the last one up, so with the file such a " +
			"farm takes the requests of the farms above it, whatever hosts it names itself.",
		File: "conf.dispatcher.d/dispatcher.any",
		Bad:  twoFarms, Good: twoFarms,
		Files: []lint.File{
			{Name: "conf.dispatcher.d/virtualhosts/" + defaultHosts, Text: "\"*\"\n"},
			farmFile("conf.dispatcher.d/enabled_farms/brand.farm", "brand", `"www.example.com"`),
		},
		BadFiles: []lint.File{{Name: "conf.dispatcher.d/enabled_farms/shop.farm", Text: `/shop {
	/virtualhosts {
		$include "../virtualhosts/default_virtualhosts.any"
		"shop.example.com"
	}
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`}},
		GoodFiles: []lint.File{{Name: "conf.dispatcher.d/enabled_farms/shop.farm", Text: `/shop {
	/virtualhosts {
		"shop.example.com"
	}
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`}},
		Note:    "In the first farm, which is searched last, the file takes what no other farm names. It is not reported there.",
		Since:   since,
		Sources: []string{cloudOverview},
	},
}

func checkDefaultHosts(p *lint.Pass, c *model.Config) {
	s := newSearch(c)
	for i, f := range c.Farms {
		if i == 0 || !hasOwn(f) {
			continue
		}
		for _, v := range f.VirtualHosts {
			if !fromDefaults(v) || !catchAll(v) || len(v.At.Included) == 0 {
				continue
			}
			lost := s.lost(i)
			if len(lost) == 0 {
				break
			}
			n := len(v.At.Included) - 1
			line := v.At.Included[n]
			d := diag.Diagnostic{
				Span: line, Included: v.At.Included[:n:n],
				Message: fmt.Sprintf("%s brings %q beside hosts of the farm's own", defaultHosts, v.Text),
				Hint:    "remove the line: the farm names its hosts",
				Related: lost,
			}
			if sole(f, v) {
				d.Fixes = []diag.Fix{{Title: "remove the $include", Edits: []diag.Edit{{Span: textedit.Line(line)}}}}
			}
			p.Report(d)
			break
		}
	}
}

// sole reports whether the line that brings a value brings no other.
func sole(f *model.Farm, v *model.VirtualHost) bool {
	n := len(v.At.Included) - 1
	for _, o := range f.VirtualHosts {
		if o != v && len(o.At.Included) > n && o.At.Included[n] == v.At.Included[n] {
			return false
		}
	}
	return true
}

// fromDefaults reports whether a value stands in the platform's file of hosts.
func fromDefaults(v *model.VirtualHost) bool {
	return v.At.Span.File != nil && path.Base(v.At.Span.File.Name) == defaultHosts
}

// hasOwn reports whether a farm names hosts outside of the platform's file, and not all hosts.
func hasOwn(f *model.Farm) bool {
	for _, v := range f.VirtualHosts {
		if determined(v) && !fromDefaults(v) && !catchAll(v) {
			return true
		}
	}
	return false
}
