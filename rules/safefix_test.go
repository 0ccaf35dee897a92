package rules

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/fnv"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
)

// An exhibit is a configuration in which rules find something.
type exhibit struct {
	name    string
	files   fstest.MapFS
	entry   string
	profile project.Kind
	policy  lint.Policy
	env     map[string]string
	rules   []*lint.Rule
	// disk is the path of a configuration on disk, in place of files; overlay holds texts of it after a fix.
	disk    string
	overlay map[string][]byte
	// hostile says that the configuration is made up to be as bad as can be: only safe fixes are looked at, and whether they
	// are that. What else they bring to light where files are shared is not.
	hostile bool
	// known are findings that are not looked at here.
	known map[findingKey]int
}

// catalogue is all rules, those that are off included.
func catalogue() []*lint.Rule {
	var list []*lint.Rule
	for _, r := range All() {
		on := *r
		on.Off = false
		list = append(list, &on)
	}
	return list
}

// exhibits are the bad examples of all rules, the cases of all areas, and the fixtures with defects put in.
func exhibits(t *testing.T) []*exhibit {
	t.Helper()
	all := catalogue()
	var list []*exhibit
	for _, r := range All() {
		e := &exhibit{name: r.ID + " example", files: fstest.MapFS{}, rules: all}
		files := r.Doc.Examples(false)
		for _, f := range files {
			e.files[nameOf(f)] = mapFile(f)
		}
		e.entry = nameOf(files[0])
		if p, err := e.load(t); err == nil {
			e.profile = project.Kind(profileOf(r, p))
		}
		list = append(list, e)
	}
	for _, pattern := range []string{"rules/*/testdata/*.txtar", "rules/testdata/fixes/*.txtar", "model/testdata/decode/*.txtar", "internal/expand/testdata/*.txtar"} {
		names, err := filepath.Glob(filepath.Join(testkit.Root(t), filepath.FromSlash(pattern)))
		if err != nil || len(names) == 0 {
			t.Fatalf("no cases at %s: %v", pattern, err)
		}
		for _, name := range names {
			if e := exhibitOf(t, name); e.entry != "" {
				e.rules = all
				list = append(list, e)
			}
		}
	}
	return slices.Concat(list, planted(t, all), madeUp(all, 40))
}

func mapFile(f lint.File) *fstest.MapFile {
	if f.Link != "" {
		return &fstest.MapFile{Data: []byte(f.Link), Mode: fs.ModeSymlink}
	}
	return &fstest.MapFile{Data: []byte(f.Content())}
}

// exhibitOf reads an archive of package ruletest, or another whose files are a configuration.
func exhibitOf(t *testing.T, name string) *exhibit {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	e := &exhibit{name: filepath.Base(filepath.Dir(filepath.Dir(name))) + "/" + strings.TrimSuffix(filepath.Base(name), ".txtar"), files: fstest.MapFS{}}
	for line := range strings.SplitSeq(string(a.Comment), "\n") {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "profile":
			e.profile = project.Kind(rest)
		case "policy":
			e.policy, _ = lint.ParsePolicy(rest)
		case "read":
			e.entry = rest
		case "link":
			if link, target, ok := strings.Cut(rest, " "); ok {
				e.files[link] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink}
			}
		}
	}
	for _, f := range a.Files {
		ext := path.Ext(f.Name)
		if strings.HasPrefix(f.Name, "fixed/") || !fs.ValidPath(f.Name) {
			continue
		}
		e.files[f.Name] = &fstest.MapFile{Data: f.Data}
		if e.entry == "" && slices.Contains([]string{".any", ".farm", ".vhost", ".conf", ".rules"}, ext) {
			e.entry = f.Name
		}
	}
	return e
}

// A defect is put into lines of fixtures: it returns what takes the place of a line, and false where it leaves it.
type defect struct {
	name string
	in   func(line string) (string, bool)
}

