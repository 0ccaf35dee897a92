package simulate

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/expand"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/model"
)

// TestCorpus decides requests with each real configuration file on its own, whatever part of a configuration it is:
// nothing breaks, and both ways to decide agree.
func TestCorpus(t *testing.T) {
	ctx := context.Background()
	m := newMaker(7)
	var requests []*Request
	for _, r := range benchRequests() {
		requests = append(requests, &r)
	}
	for range 100 {
		requests = append(requests, m.request())
	}
	decided := 0
	for _, f := range testkit.Corpus(t, ".any", ".farm") {
		tree, err := expand.Source(f, ".", expand.Options{FS: fstest.MapFS{}})
		if err != nil {
			t.Fatal(err)
		}
		c, _ := model.Decode(tree.Items, model.Options{Fragment: true})
		e := New(c, Options{})
		for _, r := range requests {
			var fast, full Decision
			var trace Trace
			if err := e.Decide(ctx, r, &full, &trace); err != nil {
				t.Fatal(err)
			}
			if err := e.Decide(ctx, r, &fast, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(full, fast, sameDecision...); diff != "" {
				t.Fatalf("%s: %s %s (-with a trace +without):\n%s", f.Name, r.Method, r.Target, diff)
			}
			decided++
		}
	}
	t.Logf("%d decisions", decided)
}
