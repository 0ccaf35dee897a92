package suite

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/simulate"
)

func files(texts ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i+1 < len(texts); i += 2 {
		out[texts[i]] = &fstest.MapFile{Data: []byte(texts[i+1])}
	}
	return out
}

// told writes a case in one line: name, request, headers, tags, what is expected.
func told(c *Case) string {
	var b strings.Builder
	b.WriteString(c.Name)
	for i, s := range c.Scenario.Steps {
		fmt.Fprintf(&b, " | %s", s.Kind)
		if r := s.Request; r != nil {
			scheme := "http"
			if r.TLS {
				scheme = "https"
			}
			fmt.Fprintf(&b, " %s %s://%s %s", r.Method, scheme, r.Host, r.Target)
			for _, h := range r.Header {
				fmt.Fprintf(&b, " %s=%s", h.Name, h.Value)
			}
		}
		for _, w := range c.Wants[i] {
			fmt.Fprintf(&b, ", %s: %s", w.Path, w.Want)
		}
	}
	if len(c.Tags) > 0 {
		fmt.Fprintf(&b, " | tags %v", c.Tags)
	}
	if c.Skip != "" {
		fmt.Fprintf(&b, " | skip %s", c.Skip)
	}
	if c.Only {
		b.WriteString(" | only")
	}
	return b.String()
}