func defects() []defect {
	twice := func(has ...string) func(string) (string, bool) {
		return func(line string) (string, bool) {
			trimmed := strings.TrimSpace(line)
			for _, s := range has {
				if !strings.Contains(trimmed, s) {
					return "", false
				}
			}
			return line + "\n" + line, !strings.HasPrefix(trimmed, "#")
		}
	}
	replaced := func(old, new string) func(string) (string, bool) {
		return func(line string) (string, bool) {
			return strings.Replace(line, old, new, 1), strings.Contains(line, old) && !strings.HasPrefix(strings.TrimSpace(line), "#")
		}
	}
	return []defect{
		{"a rule twice", twice("/type", "}")},
		{"a file included twice", twice("$include")},
		{"a string twice", func(line string) (string, bool) {
			trimmed := strings.TrimSpace(line)
			return line + "\n" + line, len(trimmed) > 2 && trimmed[0] == '"' && trimmed[len(trimmed)-1] == '"'
		}},
		{"glob for url", replaced(`/url "`, `/glob "* `)},
		{"an empty alternative", replaced(`|`, `||`)},
		{"an alternative twice", replaced(`(css|`, `(css|css|`)},
		{"a value without quotes", replaced(`/statfileslevel "2"`, `/statfileslevel 2`)},
		{"a path without quotes", func(line string) (string, bool) {
			trimmed := strings.TrimSpace(line)
			return strings.ReplaceAll(line, `"`, ""), strings.HasPrefix(trimmed, "$include")
		}},
		{"a wider rule behind", func(line string) (string, bool) {
			trimmed := strings.TrimSpace(line)
			at := strings.Index(trimmed, `/url "/`)
			if at < 0 || !strings.HasSuffix(trimmed, "}") || !strings.HasPrefix(trimmed, "/0") {
				return "", false
			}
			return line + "\n" + strings.Replace(line, `/url "/`, `/url "/*`, 1), true
		}},
	}
}

// planted are the fixtures with each defect in each of a few lines of theirs.
func planted(t *testing.T, rules []*lint.Rule) []*exhibit {
	t.Helper()
	const most = 6 // of one defect in one fixture
	var list []*exhibit
	for _, fixture := range fixtures.Names() {
		base := fstest.MapFS{}
		fsys, err := fixtures.Open(fixture)
		if err != nil {
			t.Fatal(err)
		}
		err = fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || e.Type()&fs.ModeSymlink != 0 {
				return err
			}
			text, err := fs.ReadFile(fsys, name)
			base[name] = &fstest.MapFile{Data: text}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for link, to := range fixtures.Links(fixture) {
			base[link] = &fstest.MapFile{Data: []byte(to), Mode: fs.ModeSymlink}
		}
		plain := &exhibit{name: fixture, files: base, env: fixtures.Env(fixture), rules: rules}
		p, err := plain.load(t)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, plain)
		known := keysOf(plain.lint(t, p))
		for _, d := range defects() {
			made := 0
			for _, name := range slices.Sorted(maps.Keys(base)) {
				if ext := path.Ext(name); ext != ".any" && ext != ".farm" || base[name].Mode&fs.ModeSymlink != 0 {
					continue
				}
				lines := strings.Split(string(base[name].Data), "\n")
				inFile := 0
				for i, line := range lines {
					text, ok := d.in(line)
					if !ok || made == most || inFile == 2 {
						continue
					}
					made++
					inFile++
					changed := slices.Clone(lines)
					changed[i] = text
					files := maps.Clone(base)
					files[name] = &fstest.MapFile{Data: []byte(strings.Join(changed, "\n"))}
					list = append(list, &exhibit{
						name: fmt.Sprintf("%s with %s at %s:%d", fixture, d.name, name, i+1), files: files, env: fixtures.Env(fixture), rules: rules, known: known,
					})
				}
			}
		}
	}
	return list
}

func (e *exhibit) load(t testing.TB) (*project.Project, error) {
	t.Helper()
	if e.disk != "" {
		return project.Load(t.Context(), project.Options{Path: e.disk, WorkDir: filepath.Dir(e.disk), Overlay: e.overlay})
	}
	return project.Load(t.Context(), project.Options{FS: e.files, Path: e.entry, Profile: e.profile, Env: e.env})
}

// lint runs the exhibit's rules over a project: those of some ids, or all.
func (e *exhibit) lint(t testing.TB, p *project.Project, ids ...string) []diag.Diagnostic {
	t.Helper()
	s, err := p.Subject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if e.profile != "" {
		s.Profile = string(e.profile)
	}
	res := lint.Run(t.Context(), s, e.rules, &lint.Settings{Policy: e.policy, Select: ids}, lint.RunOptions{})
	for _, f := range res.Failures {
		t.Errorf("%v\n%s", f, f.Stack)
	}
	return res.Findings
}

