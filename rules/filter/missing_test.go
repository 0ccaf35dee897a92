package filter

import (
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
)

// TestMissingUnread: the /filter may be in the file that cannot be read.
func TestMissingUnread(t *testing.T) {
	farm := `/farms {
	/publish {
		/renders { /0 { /hostname "publish" /port "4503" } }
		$include "filters.any"
	}
}
`
	for _, tt := range []struct {
		name  string
		files fstest.MapFS
		want  int
	}{
		{"file is not there", fstest.MapFS{"dispatcher.any": {Data: []byte(farm)}}, 0},
		{"file is there and holds no filter", fstest.MapFS{"dispatcher.any": {Data: []byte(farm)}, "filters.any": {Data: []byte("/failover \"1\"\n")}}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := project.Load(t.Context(), project.Options{FS: tt.files, Path: "dispatcher.any"})
			if err != nil {
				t.Fatal(err)
			}
			s := lint.Subject{Config: p.Config, Files: p.Tree.Files, Found: p.Findings}
			got := 0
			for _, d := range lint.Run(t.Context(), &s, Rules(), nil, lint.RunOptions{}).Findings {
				if d.Rule == filterMissing.ID {
					got++
				}
			}
			if got != tt.want {
				t.Errorf("got %d findings, want %d", got, tt.want)
			}
		})
	}
}
