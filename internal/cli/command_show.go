package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/effective"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/simulate"
)

// views are what show can show, the default first.
var views = []string{report.ShowConfig, report.ShowNames, report.ShowFarms, report.ShowFilter}

func showCommand() *command {
	return &command{
		name:  "show",
		usage: "show the configuration in effect, with the origin of every line",
		args:  "[config|vhosts|farms|filter] [FILE|DIR]",
		about: "config, the default: the directives of httpd for each virtual host in the order in which they are merged, with sections, " +
			"rewrite rules, headers and variables, then each farm with its defaults; --host leaves what holds for one host. vhosts: a table " +
			"of host names with the virtual host, the document root and the farm that answer, and why; values of /virtualhosts that decide " +
			"nothing; farms that no name leads to. farms: the farms in the order in which their virtual hosts are tried. filter: the rules in " +
			"their order. Each line says which file and line it comes from, through which includes, and who set the variables in it.",
		flags: []*flag{
			{name: "host", arg: "HOST", check: checkHost, meaning: "what answers for this host, and nothing else; with a port if it has one"},
			{name: "farm", arg: "NAME", meaning: "this farm alone; not for vhosts"},
			{name: "compare", arg: "ENVIRONMENT,…", check: checkEnvironments, values: []string{"dev,stage,prod"},
				meaning: "only what differs between these environments, such as dev,stage,prod"},
			{name: "define", kind: list, arg: "NAME[=VALUE]", check: checkDefine, meaning: "define a variable as httpd's -D and Define do; may be given several times"},
		},
		formats: []string{"text", "json"},
		maxArgs: 2, argValues: slices.Concat(views, exampleProjects), completeFrom: completeFiles,
		exits: []exit{
			{exitClean, "the configuration was shown, with mistakes or without"},
			{exitUnusable, "wrong usage, or a file or an include that cannot be read; the rest is shown"},
		},
		example: example{"dispcheck show vhosts -c example:cloud", "which farm answers for which name?"},
		run:     runShow,
	}
}

func runShow(ctx context.Context, in *invocation) error {
	view, path, err := in.viewArguments()
	if err != nil {
		return err
	}
	if view == report.ShowNames && in.layer("farm") == fromFlag {
		return usagef("use it with config, farms or filter", "show vhosts: --farm says nothing of host names")
	}
	environments := []string{in.text("environment")}
	if in.text("compare") != "" {
		environments = strings.Split(in.text("compare"), ",")
	}
	var shows []*report.Show
	var last *project.Project
	said := map[string]bool{}
	for _, environment := range environments {
		o := in.projectOptions()
		o.Environment = environment
		if path != "" {
			o.Path = path
		}
		p, err := loadProject(ctx, o)
		if err != nil {
			return err
		}
		if last == nil || p.Tree != nil && len(p.Tree.Fatal) > 0 {
			last = p
		}
		show, err := in.view(ctx, p, view, said)
		if err != nil {
			return err
		}
		show.Environment = environment
		shows = append(shows, show)
	}
	err = in.emit(func(o *output) error {
		switch {
		case in.text("compare") != "" && o.format == "json":
			return report.JSON(o, report.NewShowDifferencesJSON(shows, o.Prefix))
		case in.text("compare") != "":
			return o.ShowDifferences(o, shows)
		case o.format == "json":
			return report.JSON(o, report.NewShowJSON(shows[0], o.Prefix))
		}
		return o.Show(o, shows[0])
	})
	if err != nil {
		return err
	}
	if err := in.unread(last); err != nil {
		return err
	}
	for _, show := range shows {
		if show.Incomplete {
			return errUnusable
		}
	}
	return nil
}

// The rules by which the httpd side says that a text cannot be read: it is missing, or includes itself.
const (
	ruleNotRead = "DSP111"
	ruleCircle  = "DSP113"
)

// incomplete reports whether texts of httpd could not be read, so that a part of the configuration is missing.
func incomplete(a *project.Apache) bool {
	return a != nil && slices.ContainsFunc(a.Findings, func(d diag.Diagnostic) bool {
		return d.Severity == diag.Error && (d.Rule == ruleNotRead || d.Rule == ruleCircle)
	})
}

func checkEnvironments(s string) error {
	names := strings.Split(s, ",")
	for i, name := range names {
		if !slices.Contains(project.Environments(), name) {
			return notOneOf(name, project.Environments())
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("%s is there twice", name)
		}
	}
	if len(names) < 2 {
		return fmt.Errorf("%s is one environment; name another to compare it with", s)
	}
	return nil
}