// with returns the exhibit after edits.
func (e *exhibit) with(p *project.Project, edits []diag.Edit) (*exhibit, []lint.Changed, error) {
	changed, err := lint.ApplyEdits(edits)
	if err != nil {
		return nil, nil, err
	}
	after := *e
	if e.disk != "" {
		after.overlay = map[string][]byte{}
		for _, c := range changed {
			name := p.OnDisk(c.File)
			after.overlay[name] = c.Text
			for _, f := range p.Tree.Files {
				if sameFile(p.OnDisk(f.Src), name) {
					after.overlay[p.OnDisk(f.Src)] = c.Text
				}
			}
		}
		return &after, changed, nil
	}
	after.files = maps.Clone(e.files)
	for _, c := range changed {
		name := path.Join(p.Root, p.FromRoot(c.File))
		for n := 0; after.files[name] != nil && after.files[name].Mode&fs.ModeSymlink != 0 && n < 10; n++ {
			name = path.Join(path.Dir(name), string(after.files[name].Data))
		}
		if after.files[name] == nil {
			return nil, nil, fmt.Errorf("%s is no file", name)
		}
		after.files[name] = &fstest.MapFile{Data: c.Text}
	}
	return &after, changed, nil
}

// sameFile reports whether two names are those of one file, directly or by links.
func sameFile(a, b string) bool {
	x, err := filepath.EvalSymlinks(a)
	y, other := filepath.EvalSymlinks(b)
	return err == nil && other == nil && x == y
}

// A tally counts the fixes of one rule, and the proofs that its safe ones took.
type tally struct {
	safe, unsafe int
	proofs       map[string]int
}

// tallies count fixes by rule, and know their titles.
type tallies struct {
	mu      sync.Mutex
	rules   map[string]*tally
	titles  map[string]map[string]bool // of safe fixes, by rule
	asked   int                        // requests that were compared
	hostile int                        // safe fixes in configurations that are made up
	laid    int                        // texts that were laid out before a fix and are looked at after it
}

func newTallies() *tallies {
	return &tallies{rules: map[string]*tally{}, titles: map[string]map[string]bool{}}
}

func (l *tallies) count(rule string, f *diag.Fix, how []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.rules[rule]
	if n == nil {
		n = &tally{proofs: map[string]int{}}
		l.rules[rule] = n
	}
	if !f.Safe {
		n.unsafe++
		return
	}
	n.safe++
	for _, h := range how {
		n.proofs[h]++
	}
	if l.titles[rule] == nil {
		l.titles[rule] = map[string]bool{}
	}
	l.titles[rule][f.Title] = true
}

// check makes each fix of each finding alone, up to so many of each rule, and returns what is wrong about it.
func (e *exhibit) check(t testing.TB, l *tallies, most int, onlySafe bool) []string {
	t.Helper()
	before, err := e.load(t)
	if err != nil || before.Config == nil && !before.HasApache() {
		return nil
	}
	found := e.lint(t, before)
	had := keysOf(found)
	reading := []string{} // the rules that do not look for themselves
	for _, r := range e.rules {
		if !r.Looks() {
			reading = append(reading, r.ID)
		}
	}
	reading = slices.Clip(reading)
	var wrong []string
	count := map[string]int{}
	for _, d := range found {
		if k := keyOfFinding(d); e.known[k] == had[k] {
			continue // as often as without the defect
		}
		for _, f := range d.Fixes {
			if (onlySafe || e.hostile) && !f.Safe {
				continue
			}
			if count[d.Rule]++; count[d.Rule] > most || e.hostile && count[d.Rule] > 1 {
				continue
			}
			say := func(format string, args ...any) {
				wrong = append(wrong, fmt.Sprintf("%s: %s, fix %q (safe %t): %s", e.name, said(d), f.Title, f.Safe, fmt.Sprintf(format, args...)))
			}
			fixed, changed, err := e.with(before, f.Edits)
			if err != nil {
				say("%v", err)
				continue
			}
			if len(changed) == 0 {
				say("it changes nothing")
				continue
			}
			after, err := fixed.load(t)
			if err != nil || after.Config == nil && before.Config != nil {
				say("what it leaves cannot be read: %v", err)
				continue
			}
			// What rules that look for themselves make of a configuration that says something else now is theirs to say.
			left := fixed.lint(t, after, append(reading, d.Rule)...)
			has := keysOf(left)
			if own := keyOfFinding(d); has[own] >= had[own] && !e.hostile {
				say("the finding is still there")
			}
			for k, n := range has {
				if n > had[k] && k.rule == d.Rule && !e.hostile {
					say("it brings %s at %q", k.rule, k.text)
				}
			}
			was, is := perRule(found), perRule(left)
			for rule, n := range is {
				if may := brings[d.Rule]; n > was[rule] && !e.hostile && (may == nil || !may(rule)) {
					say("%d findings of %s became %d", was[rule], rule, n)
				}
			}
			for _, c := range changed {
				if ext := path.Ext(c.File.Name); ext != ".any" && ext != ".farm" || !isLaidOut(c.File.Text) {
					continue
				}
				l.mu.Lock()
				l.laid++
				l.mu.Unlock()
				if !isLaidOut(c.Text) {
					say("%s is not laid out any more:\n%s", c.File.Name, c.Text)
				}
			}
			how := []string(nil)
			if f.Safe && before.Config != nil {
				how, err = decideAlike(t, before, after, l)
				if err != nil {
					say("%v", err)
				}
			}
			if e.hostile {
				l.mu.Lock()
				l.hostile++
				l.mu.Unlock()
				continue
			}
			l.count(d.Rule, &f, how)
		}
	}
	return wrong
}

