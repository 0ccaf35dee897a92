package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/effective"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// aShow is a view of two lines of a virtual host, the second of which args make.
func aShow(environment, args string) *Show {
	f := source.NewFile("a.vhost", []byte("<VirtualHost *:80>\nHeader set X 1\nHeader set Y 2\n"))
	g := source.NewFile("main.conf", []byte("Include a.vhost\n"))
	at := func(line int) effective.Origin {
		return effective.Origin{At: f.Line(line), Included: []source.Span{g.Line(1)}}
	}
	host := &server.Host{Virtual: true, Addresses: []server.Address{{Text: "*:80"}}}
	second := at(3)
	second.Variables = []effective.Variable{{Name: "V", Value: args, Defined: true, From: "--env"}, {Name: "W"}}
	return &Show{View: ShowConfig, Environment: environment, Hosts: []*effective.Host{{
		Host: host, Title: "a", Origin: at(1),
		Groups: []effective.Group{{Name: effective.Headers, Directives: []effective.Directive{
			{Name: "Header", Args: "set X 1", Origin: at(2), Replaces: []effective.Origin{{At: g.Line(1)}}},
			{Name: "Header", Args: args, Origin: second},
		}}},
	}}}
}

func TestShow(t *testing.T) {
	var b bytes.Buffer
	if err := (&Printer{Prefix: "up"}).Show(&b, aShow("dev", "set Y 2")); err != nil {
		t.Fatal(err)
	}
	want := `virtual host a (*:80)  up/a.vhost:1 (by up/main.conf:1)
  headers
    Header set X 1     up/a.vhost:2 (replaces up/main.conf:1)
    Header set Y 2     up/a.vhost:3 (V from --env; W is not defined)
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestShowIsHarmless: a configuration cannot steer the terminal of who looks at it, with colours or without.
func TestShowIsHarmless(t *testing.T) {
	for _, write := range []func(*Printer, *bytes.Buffer) error{
		func(p *Printer, b *bytes.Buffer) error { return p.Show(b, aShow("dev", "set \x1b[2J\n\u202e")) },
		func(p *Printer, b *bytes.Buffer) error {
			return p.ShowDifferences(b, []*Show{aShow("dev", "set \x1b[2J\n\u202e"), aShow("prod", "x")})
		},
	} {
		var plain, colored bytes.Buffer
		if err := write(&Printer{}, &plain); err != nil {
			t.Fatal(err)
		}
		if err := write(&Printer{Color: true}, &colored); err != nil {
			t.Fatal(err)
		}
		if s := plain.String(); strings.ContainsAny(s, "\x1b\u202e") || !strings.Contains(s, "␛[2J␊<U+202E>") {
			t.Errorf("got %q", s)
		}
		if s := colored.String(); strings.Contains(s, "\x1b[2J") || !strings.Contains(s, "\x1b[") {
			t.Errorf("with colours: got %q", s)
		}
	}
}

func TestShowDifferences(t *testing.T) {
	for _, tc := range []struct {
		name string
		list []*Show
		want string
	}{
		{"none", []*Show{aShow("dev", "set Y 2"), aShow("prod", "set Y 2")}, "the same in dev, prod\n"},
		{"one line", []*Show{aShow("dev", "set Y 2"), aShow("stage", "set Y 2"), aShow("prod", "set Y 3")}, `virtual host a (*:80), headers
  dev,stage  Header set Y 2  a.vhost:3 (V from --env; W is not defined)
  prod       Header set Y 3  a.vhost:3 (V from --env; W is not defined)
`},
		{"a host", []*Show{aShow("dev", "set Y 2"), {View: ShowConfig, Environment: "prod"}}, `  dev  virtual host a (*:80)  a.vhost:1 (by main.conf:1)

virtual host a (*:80), headers
  dev  Header set X 1  a.vhost:2 (replaces main.conf:1)
  dev  Header set Y 2  a.vhost:3 (V from --env; W is not defined)
`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := (&Printer{}).ShowDifferences(&b, tc.list); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, b.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			wantCount := strings.Count(tc.want, "a.vhost:")
			if got := len(NewShowDifferencesJSON(tc.list, "").Differences); got != wantCount {
				t.Errorf("JSON has %d differences, the text %d", got, wantCount)
			}
		})
	}
}

// TestShowJSONKeys: every view has the same keys, and no list of it is null where the view shows it.
func TestShowJSONKeys(t *testing.T) {
	want := []string{"conditions", "environment", "farms", "filters", "host", "httpd", "idle_virtualhosts", "profile", "schema", "unreached_farms", "vhosts", "view", "wrapped"}
	lists := map[string][]string{
		ShowConfig: {"conditions", "farms", "httpd", "wrapped"},
		ShowNames:  {"conditions", "idle_virtualhosts", "unreached_farms", "vhosts", "wrapped"},
		ShowFarms:  {"farms", "wrapped"},
		ShowFilter: {"filters", "wrapped"},
	}
	for view, shown := range lists {
		t.Run(view, func(t *testing.T) {
			text, err := json.Marshal(NewShowJSON(&Show{View: view}, ""))
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
				t.Errorf("keys, -want +got:\n%s", diff)
			}
			var arrays []string
			for k, v := range got {
				if _, ok := v.([]any); ok {
					arrays = append(arrays, k)
				}
			}
			slices.Sort(arrays)
			if diff := cmp.Diff(shown, arrays); diff != "" {
				t.Errorf("lists, -want +got:\n%s", diff)
			}
		})
	}
}

// TestShownValues: values keep their quotes, a block without defaults stands in one line, others do not.
func TestShownValues(t *testing.T) {
	value := func(name, value string, quote byte, set bool) effective.Property {
		return effective.Property{Effective: model.Effective{Name: name, Kind: model.KindValue, Value: value, Quote: quote, Set: set}}
	}
	block := func(name string, inside ...effective.Property) effective.Property {
		return effective.Property{Effective: model.Effective{Name: name, Kind: model.KindSection, Entry: true, Set: true}, Inside: inside}
	}
	for _, tc := range []struct {
		name string
		p    effective.Property
		want string
		ok   bool
	}{
		{"value", value("url", `/a"b`, '"', true), `/url "/a\"b"`, true},
		{"regular expression", value("url", `/a"b`, '\'', true), `/url '/a"b'`, true},
		{"string of a list", value("", "Host", '"', true), `"Host"`, true},
		{"empty value", value("suffix", "", '"', true), `/suffix ""`, true},
		{"rule", block("1", value("type", "deny", '"', true), value("url", "*", '"', true)), `/1 { /type "deny" /url "*" }`, true},
		{"rule without a label", block("", value("type", "deny", '"', true)), `{ /type "deny" }`, true},
		{"render with defaults", block("0", value("hostname", "h", '"', true), value("timeout", "0", '"', false)), "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, ok := propertyLine(&tc.p); got != tc.want || ok != tc.ok {
				t.Errorf("got %s, %v", got, ok)
			}
		})
	}
}