// viewArguments splits the arguments into the view and the configuration.
func (in *invocation) viewArguments() (view, path string, err error) {
	switch len(in.args) {
	case 0:
		return views[0], "", nil
	case 1:
		word := in.args[0]
		if slices.Contains(views, word) {
			return word, "", nil
		}
		if _, err := os.Stat(word); err == nil || strings.HasPrefix(word, "example:") {
			return views[0], word, nil
		}
	default:
		if slices.Contains(views, in.args[0]) {
			return in.args[0], in.args[1], nil
		}
	}
	return "", "", usagef("", "show: %v", notOneOf(in.args[0], views))
}

// site prepares a project for its views, and prints what is wrong with it that was not said before.
func (in *invocation) site(ctx context.Context, p *project.Project, said map[string]bool) (*effective.Site, error) {
	var version simulate.Version
	if s := in.text("dispatcher-version"); s != "" {
		v, err := simulate.ParseVersion(s)
		if err != nil {
			return nil, usagef("", "--dispatcher-version: %v", err)
		}
		version = v
	}
	site, err := effective.New(ctx, p, version)
	if err != nil {
		return nil, err
	}
	found := p.Findings
	if site.Apache != nil {
		found = slices.Concat(found, site.Apache.Findings)
	}
	var shown []diag.Diagnostic
	for _, d := range found {
		key := d.Rule + "\x00" + d.Message + "\x00" + report.PlaceOf(d.Span, "").String()
		if !said[key] && (d.Severity >= diag.Warning || in.yes("verbose")) {
			shown = append(shown, d)
		}
		said[key] = true
	}
	return site, in.printer().Compact(in.stderr, diag.Sort(shown))
}

// view works out what a view shows.
func (in *invocation) view(ctx context.Context, p *project.Project, view string, said map[string]bool) (*report.Show, error) {
	site, err := in.site(ctx, p, said)
	if err != nil {
		return nil, err
	}
	s := &report.Show{View: view, Profile: string(p.Kind), HTTPD: site.Apache != nil, Any: site.Config != nil, Incomplete: incomplete(site.Apache)}
	if site.Config != nil {
		s.Wrapped = site.Config.Wrapped
		if err := in.checkFarm(site.Config); err != nil {
			return nil, err
		}
	}
	if (view == report.ShowFarms || view == report.ShowFilter) && site.Config == nil {
		return nil, usagef("give a .any file, a .farm or a folder with one", "%s has no .any side, and no farms", p.Show(p.Site))
	}
	if in.given("host") && in.text("host") != "" {
		if s.Asked, err = site.Ask(ctx, in.text("host")); err != nil {
			return nil, err
		}
	}
	farms := in.farmsOf(site, s.Asked)
	switch view {
	case report.ShowNames:
		if s.Asked != nil {
			s.Table = &effective.Table{Names: []effective.Name{*s.Asked}}
			break
		}
		s.Conditions = slices.DeleteFunc(site.Conditions(), func(c effective.Condition) bool { return !c.Hosts })
		s.Table, err = site.Names(ctx)
	case report.ShowFarms:
		s.Farms = farms
	case report.ShowFilter:
		for _, f := range farms {
			s.Filters = append(s.Filters, report.ShownFilter{Farm: f, Missing: f.Filter == nil, Rules: site.Rules(f.Filter)})
		}
	case report.ShowConfig:
		s.Farms = farms
		switch {
		case in.given("farm"):
		case s.Asked == nil:
			s.Conditions = site.Conditions()
			if s.Hosts, err = site.Hosts(ctx); err == nil {
				s.Table, err = site.Names(ctx)
			}
		case s.Asked.VirtualHost != nil:
			s.Hosts, s.Conditions = []*effective.Host{site.Host(s.Asked.VirtualHost)}, site.ConditionsOf(s.Asked.VirtualHost)
		}
	}
	return s, err
}

// farmsOf are the farms that --farm or --host leave.
func (in *invocation) farmsOf(site *effective.Site, asked *effective.Name) []*effective.Farm {
	all := site.Farms()
	name := in.farmName()
	return slices.DeleteFunc(all, func(f *effective.Farm) bool {
		switch {
		case name != "":
			return f.Name != name
		case asked != nil:
			return f.Farm != asked.Farm
		}
		return false
	})
}