// brings are the findings of reading that a fix may bring to light: each is the next thing to do.
var brings = map[string]func(rule string) bool{
	// What is a variable at last may be one that nobody sets.
	"DSP131": func(rule string) bool { return rule == "DSP119" },
	"DSP132": func(rule string) bool { return rule == "DSP119" },
	// A path that can be read at last may be that of no file.
	"DSP107": func(rule string) bool { return rule == "DSP100" },
	"DSP110": func(string) bool { return true },
	// A file that is read at last has findings of its own, but the line that names it none.
	"DSP100": func(rule string) bool { return !aboutIncludes(rule) },
	"DSP102": func(rule string) bool { return !aboutIncludes(rule) },
}

// aboutIncludes reports whether a rule speaks of the lines that include files.
func aboutIncludes(id string) bool { return AreaOf(Find(id)).Name == "include" }

// decideAlike proves that two configurations answer alike, and says how.
func decideAlike(t testing.TB, before, after *project.Project, l *tallies) ([]string, error) {
	t.Helper()
	if len(before.Tree.Fatal) == 0 && len(after.Tree.Fatal) > 0 {
		return nil, fmt.Errorf("Dispatcher does not start after it: %v", after.Tree.Err())
	}
	p := prove(before.Config, after.Config)
	d := domainOf(before.Config, after.Config, p)
	same := slices.Equal(p.how, []string{"same configuration"})
	if same {
		// The engine sees nothing but the configuration: a few requests are enough to see that.
		d.probes = d.probes[:min(len(d.probes), 40)]
	}
	diff, n := disagree(t, before.Config, after.Config, d, !same)
	l.mu.Lock()
	l.asked += n
	l.mu.Unlock()
	if diff != "" {
		return nil, fmt.Errorf("it changes a decision: %s", diff)
	}
	if !p.whole {
		return nil, fmt.Errorf("it is not proven to be safe: %s", p.open)
	}
	return p.how, nil
}

// A findingKey is what a finding has in common with itself after an edit elsewhere: its message may name what was edited,
// blanks in it may be set anew, and of two labels that are the same the other may be the one at fault.
type findingKey struct{ rule, text string }

func keyOfFinding(d diag.Diagnostic) findingKey {
	return findingKey{d.Rule, strings.Join(strings.Fields(d.Span.Text()), " ")}
}

func keysOf(ds []diag.Diagnostic) map[findingKey]int {
	m := map[findingKey]int{}
	for _, d := range ds {
		m[keyOfFinding(d)]++
	}
	return m
}

func perRule(ds []diag.Diagnostic) map[string]int {
	m := map[string]int{}
	for _, d := range ds {
		m[d.Rule]++
	}
	return m
}

func isLaidOut(text []byte) bool {
	laid, ok := grammar.FormatText(text, grammar.FormatOptions{})
	return ok && bytes.Equal(laid, text)
}

