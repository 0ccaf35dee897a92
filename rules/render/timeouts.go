package render

import (
	"fmt"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/rules/unread"
	"github.com/dispcheck/dispcheck/source"
)

var renderTimeoutZero = lint.Rule{
	ID: "DSP453", Name: "render-timeout-zero", Severity: diag.Warning, Farm: checkNoTimeout, Fixable: true,
	Doc: lint.Doc{
		Title: "render is waited for without a limit",
		Why: "A /timeout of 0, which is also the default, lets connecting take as long as the system allows, and a /receiveTimeout of 0 lets " +
			"the answer take for ever. While a request waits it holds a process or thread of the web server. An instance that hangs " +
			"uses them up, and the server answers nobody any more, not even from its cache.",
		Bad: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "0" }
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
`,
		Note: "Without /receiveTimeout the limit is ten minutes, which is not reported. Downloads that take long may be the reason for a " +
			"/receiveTimeout of 0; a high number does as well.",
		Since: since,
		Sources: []string{
			configuration,
			releaseNotes + " (DISP-723: until 4.3.1 ten minutes were the limit all the same)",
			"adobe/skills, plugins for AEM, dispatcher",
		},
	},
}

func checkNoTimeout(ps *lint.Pass, f *model.Farm) {
	for _, r := range f.Renders {
		if t := &r.Timeout; t.Set {
			if isZero(t) {
				ps.Tell(t.ValueAt, t.At, "property /timeout is 0: connecting has no limit", "write milliseconds, such as 10000", textedit.Rewritten(t, "10000")...)
			}
		} else if r.Hostname.Set {
			ps.Tell(nameOf(r), r.At, named(r)+" has no /timeout: connecting has no limit", `add /timeout "10000", which is ten seconds`, textedit.Added(lastOf(r), `/timeout "10000"`)...)
		}
		if t := &r.ReceiveTimeout; isZero(t) {
			ps.Tell(t.ValueAt, t.At, "property /receiveTimeout is 0: the answer may take for ever", "write milliseconds, such as 60000", textedit.Rewritten(t, "60000")...)
		}
	}
}

// isZero reports whether a number is written and is 0.
func isZero(s *model.Setting[int]) bool {
	return s.Set && s.Text != "" && s.Value == 0 && known(s.Text) && unread.IsNumber(s.Text)
}

// lastOf is the port of a render, or its host: behind it another property can be written. It is the zero Span where
// neither stands in the file of the render.
func lastOf(r *model.Render) source.Span {
	for _, at := range []struct {
		set        bool
		all, value source.Span
	}{{r.Port.Set, r.Port.At.Span, r.Port.ValueAt}, {r.Hostname.Set, r.Hostname.At.Span, r.Hostname.ValueAt}} {
		if at.set && at.all.File == at.value.File && at.all.File == r.At.Span.File {
			return at.all.To(at.value)
		}
	}
	return source.Span{}
}

var renderTimeoutExtreme = lint.Rule{
	ID: "DSP454", Name: "render-timeout-extreme", Severity: diag.Info, Farm: checkTimeout,
	Options: []lint.Option{
		{Name: "min", Default: 500, Doc: "The shortest time in milliseconds that is not reported."},
		{Name: "max", Default: 600000, Doc: "The longest time in milliseconds that is not reported."},
	},
	Doc: lint.Doc{
		Title: "timeout of a render is very short or very long",
		Why: "Timeouts of renders are in milliseconds. Where seconds were meant, connecting or the answer has no time at all, and " +
			"requests fail that would have been answered. More than ten minutes is as good as no limit: a request that hangs holds a " +
			"process or thread of the web server as long.",
		Bad: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10" }
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
`,
		Note:    "The options min and max set the limits. 0 is reported as DSP453.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkTimeout(ps *lint.Pass, f *model.Farm) {
	least, most := ps.Int("min"), ps.Int("max")
	check := func(name string, s *model.Setting[int]) {
		switch {
		case !s.Set || !unread.IsNumber(s.Text) || s.Value == 0:
		case s.Value < least:
			ps.Tell(s.ValueAt, s.At, fmt.Sprintf("property /%s is %d ms, which is very short", name, s.Value), "write milliseconds, not seconds")
		case s.Value > most:
			ps.Tell(s.ValueAt, s.At, fmt.Sprintf("property /%s is %d ms, which is very long", name, s.Value), fmt.Sprintf("write %d or less", most))
		}
	}
	for _, r := range f.Renders {
		check("timeout", &r.Timeout)
		check("receiveTimeout", &r.ReceiveTimeout)
	}
}
