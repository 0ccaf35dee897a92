package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
	"github.com/dispcheck/dispcheck/suite"
)

// TestCoverageHTML: whatever a configuration holds is text on the page, in the colour of the innermost thing that it belongs to.
func TestCoverageHTML(t *testing.T) {
	text := "outer <i>\r\n\tinner & 'q' \"p\" \u202e\x1b[1m\n  last\n"
	src := source.NewFile("a<b>\".any", []byte(text))
	span := func(from, to string) source.Span {
		start, end := strings.Index(text, from), strings.Index(text, to)+len(to)
		if start < 0 || end < start {
			t.Fatalf("%q to %q is no part", from, to)
		}
		return src.Span(start, end)
	}
	c := suite.NewCoverage()
	c.AddConfig(&model.Config{Farms: []*model.Farm{{Name: `n"><x`, NameAt: span("outer", "last"), Filter: &model.Filter{
		Rules: []*model.Rule{{Label: "1", At: model.Place{Span: span("inner", "'q'")}}, {At: model.Place{Span: span(`"p"`, "[1m")}}},
	}}}})
	for i, it := range c.Items() {
		it.Times = i
	}
	run := &TestRun{Report: &suite.Report{Coverage: c, Passed: 1}, Below: []string{"less <than> wanted"}}
	var b bytes.Buffer
	if err := (&Printer{Prefix: "p&q"}).CoverageHTML(&b, run); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{
		`<p class="below">less &lt;than&gt; wanted</p>`,
		`<summary>p&amp;q/a&lt;b&gt;&#34;.any: 2 of 3 decided</summary>`,
		`<td class="number never">0×</td><td><span class="miss" title="farms, n&#34;&gt;&lt;x: never decided">outer &lt;i&gt;</span></td></tr>`,
		`<td class="number">1× 2×</td><td>	<span class="hit" title="filter rules, /1: decided 1 time">inner &amp; &#39;q&#39;</span> ` +
			`<span class="hit" title="filter rules: decided 2 times">&#34;p&#34; &lt;U+202E&gt;␛[1m</span></td></tr>`,
		`<td class="number"></td><td>  <span class="miss" title="farms, n&#34;&gt;&lt;x: never decided">last</span></td></tr>`,
		`<a href="#f1-1">n&#34;&gt;&lt;x</a>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks\n%s", want)
		}
	}
	for _, never := range []string{"<i>", "<x", "<b>", "\u202e", "\x1b", "\r", "<script", "http://", "https://"} {
		if strings.Contains(got, never) {
			t.Errorf("the page has %q", never)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
	b.Reset()
	if err := (&Printer{}).CoverageHTML(&b, &TestRun{Report: &suite.Report{}}); err != nil || b.Len() > 0 {
		t.Errorf("without coverage: %q, %v", b.String(), err)
	}
}
