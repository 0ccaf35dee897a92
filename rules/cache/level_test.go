package cache

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/lint"
)

// TestContentRoots: roots that a project tells count in place of those that the filter names.
func TestContentRoots(t *testing.T) {
	for _, tt := range []struct {
		name  string
		roots []string
		level int
		want  []string
	}{
		{"none told", nil, 5, []string{"warning: /statfileslevel 5 is deeper than /content/a/en: an activation leaves pages beside it as they are; write 3 or less"}},
		{"fits", []string{"/content/brand/us/en"}, 4, nil},
		{"too deep", []string{"/content/brand/us/en/"}, 5, []string{"warning: /statfileslevel 5 is deeper than /content/brand/us/en: an activation leaves pages beside it as they are; write 4 or less"}},
		{"one language makes the other stale", []string{"/content/brand/us/en", "/content/brand/us/es"}, 3, []string{"warning: /statfileslevel 3 makes an activation of /content/brand/us/en stale /content/brand/us/es, too; write 4"}},
		{"sites", []string{"/content/one/en", "/content/two/us/en"}, 3, nil},
		{"no level fits", []string{"/content/one", "/content/two/us/en", "/content/two/us/es"}, 2, []string{"info: no /statfileslevel fits all content: /content/one is 2 folders deep, and /content/two/us/en and /content/two/us/es part at 4; keep sites at one depth, or give each a farm and a folder of its own"}},
		{"one in the other", []string{"/content/one", "/content/one/en"}, 2, nil},
		{"empty", []string{"/", ""}, 3, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := loadText(t, fmt.Sprintf(`/farms { /site {
	/filter { /1 { /type "allow" /url "/content/a/en/*" } }
	/cache {
		/docroot "/c"
		/statfileslevel "%d"
		/invalidate { /0 { /glob "*.html" /type "allow" } }
	}
} }
`, tt.level))
			set := lint.Settings{Select: []string{"DSP306"}}
			if tt.roots != nil {
				set.Options = map[string]lint.Options{"DSP306": {"content-roots": {Value: tt.roots}}}
			}
			r := lint.Run(t.Context(), &lint.Subject{Config: p.Config, Files: p.Tree.Files}, Rules(), &set, lint.RunOptions{})
			var got []string
			for _, d := range r.Findings {
				got = append(got, fmt.Sprintf("%s: %s; %s", d.Severity, d.Message, d.Hint))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFunctionalParams: names that a project tells are looked for, also below an entry for all of a list that denies some.
func TestFunctionalParams(t *testing.T) {
	p := loadText(t, `/farms { /site { /cache {
	/docroot "/c"
	/rules { /0 { /glob "*" /type "allow" } }
	/ignoreUrlParams { /1 { /glob "*" /type "allow" } /2 { /glob "size" /type "deny" } }
} } }
`)
	set := lint.Settings{Select: []string{"DSP314"}, Options: map[string]lint.Options{"DSP314": {"functional-params": {Value: []string{"size", "colour"}}}}}
	r := lint.Run(t.Context(), &lint.Subject{Config: p.Config, Files: p.Tree.Files}, Rules(), &set, lint.RunOptions{})
	var got []string
	for _, d := range r.Findings {
		got = append(got, d.Message)
	}
	want := []string{"/ignoreUrlParams ignores colour: answers that differ by it are stored as one"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestBefore435(t *testing.T) {
	for version, want := range map[string]bool{
		"": false, "4.3.4": true, "4.3.4-2": true, "v4.3.3": true, "4.3.5": false, "4.3.5_1": false, "4.3.8": false, "4.2": true, "4.1.11": true,
		"4.3": false, "4": true, "5.0.0": false, "2.0.213": false, "newest": false, "4.10.1": false, "4.3.10": false,
	} {
		t.Run(version, func(t *testing.T) {
			if got := before435(version); got != want {
				t.Errorf("got %t, want %t", got, want)
			}
		})
	}
}

func TestLabelBehind(t *testing.T) {
	for _, tt := range []struct{ label, want string }{
		{"0001", "0002"}, {"0002", "0004"}, {"9", "10"}, {"0", "1"}, {"99", "100"}, {"last", "0001"}, {"", "0001"},
	} {
		taken := map[string]bool{"0003": true, "0002": tt.label != "0001", "3": true}
		t.Run(tt.label, func(t *testing.T) {
			if got := labelBehind(tt.label, taken); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
