package cache

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/unread"
)

func checkLevelLiterally(p *lint.Pass, f *model.Farm) {
	property, at := literalProperty(p, f, func(c *model.Cache) (string, bool, model.Place) {
		return c.StatfilesLevel.Text, c.StatfilesLevel.Set, c.StatfilesLevel.At
	})
	checkLeast(p, property, at, "statfileslevel")
}

func checkGraceLiterally(p *lint.Pass, f *model.Farm) {
	property, at := literalProperty(p, f, func(c *model.Cache) (string, bool, model.Place) {
		return c.GracePeriod.Text, c.GracePeriod.Set, c.GracePeriod.At
	})
	checkLeast(p, property, at, "gracePeriod")
}

func checkServeStaleLiterally(p *lint.Pass, f *model.Farm) {
	text, at := literalProperty(p, f, func(c *model.Cache) (string, bool, model.Place) {
		return c.ServeStaleOnError.Text, c.ServeStaleOnError.Set, c.ServeStaleOnError.At
	})
	if !at.Span.IsZero() && text != "1" && text != "true" {
		p.Report(diag.Diagnostic{Span: at.Span, Included: at.Included, Message: "/serveStaleOnError is not on", Hint: `write /serveStaleOnError "1"`})
	}
}

// checkLeast reports a number that is lower than the option minimum, as INT_GREATER_OR_EQUAL of the Optimizer Tool does. One
// that is not there, or is none, is 0 for it.
func checkLeast(p *lint.Pass, text string, at model.Place, name string) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		n = 0
	}
	if least := p.Int("minimum"); !at.Span.IsZero() && int(n) < least {
		p.Report(diag.Diagnostic{
			Span: at.Span, Included: at.Included, Message: fmt.Sprintf("/%s is not %d or more", name, least),
			Hint: fmt.Sprintf(`write /%s "%d"`, name, least),
		})
	}
}

// literalProperty returns the text of a property of /cache, and where it stands: /cache where it is not written, the
// farm where that has none. The place is zero where the Optimizer Tool does not look, which is at farms for authors, and
// where the farm is not all there.
func literalProperty(p *lint.Pass, f *model.Farm, of func(*model.Cache) (text string, set bool, at model.Place)) (string, model.Place) {
	if p.FarmType(f) == lint.Author || unread.Part(p.Subject.Config) && f.Cache == nil {
		return "", model.Place{}
	}
	if f.Cache == nil {
		return "", head(f.At)
	}
	text, set, at := of(f.Cache)
	if !set {
		return "", head(f.Cache.At)
	}
	return strings.TrimSpace(text), at
}
