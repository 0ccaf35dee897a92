package audit

import (
	"slices"
	"strings"
	"testing"
)

// TestData: the tables are whole. Each class has probes, each source is named by something, no probe is there twice.
func TestData(t *testing.T) {
	c, err := parse(classesText, sourcesText, probesText, controlsText)
	if err != nil {
		t.Fatal(err)
	}
	used, from := map[*Class]int{}, map[*Source]int{}
	seen := map[string]bool{}
	for _, p := range c.probes {
		used[p.Class]++
		key := p.Method + " " + p.Target
		for _, h := range p.Header {
			key += "\n" + h.Name + ": " + h.Value
		}
		if seen[key] {
			t.Errorf("%s is there twice", p.Name())
		}
		seen[key] = true
		for _, s := range p.Sources {
			from[s]++
		}
		if len(p.Sources) == 0 {
			t.Errorf("%s has no source", p.Name())
		}
		if !strings.HasPrefix(p.Target, "/") && !strings.HasPrefix(p.Target, "{page}") || strings.ContainsAny(p.Target, " \t\n") {
			t.Errorf("%s is no request target", p.Target)
		}
		if p.Reason() == "" {
			t.Errorf("%s has no reason", p.Name())
		}
	}
	for _, k := range c.controls {
		for _, s := range k.Sources {
			from[s]++
		}
		if k.Why == "" {
			t.Errorf("control %s does not say who needs it", k.Name())
		}
	}
	for _, k := range c.classes {
		if used[k] == 0 {
			t.Errorf("class %s has no probe", k.Name)
		}
		if k.Why == "" || len(k.Rules) == 0 {
			t.Errorf("class %s says not enough", k.Name)
		}
	}
	for _, s := range c.sources {
		if from[s] == 0 {
			t.Errorf("nothing comes from %s", s.Name)
		}
	}
	if !slices.IsSortedFunc(c.classes, func(a, b *Class) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("classes are not in the order of their names")
	}
	if n := len(c.probes); n < 600 || n > 900 {
		t.Errorf("%d probes", n)
	}
}

// TestBadData: a mistake in a table is an error with its place.
func TestBadData(t *testing.T) {
	const class, source = "a\terror\t\t\twhy\n", "S\twhere\n"
	for _, tt := range []struct{ classes, sources, probes, controls, want string }{
		{"a\tbad\t\t\twhy\n", source, "", "", `classes.tsv:1: severity "bad"`},
		{"a\terror\t\tsome\twhy\n", source, "", "", `classes.tsv:1: unknown word "some"`},
		{class, source, "# comment\nb\tGET\t/x\n", "", `probes.tsv:2: unknown class "b"`},
		{class, source, "a\tGET\t/x\todd\n", "", `probes.tsv:1: unknown word "odd"`},
		{class, source, "a\tGET\t/x\t\t\tT\n", "", `probes.tsv:1: unknown source "T"`},
		{class, source, "a\tGET\t/x\t\t\tS\twhy\tmore\n", "", "probes.tsv:1: 8 fields; a row has 7"},
		{class, source, "", "GET\t/x\todd\n", `controls.tsv:1: unknown word "odd"`},
	} {
		if _, err := parse(tt.classes, tt.sources, tt.probes, tt.controls); err == nil || err.Error() != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}
