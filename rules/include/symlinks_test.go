package include

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// linked are folders with links alone.
type linked []lint.Link

func (linked) Unread() []*grammar.File { return nil }
func (l linked) Links() []lint.Link    { return l }
func (linked) Others() []*source.File  { return nil }

func (linked) UnreadServer() []*httpd.File { return nil }
func (linked) Entries() []lint.Entry       { return nil }
func (linked) Read(string) *source.File    { return nil }

// TestAbsoluteSymlink: what is said of links that were not read.
func TestAbsoluteSymlink(t *testing.T) {
	to := func(target string, inside bool) lint.Link {
		return lint.Link{File: source.NewFile("src/conf.d/enabled_vhosts/a.vhost", nil), Target: target, Inside: inside}
	}
	for _, tt := range []struct {
		name, profile string
		link          lint.Link
		want          []string // severity, message, hint
	}{
		{"inside", "cloud", to("../available_vhosts/a.vhost", true), nil},
		{"absolute", "cloud", to("/etc/httpd/conf.d/available_vhosts/a.vhost", false), []string{
			"error", "link a.vhost leads to /etc/httpd/conf.d/available_vhosts/a.vhost, by an absolute path",
			"make it a relative link: ../available_vhosts/a.vhost",
		}},
		{"right on servers", "ams", to("/etc/httpd/conf.d/available_vhosts/a.vhost", false), []string{
			"warning", "link a.vhost leads to /etc/httpd/conf.d/available_vhosts/a.vhost, by an absolute path",
			"make it a relative link: ../available_vhosts/a.vhost",
		}},
		{"of a developer", "ams", to("/home/me/brand/conf.d/available_vhosts/a.vhost", false), []string{
			"error", "link a.vhost leads to /home/me/brand/conf.d/available_vhosts/a.vhost, by an absolute path",
			"make it a relative link: ../available_vhosts/a.vhost",
		}},
		{"beside", "cloud", to("../../../common/a.vhost", false), []string{
			"error", "link a.vhost leads to ../../../common/a.vhost, outside of the configuration",
			"make it a relative link to a file of the configuration",
		}},
		{"an own httpd", "classic", to("/etc/httpd/conf.d/available_vhosts/a.vhost", false), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := lint.Subject{Config: &model.Config{}, Profile: tt.profile, Folders: linked{tt.link}}
			var got []string
			for _, d := range lint.Run(t.Context(), &s, Rules(), &lint.Settings{Select: []string{absoluteSymlink.ID}}, lint.RunOptions{}).Findings {
				got = append(got, d.Severity.String(), d.Message, d.Hint)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