func TestLoad(t *testing.T) {
	host := "flag.example"
	tests := []struct {
		name  string
		files fstest.MapFS
		base  scenario.Base
		want  []string
	}{
		{"short", files("s.yaml", "cases:\n- GET /x: {filter: allow, cache: {not: yes}}\n"), scenario.Base{},
			[]string{"GET /x | request GET http://localhost /x, filter: allow, cache: not yes"}},
		{"list alone", files("s.yaml", "- GET /x: {filter: allow}\n- HEAD http://a.example/y b.example: {status: null}\n"), scenario.Base{},
			[]string{"GET /x | request GET http://localhost /x, filter: allow", "HEAD http://a.example/y b.example | request HEAD http://b.example /y, status: null"}},
		{"defaults and own", files("s.yaml", `
defaults: {host: d.example, scheme: https, headers: {A: 1, B: 2}}
tags: [t]
cases:
- GET /x: {filter: allow}
- GET /y: {host: o.example, scheme: http, headers: {B: 3}, tags: u, filter: deny}
- GET http://url.example/z: {filter: deny}
`), scenario.Base{}, []string{
			"GET /x | request GET https://d.example /x A=1 B=2, filter: allow | tags [t]",
			"GET /y | request GET http://o.example /y A=1 B=3, filter: deny | tags [t u]",
			"GET http://url.example/z | request GET http://url.example /z A=1 B=2, filter: deny | tags [t]",
		}},
		{"flags", files("s.yaml", "defaults: {host: d.example}\ncases:\n- GET /x: {filter: allow}\n- GET /y o.example: {filter: allow}\n"),
			scenario.Base{Host: &host, Header: simulate.Header{{Name: "F", Value: "1"}}}, []string{
				"GET /x | request GET http://flag.example /x F=1, filter: allow", "GET /y o.example | request GET http://o.example /y F=1, filter: allow",
			}},
		{"variables", files("s.yaml", `
variables: {a: /x, b: "${a}/y", n: 404}
cases:
- GET ${b}.html: {status: "${n}", uri: "$${a}${a}", header: {X: "${b}"}}
`), scenario.Base{}, []string{"GET /x/y.html | request GET http://localhost /x/y.html, status: 404, uri: ${a}/x, header.X: /x/y"}},
		{"table", files("s.yaml", `
variables: {p: /c}
cases:
- name: pages
  request: GET ${p}/${q}
  table: [{q: a, f: allow}, {q: "${p}b", f: deny}]
  expect: {filter: "${f}"}
- GET /${q}: {table: [{q: 1}, {q: 2}], filter: {action: allow}}
- {method: POST, urls: [/u, /v], expect: {filter: deny}, skip: true}
`), scenario.Base{}, []string{
			"pages: GET /c/a | request GET http://localhost /c/a, filter: allow",
			"pages: GET /c//cb | request GET http://localhost /c//cb, filter: deny",
			"GET /1 | request GET http://localhost /1, filter.action: allow",
			"GET /2 | request GET http://localhost /2, filter.action: allow",
			"POST /u | request POST http://localhost /u, filter: deny | skip skipped",
			"POST /v | request POST http://localhost /v, filter: deny | skip skipped",
		}},
		{"includes", files("s.yaml", "include: [sub/a.yaml]\nvariables: {x: /mine}\ndefaults: {host: mine.example}\ncases:\n- GET /own: {filter: allow, only: true}\n",
			"sub/a.yaml", "include: b.yaml\ntags: a\nvariables: {x: /theirs, y: /y}\ndefaults: {host: theirs.example, scheme: https}\ncases:\n- GET ${x}${y}: {filter: allow}\n",
			"sub/b.yaml", "- GET ${x}/b: {filter: deny}\n"), scenario.Base{}, []string{
			"GET /mine/b | request GET https://mine.example /mine/b, filter: deny | tags [a]",
			"GET /mine/y | request GET https://mine.example /mine/y, filter: allow | tags [a]",
			"GET /own | request GET https://mine.example /own, filter: allow | only",
		}},
		{"steps and publish", files("s.yaml", `
defaults: {host: d.example, headers: {A: 1}}
cases:
- name: life
  steps:
  - GET /x.html: {headers: {B: 2}, expect: {cache: miss}}
  - advance: 10s
  - {method: GET, url: /y, expect: {cache: yes}}
  - publish: {handle: /x, expect: {deleted: [/x.html]}}
- publish /z: {stale: /z.html, files: {/z.html: {}}}
`), scenario.Base{}, []string{
			"life | request GET http://d.example /x.html A=1 B=2, cache: miss | advance | request GET http://d.example /y A=1, cache: yes" +
				" | publish GET http://d.example /dispatcher/invalidate.cache CQ-Action=Activate CQ-Handle=/x, deleted: [/x.html]",
			"publish /z | publish GET http://d.example /dispatcher/invalidate.cache CQ-Action=Activate CQ-Handle=/z, stale: /z.html",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Load(tt.files, "s.yaml", ReadOptions{Base: tt.base})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range s.Cases {
				got = append(got, told(c))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("cases (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadErrors(t *testing.T) {
	var chain []string
	for i := range MaxDepth + 2 {
		chain = append(chain, fmt.Sprintf("f%d.yaml", i), fmt.Sprintf("include: f%d.yaml\n", i+1))
	}
	double := "variables:\n  v0: " + strings.Repeat("x", 100) + "\n"
	for i := range 30 {
		double += fmt.Sprintf("  v%d: \"${v%d}${v%d}\"\n", i+1, i, i)
	}
	tests := []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"empty", files("f0.yaml", ""), "f0.yaml:1:1: the suite is nothing, not a mapping; write suite: NAME, and cases: with a list"},
		{"no cases", files("f0.yaml", "suite: x\n"), "f0.yaml:1:1: the suite has no cases; add cases:, a list of METHOD URL: {EXPECTATIONS}"},
		{"outside", files("f0.yaml", "include: ../x.yaml\n"), "f0.yaml:1:10: file ../x.yaml lies outside of the folder of the file that names it"},
		{"missing", files("f0.yaml", "include: x.yaml\n"), "f0.yaml:1:10: file x.yaml"},
		{"too deep", files(chain...), "f15.yaml:1:10: files include each other more than 16 deep"},
		{"variables grow", files("f0.yaml", double+"cases:\n- GET /${v30}: {filter: allow}\n"), "the text has more than 65536 bytes once its variables are put in"},
		{"variables are many", files("f0.yaml", "variables: {a: "+strings.Repeat("x", 60_000)+"}\ncases:\n"+strings.Repeat("- GET /${a}: {filter: allow}\n", 2000)), "variables put more than 67108864 bytes into the texts"},
		{"circle", files("f0.yaml", "variables: {a: \"${b}\", b: \"${a}\"}\ncases:\n- GET /${a}: {filter: allow}\n"), "f0.yaml:1:27: variable a is made of itself"},
		{"row", files("f0.yaml", "cases:\n- GET /${a}: {filter: allow, table: [x]}\n"), "f0.yaml:2:38: the row is a text, not a mapping"},
		{"render", files("f0.yaml", "cases:\n- GET /: {filter: allow, render: respond:99}\n"), "f0.yaml:2:34: render respond:99 has no status from 100 to 599"},
		{"env", files("f0.yaml", "cases:\n- GET /: {filter: allow, env: {dispatcher:cache: hit}}\n"), "f0.yaml:2:32: env holds variables of the configuration, and dispatcher:cache is none; write env.dispatcher:cache for what is expected of it"},
		{"environment", files("f0.yaml", "cases:\n- GET /: {filter: allow, environment: prd}\n"), "f0.yaml:2:39: environment \"prd\" is not known; did you mean prod?"},
		{"scenario's own", files("f0.yaml", "cases:\n- GET /: {filter: allow, files: {x: {}}}\n"), "f0.yaml:2:34: files: "},
		{"two hosts", files("f0.yaml", "cases:\n- GET / a: {filter: allow, host: b}\n"), "f0.yaml:2:3: the case has two hosts; keep one of them"},
		{"not UTF-8", files("f0.yaml", "cases: \xff"), "f0.yaml:1:8: byte 0xff is not UTF-8; save the file as UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Load(tt.files, "f0.yaml", ReadOptions{})
			if err == nil {
				t.Fatalf("no error, %d cases", len(s.Cases))
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestTooManyCases(t *testing.T) {
	urls := strings.Repeat("/x,", 1000)
	rows := strings.Repeat("{a: 1},", MaxCases/1000+1)
	_, err := Load(files("s.yaml", "cases:\n- {urls: ["+urls+"], table: ["+rows+"], expect: {filter: allow}}\n"), "s.yaml", ReadOptions{})
	if err == nil || !strings.Contains(err.Error(), "s.yaml:2:3: the suite has more than 100000 cases; split the suite") {
		t.Errorf("got %.300v", err)
	}
}

// FuzzLoad: whatever a text says, reading it ends with cases or with errors that have places.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"cases:\n- GET /x: {filter: allow}\n", "- GET ${a}: {table: [{a: 1}], status: 1}\n", "include: s.yaml\n", "variables: {a: \"${a}\"}\ncases: [{request: GET /, expect: {a: b}}]\n",
		"cases: [{steps: [{GET /: {expect: {cache: {not: {one-of: [a]}}}}}]}]\n", "cases: [publish /x: {files: {/a: {}}, stale: [/a]}]\n", "- {urls: [a, b], expect: {uri: /(/}}\n",
		"defaults: {render: respond:200, headers: {a: b}, env: {a: b}}\ncases: [GET / x: {cache: 'no: /x/'}]\n", "- GET /: {uri: '!!/x/'}\n", "- GET /: {uri: '! /'}\n", "- GET /: {uri: '!//'}\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Load(files("s.yaml", text), "s.yaml", ReadOptions{})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "s.yaml:") {
				t.Fatalf("an error without a place: %v", err)
			}
			return
		}
		a := answer()
		for _, c := range s.Cases {
			if len(c.Wants) != len(c.Scenario.Steps) {
				t.Fatalf("%s: %d lists of expectations for %d steps", c.Name, len(c.Wants), len(c.Scenario.Steps))
			}
			for _, wants := range c.Wants {
				for i := range wants {
					_, _ = wants[i].Check(a)
					_ = wants[i].Want.String()
				}
			}
		}
	})
}
