package simulate

import (
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/expand"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// decode makes a configuration of a text, which may be a fragment.
func decode(tb testing.TB, text string, version Version, env map[string]string) *model.Config {
	tb.Helper()
	tree, err := expand.Source(source.NewFile("config.any", []byte(text)), ".", expand.Options{
		FS: fstest.MapFS{},
		Lookup: func(name string) (expand.Variable, bool) {
			v, ok := env[name]
			return expand.Variable{Value: v}, ok
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	o := model.Options{Fragment: true}
	if version != (Version{}) {
		o.DispatcherVersion = version.String()
	}
	c, found := model.Decode(tree.Items, o)
	for _, d := range found {
		if d.Severity == diag.Error {
			tb.Logf("%s: %s", d.Rule, d.Message)
		}
	}
	return c
}
