package farm

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

// The ports on which AEM listens unless it is told otherwise.
const (
	authorPort  = 4502
	publishPort = 4503
)

var farmMixedRoles = lint.Rule{
	ID: "DSP418", Name: "farm-mixed-roles", Severity: diag.Warning, Profiles: []string{"ams", "classic"}, Farm: checkMixedRoles,
	Doc: lint.Doc{
		Title: "farm has author and publish instances among its renders",
		Why: "Renders of a farm share its load: each request goes to one of them. Where one is an author instance, visitors meet its login page " +
			"and unpublished content now and then, and what it answers lies in the cache for all.",
		Bad: `/renders {
	/rend01 { /hostname "publish" /port "4503" }
	/rend02 { /hostname "author" /port "4502" }
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish1" /port "4503" }
	/rend02 { /hostname "publish2" /port "4503" }
}
`,
		Note:    "Renders are told apart by the ports that AEM has unless told otherwise, and by the variables of Managed Services.",
		Since:   since,
		Sources: []string{"adobe/aem-dispatcher-optimizer-tool, its guess of a farm's type", "AdobeDocs/experience-manager-learn.en, explanation-config-files.md"},
	},
}

func checkMixedRoles(p *lint.Pass, f *model.Farm) {
	var first *model.Render
	for _, r := range f.Renders {
		role := roleOf(r)
		switch {
		case role == "":
		case first == nil:
			first = r
		case role != roleOf(first):
			d := diag.Diagnostic{
				Span: r.At.Span, Included: r.At.Included,
				Message: fmt.Sprintf("%s is %s instance, %s %s instance", called(r), role, called(first), roleOf(first)),
				Hint:    "give author and publish instances farms of their own",
				Related: []diag.Related{{Span: first.At.Span, Message: "the other one"}},
			}
			if !r.NameAt.IsZero() {
				d.Span = r.NameAt
			}
			if !first.NameAt.IsZero() {
				d.Related[0].Span = first.NameAt
			}
			p.Report(d)
			return
		}
	}
}

// called names a render for people.
func called(r *model.Render) string {
	if r.Name == "" {
		return "render without a name"
	}
	return "render /" + r.Name
}

// roleOf says with its article what kind of instance a render is; "" where that does not show.
func roleOf(r *model.Render) string {
	const author, publish = "an author", "a publish"
	raw := r.Hostname.ValueAt.Text() + r.Port.ValueAt.Text()
	switch ofAuthor, ofPublish := strings.Contains(raw, "${AUTHOR_"), strings.Contains(raw, "${PUBLISH_"); {
	case ofAuthor && ofPublish:
		return ""
	case ofAuthor:
		return author
	case ofPublish:
		return publish
	case !r.Port.Set:
		return ""
	case r.Port.Value == authorPort:
		return author
	case r.Port.Value == publishPort:
		return publish
	}
	return ""
}
