package decisiondiff_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/decisiondiff"
	"github.com/dispcheck/dispcheck/internal/testkit"
)

var (
	recall     = flag.Int("mutants", 0, "how many random edits of each configuration TestRecall makes")
	recallSeed = flag.Uint64("mutants-seed", 1, "which ones")
)

// A judge holds what diff says of edits of one tree against an oracle.
type judge struct {
	tree  *tree
	hosts []string
	base  *oracle
	grid  []decisiondiff.Request
	want  []string
}

// newJudge asks the tree as it is. paths bounds the grid.
func newJudge(tb testing.TB, t *tree, mostPaths, mostHosts int) *judge {
	tb.Helper()
	texts := t.files(tb)
	j := &judge{tree: t, hosts: hosts(texts), base: newOracle(tb, t.side)}
	j.hosts = j.hosts[:min(len(j.hosts), mostHosts)]
	w := words(texts)
	j.grid = grid(j.hosts, paths(texts, mostPaths), w[:min(len(w), 60)], headers(texts)...)
	for i := range j.grid {
		j.want = append(j.want, j.base.answer(&j.grid[i]))
	}
	return j
}

// differs returns a request that the oracle sees answered in another way; "" where it knows none.
func (j *judge) differs(m *mutant, after *oracle) string {
	for i := range j.grid {
		if after.answer(&j.grid[i]) != j.want[i] {
			return j.grid[i].String()
		}
	}
	line := map[string]string{"before": "server " + m.before, "now": "server " + m.now}
	more := grid(hosts(line), paths(line, 100), words(line))
	more = append(more, grid(j.hosts, append(paths(line, 60), "/", "/content/ab.html", "/content/ab.json"), words(line), headers(line)...)...)
	for i := range more {
		if j.base.answer(&more[i]) != after.answer(&more[i]) {
			return more[i].String()
		}
	}
	return ""
}

// A verdict is what came of one mutant.
type verdict struct {
	// shown is what the oracle found, changes what diff did. wrong are changes whose example is answered as before.
	shown   string
	changes []*decisiondiff.Change
	wrong   []string
}

// try compares a tree with an edit of it; false where that cannot be loaded.
func (j *judge) try(tb testing.TB, m *mutant) (v verdict, ok bool) {
	tb.Helper()
	side := j.tree.edited(tb, m.texts)
	if side == nil {
		return v, false
	}
	res, err := decisiondiff.Compare(tb.Context(), j.tree.side, side, decisiondiff.Options{Generate: true})
	if err != nil {
		tb.Fatal(err)
	}
	after := newOracle(tb, side)
	v.shown, v.changes = j.differs(m, after), res.Changes
	for _, c := range res.Changes {
		if c.Example != nil && j.base.answer(c.Example) == after.answer(c.Example) {
			v.wrong = append(v.wrong, fmt.Sprintf("%s: %s -> %s for %s", c.Kind, c.From, c.To, c.Example))
		}
	}
	return v, true
}

