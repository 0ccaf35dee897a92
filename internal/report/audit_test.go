package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/audit"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// hostile has marks of HTML in a label and in the name of a farm.
const hostile = `/farms { /<b>farm { /virtualhosts { "*" } /vanity_urls { /url "/v" /file "/tmp/v" /delay "300" }
/renders { /r { /hostname "render" /port "4503" } }
/filter {
	/1 { /type "deny" /url "*" }
	/<script>alert(1)</script> { /type "allow" /url "/crx/de*" }
	/3 { /type "allow" /url '/system/console' }
}
/cache { /docroot "/c" /allowedClients { /1 { /type "allow" /glob "*" } } } } }
`

func auditOf(t *testing.T, text string) *Audit {
	t.Helper()
	c, _ := model.Decode(grammar.Parse(source.NewFile("conf/any.any", []byte(text))).Items, model.Options{Fragment: true})
	r, err := audit.Run(context.Background(), audit.Options{
		Config: c, Targets: []audit.Target{{Host: "<i>host", Farm: c.Farms[0]}}, Classes: []string{"crx", "felix", "flush"},
		Ask: func(c *model.Config) audit.Asker { return audit.Engine(simulate.New(c, simulate.Options{})) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return &Audit{Report: r, Version: "1.0"}
}

// TestAuditHTML: a page whose tags are all ours, each closed, without scripts and other files.
func TestAuditHTML(t *testing.T) {
	var b bytes.Buffer
	if err := new(Printer).AuditHTML(&b, auditOf(t, hostile)); err != nil {
		t.Fatal(err)
	}
	out := b.String()
	for _, bad := range []string{"<script", "<b>", "<i>", "http://", "https://", "src=", "href=", "onclick"} {
		if strings.Contains(out, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	for _, want := range []string{"&lt;script&gt;alert(1)", "&lt;i&gt;host", "conf/any.any:5:2", "<pre>", "/allowedClients"} {
		if !strings.Contains(out, want) {
			t.Errorf("the page does not have %s", want)
		}
	}
	var open []string
	for _, m := range regexp.MustCompile(`<(/?)([a-z0-9]+)[^>]*>`).FindAllStringSubmatch(out, -1) {
		switch {
		case m[2] == "meta":
		case m[1] == "":
			open = append(open, m[2])
		case len(open) == 0 || open[len(open)-1] != m[2]:
			t.Fatalf("%s closes nothing; open are %v", m[0], open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("not closed: %v", open)
	}
}

// TestAuditSARIF: the log is what the standard's schema wants, and each result names its rule and its place.
func TestAuditSARIF(t *testing.T) {
	var b bytes.Buffer
	if err := new(Printer).AuditSARIF(&b, auditOf(t, hostile)); err != nil {
		t.Fatal(err)
	}
	validSARIF(t, b.Bytes())
	var log sarifLog
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if len(run.Results) != 3 || len(run.Tool.Driver.Rules) != 3 {
		t.Errorf("%d results of %d rules", len(run.Results), len(run.Tool.Driver.Rules))
	}
	prints := map[string]bool{}
	for _, r := range run.Results {
		if run.Tool.Driver.Rules[*r.RuleIndex].ID != r.RuleID || len(r.Locations) != 1 || r.Level != "error" {
			t.Errorf("result %+v", r)
		}
		prints[r.Fingerprints[sarifFingerprint]] = true
	}
	if len(prints) != len(run.Results) {
		t.Error("two results have one fingerprint")
	}
}

// TestAuditGolden holds text and JSON against testdata/audit.
func TestAuditGolden(t *testing.T) {
	a := auditOf(t, hostile)
	var text, verbose, js bytes.Buffer
	if err := (&Printer{Prefix: "site"}).Audit(&text, a); err != nil {
		t.Fatal(err)
	}
	loud := *a
	loud.Verbose = true
	if err := new(Printer).Audit(&verbose, &loud); err != nil {
		t.Fatal(err)
	}
	if err := JSON(&js, NewAuditJSON(a, "")); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"text": text.Bytes(), "verbose": verbose.Bytes(), "json": js.Bytes()} {
		file := filepath.Join("testdata", "audit", name+".golden")
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != string(got) {
			t.Errorf("%s differs:\n%s", file, got)
		}
	}
}

// TestAuditCounts: what the parts say adds up.
func TestAuditCounts(t *testing.T) {
	a := auditOf(t, hostile)
	j := NewAuditJSON(a, "")
	requests, ends := 0, 0
	for _, g := range j.Groups {
		requests += g.Requests
	}
	for _, n := range j.Ends {
		ends += n
	}
	if requests != j.Summary.ExposedRequests || ends != j.Summary.Requests || j.Ends["exposed"] != requests || len(j.Exposures) != j.Summary.Exposed {
		t.Errorf("%+v, %d requests in groups, %d ends", j.Summary, requests, ends)
	}
	if want := fmt.Sprintf("%d of %d probes get through", j.Summary.Exposed, j.Summary.Probes); !strings.HasPrefix(a.Summary(), want) {
		t.Errorf("%q does not start with %q", a.Summary(), want)
	}
}