// TestFixes: each fix, made alone, takes its finding away, adds none, and leaves a text laid out that was; and if it says
// that it is safe, each request is answered as before.
func TestFixes(t *testing.T) {
	l := newTallies()
	list := exhibits(t)
	const parts = 4
	step := 1
	if testkit.Race {
		step = 8 // nothing here is shared but what a run of the linter shares: some of it will do
	}
	t.Run("all", func(t *testing.T) {
		for part := range parts {
			t.Run(fmt.Sprint(part), func(t *testing.T) {
				t.Parallel()
				for i := part; i < len(list); i += parts * step {
					for _, w := range list[i].check(t, l, 12, false) {
						t.Error(w)
					}
				}
			})
		}
	})
	l.report(t)
	if step == 1 {
		l.covers(t)
		l.golden(t)
		if l.hostile < 100 {
			t.Errorf("%d safe fixes were made in configurations that are made up, want 100 or more", l.hostile)
		}
	}
}

// TestFixesCorpus: so it is in real configurations, for safe fixes.
func TestFixesCorpus(t *testing.T) {
	const atMost = 25 * time.Second
	dir := testkit.CorpusDir(t)
	var paths []string
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := filepath.Base(p); e.IsDir() && (base == "conf" || base == "conf.dispatcher.d") || base == "dispatcher.any" {
			paths = append(paths, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// In an order that is not that of the owners, so that what there is time for is a bit of everything.
	slices.SortFunc(paths, func(a, b string) int { return cmp.Compare(hashOf(a), hashOf(b)) })
	l, rules, start := newTallies(), catalogue(), time.Now()
	var mu sync.Mutex
	seen, next, looked := map[string]bool{}, 0, 0
	t.Run("all", func(t *testing.T) {
		for part := range 2 {
			t.Run(fmt.Sprint(part), func(t *testing.T) {
				t.Parallel()
				for time.Since(start) < atMost {
					mu.Lock()
					if next == len(paths) {
						mu.Unlock()
						return
					}
					e := &exhibit{name: paths[next], disk: paths[next], rules: rules}
					next++
					mu.Unlock()
					p, err := e.load(t)
					if err != nil || p.Tree == nil || p.Config == nil {
						continue
					}
					var all strings.Builder
					for _, f := range p.Tree.Files {
						all.Write(f.Src.Text)
					}
					mu.Lock()
					again := seen[all.String()]
					seen[all.String()] = true
					if !again {
						looked++
					}
					mu.Unlock()
					if again {
						continue
					}
					for _, w := range e.check(t, l, 3, true) {
						t.Error(w)
					}
				}
			})
		}
	})
	l.report(t)
	t.Logf("%d of %d paths were come to, %d configurations that differ", next, len(paths), looked)
}

func hashOf(s string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(s))
	return h.Sum32()
}

// golden compares how the safe fixes of each rule are proven with testdata/safefixes.txt, which -update writes anew.
func (l *tallies) golden(t *testing.T) {
	t.Helper()
	var b strings.Builder
	for _, r := range All() {
		switch n := l.rules[r.ID]; {
		case n == nil:
		case n.safe == 0:
			fmt.Fprintf(&b, "%s %s: none is safe\n", r.ID, r.Name)
		default:
			fmt.Fprintf(&b, "%s %s: %s\n", r.ID, r.Name, strings.Join(slices.Sorted(maps.Keys(n.proofs)), "; "))
		}
	}
	name := filepath.Join("testdata", "safefixes.txt")
	if *testkit.Update {
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), b.String()); diff != "" {
		t.Errorf("run go test ./rules -run TestFixes -update, and read what changes (-want +got):\n%s", diff)
	}
}

// report logs what was proven how.
func (l *tallies) report(t *testing.T) {
	t.Helper()
	var b strings.Builder
	safe, unsafe := 0, 0
	for _, id := range slices.Sorted(maps.Keys(l.rules)) {
		n := l.rules[id]
		safe, unsafe = safe+n.safe, unsafe+n.unsafe
		fmt.Fprintf(&b, "%s: %d safe, %d not;", id, n.safe, n.unsafe)
		for _, how := range slices.Sorted(maps.Keys(n.proofs)) {
			fmt.Fprintf(&b, " %d by %s;", n.proofs[how], how)
		}
		b.WriteByte('\n')
	}
	t.Logf("%d safe fixes and %d others of %d rules, %d requests compared, %d texts stay laid out, %d safe fixes in configurations that are made up\n%s", safe, unsafe, len(l.rules), l.asked, l.laid, l.hostile, b.String())
}