// kinds are the kinds of changes, each once.
func kinds(list []*decisiondiff.Change) string {
	var out []string
	for _, c := range list {
		if k := string(c.Kind); !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	if out == nil {
		return "nothing"
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

// findsMutants makes edits until so many have changed something, and fails where diff misses one of which the oracle knows, or
// tells of one that is none. What it finds is compared with the list in testdata.
func findsMutants(t *testing.T, tr *tree, golden string, n int) {
	if testkit.Race && !*testkit.Update { // it finds the same, five times as slowly
		n = min(n, 2)
	}
	j := newJudge(t, tr, 100, 3)
	var list strings.Builder
	found := 0
	for _, m := range mutants(t, tr, 4*n, 11) {
		if found == n {
			break
		}
		v, ok := j.try(t, m)
		if !ok {
			continue
		}
		if v.shown != "" && len(v.changes) == 0 {
			t.Errorf("missed: %s\n%s is answered in another way", m, v.shown)
		}
		for _, w := range v.wrong {
			t.Errorf("wrong: %s\n%s", m, w)
		}
		if len(v.changes) > 0 {
			found++
		}
		fmt.Fprintf(&list, "%s, %s:%d: %s\n", m.kind, m.file, m.line, kinds(v.changes))
	}
	if found < n {
		t.Errorf("only %d edits change anything, want %d", found, n)
	}
	path := filepath.Join("testdata", "mutants", golden+".txt")
	if *testkit.Update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(list.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wanted, got := strings.SplitAfter(strings.ReplaceAll(string(want), "\r\n", "\n"), "\n"), strings.SplitAfter(list.String(), "\n")
	if testkit.Race { // which has only the first
		wanted, got = wanted[:min(len(wanted), len(got)-1)], got[:len(got)-1]
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("%s (go test -update writes it anew): %s", path, diff)
	}
}

// TestFindsEdits: edits of each example that change something, and what is found of each.
func TestFindsEdits(t *testing.T) {
	for _, tr := range examples(t) {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			n := 6
			if tr.name == "cloud" {
				n = 14
			}
			findsMutants(t, tr, "example-"+tr.name, n)
		})
	}
}

// TestFindsEditsOfCorpus: the same for real configurations.
func TestFindsEditsOfCorpus(t *testing.T) {
	dir := testkit.CorpusDir(t)
	for _, name := range []string{"adobe__aem-guides-wknd", "akalfas__ak-canary-poc-3-p30256-uk16609", "ytgov__forms-service"} {
		src := filepath.Join(dir, name, "dispatcher", "src")
		if _, err := os.Stat(src); err != nil {
			t.Logf("no %s in the corpus", name)
			continue
		}
		tr := copyTree(t, name, os.DirFS(src))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			findsMutants(t, tr, "corpus-"+name, 20)
		})
	}
}

// TestRecall makes many random edits and says which kinds are found. -mutants says how many.
func TestRecall(t *testing.T) {
	if *recall == 0 {
		t.Skip("give -mutants N")
	}
	trees := examples(t)
	for _, dir := range strings.Fields(os.Getenv("DISPCHECK_RECALL")) {
		trees = append(trees, copyTree(t, filepath.Base(filepath.Dir(filepath.Dir(dir))), os.DirFS(dir)))
	}
	type count struct{ both, diff, oracle, none int }
	byKind := map[string]*count{}
	for _, tr := range trees {
		t.Run(tr.name, func(t *testing.T) {
			j := newJudge(t, tr, 1200, 8)
			for _, m := range mutants(t, tr, *recall, *recallSeed) {
				v, ok := j.try(t, m)
				if !ok {
					continue
				}
				c := byKind[m.kind]
				if c == nil {
					c = new(count)
					byKind[m.kind] = c
				}
				switch {
				case len(v.changes) > 0 && v.shown != "":
					c.both++
				case len(v.changes) > 0:
					c.diff++
				case v.shown != "":
					c.oracle++
					t.Errorf("missed: %s\n%s is answered in another way", m, v.shown)
				default:
					c.none++
				}
				for _, w := range v.wrong {
					t.Errorf("wrong: %s\n%s", m, w)
				}
			}
		})
	}
	var names []string
	for k := range byKind {
		names = append(names, k)
	}
	sort.Strings(names)
	all := count{}
	for _, k := range names {
		c := byKind[k]
		t.Logf("%-36s found %3d (of them %3d that the grid does not show), missed %d, nothing changes %3d", k, c.both+c.diff, c.diff, c.oracle, c.none)
		all.both, all.diff, all.oracle, all.none = all.both+c.both, all.diff+c.diff, all.oracle+c.oracle, all.none+c.none
	}
	t.Logf("%-36s found %3d (of them %3d that the grid does not show), missed %d, nothing changes %3d", "all", all.both+all.diff, all.diff, all.oracle, all.none)
}
