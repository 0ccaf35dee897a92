package decisiondiff_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/decisiondiff"
)

func TestZZ(t *testing.T) {
	var trees []*tree
	if c := os.Getenv("ZZ_TREE"); c != "" {
		for _, d := range strings.Split(c, ",") {
			trees = append(trees, copyTree(t, d, os.DirFS(d)))
		}
	} else {
		trees = examples(t)
	}
	n := 40
	fmt.Sscan(os.Getenv("ZZ_N"), &n)
	seed := uint64(1)
	fmt.Sscan(os.Getenv("ZZ_SEED"), &seed)
	for _, tr := range trees {
		texts := tr.files(t)
		hs, ps, ws := hosts(texts), paths(texts, 1500), words(texts)
		if len(hs) > 8 {
			hs = hs[:8]
		}
		g := grid(hs, ps, ws[:min(len(ws), 200)])
		base := newOracle(t, tr.side)
		t0 := time.Now()
		want := make([]string, len(g))
		for i := range g {
			want[i] = base.answer(&g[i])
		}
		fmt.Println(tr.name, "grid", len(g), "hosts", len(hs), time.Since(t0))
		var dt time.Duration
		nn, foundBoth, onlyDiff, onlyOracle, none, bad := 0, 0, 0, 0, 0, 0
		for _, m := range mutants(t, tr, n, seed) {
			side := tr.edited(t, m.texts)
			if side == nil {
				continue
			}
			nn++
			t0 = time.Now()
			res, err := decisiondiff.Compare(t.Context(), tr.side, side, decisiondiff.Options{Generate: true})
			if err != nil {
				t.Fatal(err)
			}
			dt += time.Since(t0)
			after := newOracle(t, side)
			diff := ""
			for i := range g {
				if got := after.answer(&g[i]); got != want[i] {
					diff = g[i].String() + fmt.Sprint(g[i].Header) + "\n      " + want[i] + "\n      " + got
					break
				}
			}
			if diff == "" {
				line := map[string]string{"a": m.before, "b": m.now}
				extra := grid(hosts(map[string]string{"a": "server " + m.before, "b": "server " + m.now})[:], paths(line, 200), words(line))
				extra = append(extra, grid(hs, paths(line, 200), words(line))...)
				for i := range extra {
					if a, b := base.answer(&extra[i]), after.answer(&extra[i]); a != b {
						diff = extra[i].String() + "\n      " + a + "\n      " + b
						break
					}
				}
			}
			switch {
			case len(res.Changes) > 0 && diff != "":
				foundBoth++
			case len(res.Changes) > 0:
				onlyDiff++
				fmt.Println("ONLY DIFF", m, "\n   ", res.Changes[0].Kind, res.Changes[0].From, "->", res.Changes[0].To, res.Changes[0].Example)
			case diff != "":
				onlyOracle++
				fmt.Println("MISSED", m, "\n   ", diff)
			default:
				none++
				fmt.Println("NONE", m, res.Same, len(res.Undecided))
			}
			for _, c := range res.Changes {
				if c.Example != nil && base.answer(c.Example) == after.answer(c.Example) {
					bad++
					fmt.Println("WRONG", m, c)
				}
			}
		}
		fmt.Println(tr.name, "mutants", nn, "both", foundBoth, "only diff", onlyDiff, "MISSED", onlyOracle, "none", none, "wrong", bad, "avg", dt/time.Duration(max(nn, 1)))
	}
}
