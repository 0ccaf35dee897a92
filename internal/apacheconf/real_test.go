package apacheconf

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

// The tests of this file hold Read against the real httpd, which prints what it has read (-t -D DUMP_CONFIG of mod_info).
// They are skipped where there is none. Nothing listens and nothing is started.

var realRounds = flag.Int("real-rounds", 40, "random configurations that are held against the real httpd")

const realModules = "/usr/lib/apache2/modules"

func realHTTPD(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"apache2", "httpd"} {
		if p, err := exec.LookPath(name); err == nil {
			if _, err := os.Stat(realModules + "/mod_info.so"); err == nil {
				return p
			}
		}
	}
	t.Skip("no Apache httpd with mod_info here")
	return ""
}

// disk is the real disk.
type disk struct{ texts map[string]*source.File }

func (d disk) ReadFile(name string) (*source.File, error) {
	if f := d.texts[name]; f != nil {
		return f, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	d.texts[name] = source.NewFile(name, text)
	return d.texts[name], nil
}
func (d disk) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }
func (d disk) Stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }

const realBase = `ServerName localhost
PidFile %[1]s/pid
Listen 127.0.0.1:8099
ErrorLog /dev/null
LoadModule mpm_worker_module %[2]s/mod_mpm_worker.so
LoadModule authz_core_module %[2]s/mod_authz_core.so
LoadModule env_module %[2]s/mod_env.so
LoadModule info_module %[2]s/mod_info.so
LoadModule macro_module %[2]s/mod_macro.so
LoadModule setenvif_module %[2]s/mod_setenvif.so
LoadModule rewrite_module %[2]s/mod_rewrite.so
Include %[3]s
`

var (
	realComment = regexp.MustCompile(`^\s*#`)
	// What httpd says where it is not reading that goes wrong but a directive, which is not the business of Read.
	realOther = regexp.MustCompile(`(?m)Invalid command|not allowed (here|in)|takes (one|two|1-2|1-3|a single)|cannot occur|wrong number|missing|require|not \(yet\) supported|nvalid`)
)

type verdict struct {
	ok   bool
	tree string
	says string
}

func askReal(t *testing.T, httpd, root string) verdict {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, httpd, "-d", root, "-f", root+"/base.conf", "-t", "-D", "DUMP_CONFIG", "-D", "GIVEN")
	cmd.Env = []string{"FROM_ENV=from env", "PATH=/usr/bin:/bin", "LANG=C"}
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var b strings.Builder
	for line := range strings.Lines(stdout.String()) {
		if !realComment.MatchString(line) {
			b.WriteString(line)
		}
	}
	return verdict{ok: err == nil, tree: b.String(), says: stderr.String()}
}

func askRead(t *testing.T, root string) (verdict, *Tree) {
	t.Helper()
	tree, err := Read(t.Context(), Options{
		FS: disk{map[string]*source.File{}}, Main: root + "/base.conf", Root: root,
		Modules: []string{"log_config_module", "logio_module", "version_module", "unixd_module", "watchdog_module"},
		Defines: []Flag{{Name: "DUMP_CONFIG"}, {Name: "GIVEN"}},
		Env: func(name string) (string, bool) {
			if name == "FROM_ENV" {
				return "from env", true
			}
			return "", false
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var says strings.Builder
	for _, d := range tree.Findings {
		if d.Severity == diag.Error {
			p := d.Span.Position()
			fmt.Fprintf(&says, "%s:%d:%d: %s\n", d.Span.File.Name, p.Line, p.Column, d.Message)
		}
	}
	return verdict{ok: says.Len() == 0, tree: dump(tree.Nodes), says: says.String()}, tree
}

func writeReal(t *testing.T, root, conf string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		full := filepath.Join(root, name)
		if strings.HasSuffix(name, "/") {
			must(t, os.MkdirAll(full, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(full), 0o755))
		if to, ok := strings.CutPrefix(text, "-> "); ok {
			os.Remove(full)
			must(t, os.Symlink(to, full))
			continue
		}
		must(t, os.WriteFile(full, []byte(text), 0o644))
	}
	must(t, os.WriteFile(root+"/base.conf", fmt.Appendf(nil, realBase, root, realModules, root+"/t.conf"), 0o644))
	must(t, os.WriteFile(root+"/t.conf", []byte(conf), 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// compareReal fails where httpd and Read differ. Where httpd refuses a directive that it has read well, the trees cannot
// be compared; Read must then have read the text without an error.
func compareReal(t *testing.T, httpd, root, conf string) {
	t.Helper()
	want := askReal(t, httpd, root)
	got, _ := askRead(t, root)
	if !want.ok && realOther.MatchString(want.says) && got.ok {
		return
	}
	if want.ok != got.ok {
		t.Errorf("configuration:\n%s\nhttpd: %v %s\nRead: %v %s", conf, want.ok, want.says, got.ok, got.says)
		return
	}
	if want.ok && !sameDump(want.tree, got.tree) {
		t.Errorf("configuration:\n%s\nhttpd:\n%s\nRead:\n%s", conf, want.tree, got.tree)
	}
}

// sameDump compares without letter case, since httpd prints names as its modules spell them, and without blanks in front of
// closing brackets.
func sameDump(a, b string) bool {
	plain := func(s string) string { return strings.TrimSpace(realBracket.ReplaceAllString(s, ">")) }
	return strings.EqualFold(plain(a), plain(b))
}

var realBracket = regexp.MustCompile(`[ \t]+>`)

// TestAgainstHTTPD: hand-made questions about lines, variables, conditions, includes and macros.
func TestAgainstHTTPD(t *testing.T) {
	httpd := realHTTPD(t)
	root := t.TempDir()
	files := map[string]string{
		"inc/a/x.conf": "SetEnv IN_A 1\n", "inc/a/.hidden": "SetEnv HIDDEN 1\n", "inc/a/sub/y": "SetEnv SUB 1\n",
		"inc/b/x.conf": "SetEnv IN_B 1\n", "inc/c d/x.conf": "SetEnv IN_C_D 1\n", "inc/.h/x.conf": "SetEnv IN_DOT 1\n",
		"inc/Z.conf": "SetEnv Z 1\n", "inc/[x].conf": "SetEnv BRACKET 1\n", "inc/dangling.conf": "-> nowhere", "inc/empty/": "",
		"inc/open.conf": "<Location /open>\n", "inc/close.conf": "</Location>\n", "inc/def.conf": "Define LATE in-file\n",
		"inc/guard.conf": "<IfDefine !GUARD>\nDefine GUARD\nInclude inc/guard.conf\nSetEnv GUARDED 1\n</IfDefine>\n",
	}
	for i, conf := range realQuestions {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			writeReal(t, root, conf, files)
			compareReal(t, httpd, root, conf)
		})
	}
}

// TestRandomAgainstHTTPD: configurations put together at random of lines that matter for reading.
func TestRandomAgainstHTTPD(t *testing.T) {
	httpd := realHTTPD(t)
	root := t.TempDir()
	rounds := *realRounds
	if testing.Short() {
		rounds = min(rounds, 20)
	}
	for i := range rounds {
		rng := rand.New(rand.NewPCG(7, uint64(i)))
		files := map[string]string{"inc/": "", "inc/a.conf": randomConf(rng, 4, true), "inc/b.conf": randomConf(rng, 4, true)}
		conf := randomConf(rng, 14, false)
		writeReal(t, root, conf, files)
		compareReal(t, httpd, root, conf+"\n-- a.conf --\n"+files["inc/a.conf"]+"\n-- b.conf --\n"+files["inc/b.conf"])
		if t.Failed() {
			return
		}
	}
}

// scribble is a short text of characters that matter to splitters.
func scribble(rng *rand.Rand, pieces ...string) string {
	var b strings.Builder
	for range 1 + rng.IntN(9) {
		b.WriteString(pieces[rng.IntN(len(pieces))])
	}
	return b.String()
}

// TestWordsAgainstHTTPD: the arguments of Define are split as httpd does it; what it took for the value shows in the line
// behind.
func TestWordsAgainstHTTPD(t *testing.T) {
	httpd := realHTTPD(t)
	root := t.TempDir()
	for i := range *realRounds {
		rng := rand.New(rand.NewPCG(11, uint64(i)))
		conf := "Define V " + scribble(rng, "a", "b", `"`, `"`, "'", `\`, `\\`, " ", " ", "\t") + ".\nSetEnvIf Host a b ${V}\n"
		writeReal(t, root, conf, nil)
		want := askReal(t, httpd, root)
		got, _ := askRead(t, root)
		if want.ok != got.ok || want.ok && !sameDump(want.tree, got.tree) {
			t.Fatalf("configuration:\n%s\nhttpd: %v %s\n%s\nRead: %v %s\n%s", conf, want.ok, want.says, want.tree, got.ok, got.says, got.tree)
		}
	}
}

// TestRewriteWordsAgainstHTTPD: mod_rewrite takes a rule with two or three arguments, of which the third are flags.
func TestRewriteWordsAgainstHTTPD(t *testing.T) {
	httpd := realHTTPD(t)
	root := t.TempDir()
	for i := range *realRounds {
		rng := rand.New(rand.NewPCG(13, uint64(i)))
		conf := "RewriteRule a" + scribble(rng, "a", `"`, `"`, "'", `\`, " ", " ", " ", "[L]", " [L]") + "\n"
		if rng.IntN(2) == 0 {
			conf = strings.Replace(conf, "a", pickOne(rng, `"`, "'", "a "), 1)
		}
		writeReal(t, root, conf, nil)
		want := askReal(t, httpd, root)
		_, tree := askRead(t, root)
		words := tree.Nodes[len(tree.Nodes)-1].RewriteWords(3)
		takes := len(words) >= 2 && (len(words) == 2 || words[2].Text == "[L]")
		if takes {
			_, err := syntax.Parse(words[0].Text, syntax.Perl)
			takes = err == nil
		}
		if want.ok != takes {
			t.Fatalf("configuration:\n%s\nhttpd: %v %s\nwords: %+v", conf, want.ok, want.says, words)
		}
	}
}

func pickOne(rng *rand.Rand, s ...string) string { return s[rng.IntN(len(s))] }

func randomConf(rng *rand.Rand, lines int, inner bool) string {
	pick := func(s ...string) string { return s[rng.IntN(len(s))] }
	var b strings.Builder
	var open []string
	for range lines {
		switch k := rng.IntN(22); {
		case k < 3:
			b.WriteString("SetEnv " + pick("A", "B", "${V}", "x${v}y", "\"q\"", "$x", "@y") + " " + pick("1", "${V}", "\"a b\"", "'c'", "${W}${V}", "\\\\", "a\\\n b", "${FROM_ENV}", "$x", "@y", "\"@y\"", "${x:y}"))
		case k < 6:
			b.WriteString(pick("Define ", "define ", "UnDefine ") + pick("V", "v", "W", "\"V\""))
			if rng.IntN(2) == 0 {
				b.WriteString(pick(" one", " \"two words\"", " ${W}", " ''", " \"a\\\"b\""))
			}
		case k < 11:
			name := pick("IfDefine", "IfDefine", "IfModule", "IfFile", "IfVersion", "Location", "If", "Macro")
			arg := map[string]string{
				"IfDefine": pick("V", "!V", "W", "!v", "GIVEN", "\"V\"", "${V}", "!${W} "), "IfModule": pick("mod_env.c", "!env_module", "mod_nope.c", "core.c"),
				"IfFile": pick("inc", "!inc", "inc/a.conf", "\"inc/nope\""), "IfVersion": pick(">= 2.4", "< 2.4", "~ ^2", "= /^3/", "!= 2.4.1"),
				"Location": pick("/a", "\"/b\"", "${V}"), "If": pick("true", "\"-z 'a'\""), "Macro": pick("M $x", "N", "m $x @y"),
			}[name]
			b.WriteString("<" + name + " " + arg + ">")
			if rng.IntN(40) != 0 {
				open = append(open, name)
			}
		case k < 16:
			if n := len(open); n > 0 {
				b.WriteString("</" + open[n-1] + ">")
				if rng.IntN(30) == 0 {
					b.WriteString(" x")
				}
				if rng.IntN(40) != 0 {
					open = open[:n-1]
				}
			}
		case k < 18:
			b.WriteString(pick("Use M a", "Use M 'a b' \"c\\\"d\"", "Use N", "use n", "UndefMacro N", "Use M ${V} x"))
		case k < 20 && !inner:
			b.WriteString(pick("Include inc/a.conf", "Include inc/*.conf", "IncludeOptional inc/nope*", "Include inc", "IncludeOptional inc/[b].conf"))
		case k < 21:
			b.WriteString(pick("# comment", "# ${V}", "# joined \\", "#</IfDefine>"))
		}
		b.WriteString(pick("\n", "\n", "\n", "\r\n", " \n", "\n\n"))
	}
	for i := len(open) - 1; i >= 0; i-- {
		b.WriteString("</" + open[i] + ">\n")
	}
	return b.String()
}

var realQuestions = []string{
	// lines
	"SetEnv A \"x\n", "SetEnv A x\\\\\nSetEnv B y\n", "SetEnv A x\\\\\n\nSetEnv B y\n", "SetEnv A x\\\\\n\\\n\nSetEnv B y\n",
	"SetEnv N ab\x00cd\\\nSetEnv M y\n", "\x00\nSetEnv A b\n", "# c \\\nSetEnv M y\nSetEnv N z\n", "SetEnv M y\\", "SetEnv M \\\n\\\ny", "\\\nSetEnv M y\n",
	"SetEnv M \\\r\n y\r\n", "SetEnv M y\\\r\r\nSetEnv N z\n", "SetEnv\tA\vb\n", "  SetEnv A b\f\n", "\"SetEnv\" A b\n", "SetEnv> A b\n", "Set\\\nEnv A b\n",
	"SetEnv A b\\ \nSetEnv B c\n", "SetEnv A b \\\n# not a comment\n",
	// sections
	"<Location /a >\n</Location>\n", "<Location /a>\n</Location >\n", "<Location /a>\n</Location> x\n", "<lOCATION /a>\n</loCation>\n",
	"<Location /a>\n", "</Location>\n", "<Location /a>\n<Location /b>\n</Location>\n", "<Location /a>\n</Directory>\n",
	"<Location /a>\nInclude inc/close.conf\n", "Include inc/open.conf\n</Location>\n", "<Location ${a}>\n</Location>\n",
	// conditions
	"<IfDefine X>\n", "<IfDefine X>\n<IfDefine Y\n</IfDefine>\n</IfDefine>\nSetEnv A b\n", "<IfDefine X>\n<Foo\n</IfDefine>\n", "<IfDefine X>\n<Foo>\n</IfDefine>\nSetEnv A b\n",
	"<IfDefine X>\n</Foo>\n</IfDefine>\n", "<IfDefine !X>\nSetEnv A b\n</IfModule>\n", "<IfDefine !X>\nSetEnv A b\n</IfDefine> x\n",
	"<IfDefine X>\nSetEnv A b\n</IfDefine> x\nSetEnv B c\n", "<IfDefine X>\nSetEnv A b\n</IfDefinex>\nSetEnv C d\n</IfDefine>\n",
	"<Location /x>\n<IfDefine !X>\n</Location>\n</IfDefine>\n", "<IfDefine !X>\n<Location /x>\n</IfDefine>\n</Location>\n",
	"<IfDefine \"!X\">\nSetEnv A b\n</IfDefine>\n", "<IfDefine !X Y>\nSetEnv A b\n</IfDefine>\n", "<IfDefine>\n</IfDefine>\n", "<IfDefine !>\n</IfDefine>\n",
	"<IfDefine GIVEN\nSetEnv A b\n</IfDefine>\n", "<IfDefine !X> foo\nSetEnv A b\n</IfDefine>\n", "<IfDefine GIVEN >\nSetEnv A b\n</IfDefine>\n", "<IfDefine\n</IfDefine>\n",
	"<IfDefine ! GIVEN>\nSetEnv A b\n</IfDefine>\n", "<IfDefine given>\nSetEnv A b\n</IfDefine>\n", "<IfDefine X>\n# ${nope} </IfDefine>\n</IfDefine>\nSetEnv A b\n",
	"<IfDefine X>\n\"<IfDefine\" y>\n</IfDefine>\n</IfDefine>\nSetEnv A b\n", "Define S IfDefine\n<IfDefine X>\n<${S} Y>\n</IfDefine>\nSetEnv Q r\n</${S}>\nSetEnv A b\n",
	"Define S IfDefine\n<${S} X>\nSetEnv Q r\n</${S}>\nSetEnv A b\n", "Define S IfDefine\n<${S} GIVEN>\nSetEnv Q r\n</${S}>\nSetEnv A b\n",
	"<IfModule \"mod_env.c\">\nSetEnv A b\n</IfModule>\n<IfModule env_module>\nSetEnv B b\n</IfModule>\n<IfModule MOD_env.c>\nSetEnv C b\n</IfModule>\n<IfModule core.c>\nSetEnv D b\n</IfModule>\n<IfModule !foo>\nSetEnv E b\n</IfModule>\n",
	"<IfModule http_core.c>\nSetEnv A b\n</IfModule>\n<IfModule worker.c>\nSetEnv B b\n</IfModule>\n<IfModule mpm_worker_module>\nSetEnv C b\n</IfModule>\n<IfModule mod_so.c>\nSetEnv D b\n</IfModule>\n<IfModule core_module>\nSetEnv E b\n</IfModule>\n<IfModule mod_version.c>\nSetEnv F b\n</IfModule>\n<IfModule http_module>\nSetEnv G 1\n</IfModule>\n",
	"<IfFile \"t.conf\">\nSetEnv A b\n</IfFile>\n<IfFile t.conf>\nSetEnv B b\n</IfFile>\n<IfFile \"!t.conf\">\nSetEnv C b\n</IfFile>\n<IfFile !nope>\nSetEnv D b\n</IfFile>\n<IfFile !\"t.conf\">\nSetEnv E b\n</IfFile>\n<IfFile />\nSetEnv F b\n</IfFile>\n<IfFile inc>\nSetEnv G b\n</IfFile>\n",
	"<IfVersion 2.4>\nSetEnv A b\n</IfVersion>\n", "<IfVersion >= 2.4>\nSetEnv A b\n</IfVersion>\n", "<IfVersion > 2.4>\nSetEnv A b\n</IfVersion>\n", "<IfVersion >=2.4>\nSetEnv A b\n</IfVersion>\n",
	"<IfVersion ~ \"^2\\.4\">\nSetEnv A b\n</IfVersion>\n", "<IfVersion = /^2\\.4/>\nSetEnv A b\n</IfVersion>\n", "<IfVersion /^2.4/>\nSetEnv A b\n</IfVersion>\n", "<IfVersion ~ /^2/>\nSetEnv A b\n</IfVersion>\n",
	"<IfVersion !~ ^2>\nSetEnv A b\n</IfVersion>\n", "<IfVersion != 2>\nSetEnv A b\n</IfVersion>\n", "<IfVersion => 2.4>\n</IfVersion>\n", "<IfVersion = /(>\n</IfVersion>\n", "<IfVersion >= 2.4> x\n</IfVersion>\n",
	"<IfVersion >= 2.4 y>\n</IfVersion>\n", "<IfVersion >= 2.4.x>\n</IfVersion>\n", "<IfVersion>\n</IfVersion>\n", "<IfVersion !2.4>\n</IfVersion>\n", "<IfVersion >= 2.>\nSetEnv A b\n</IfVersion>\n", "<IfVersion >= .4>\nSetEnv A b\n</IfVersion>\n",
	"<IfVersion >= 2..1>\nSetEnv A b\n</IfVersion>\n", "<IfVersion \"2.4\" >\n</IfVersion>\nSetEnv A b\n", "<IfVersion \">=\" \"2.4\">\nSetEnv A b\n</IfVersion>\n", "<IfVersion ! 2.4>\nSetEnv A b\n</IfVersion>\n", "<IfVersion >= 2.4.1.1>\n</IfVersion>\n",
	"<IfDefine GIVEN>\nSetEnv A b\n", "<IfDefine GIVEN>\n<Location /a>\nSetEnv A b\n", "<IfDefine GIVEN>\n<IfDefine X>\n", "<Location /a>\n<IfDefine GIVEN>\nSetEnv A b\n", "<IfDefine GIVEN>\n<Location /a>\n</Location>\n<Location /b>\n</IfDefine>\n",
	// variables
	"Define aBc x\nSetEnv Q ${AbC}\n<IfDefine abc>\nSetEnv R 1\n</IfDefine>\n", "Define a x\nSetEnv Q ${a${a}}\nSetEnv R ${}$${a}${\nSetEnv T \\${a}\n", "Define n SetEnv\n${n} A b\n",
	"Define a b\nDefine a\nSetEnv Q ${a}\nUnDefine A\nSetEnv Q ${a}\n<IfDefine a>\nSetEnv Still y\n</IfDefine>\n", "Define a:b x\n", "Define\n", "Define a b c\n", "Define \"\" x\n", "Define a \"\"\nSetEnv A x${a}y\n",
	"Define a \"b c\"\nSetEnv ${a}\n", "Define a # x\n", "SetEnv A ${FROM_ENV}\nSetEnv B ${from_env}\n", "Define a ${b}\nDefine b x\nSetEnv A ${a}\n", "Define a \"${b}\"\nSetEnv A \"${a}\"\n", "SetEnv A ${x:y}\n",
	"<Directory /x>\nDefine a x\nSetEnv A ${a}\n</Directory>\nSetEnv B ${a}\n", "Include inc/def.conf\nSetEnv A ${LATE}\n", "SetEnv A ${a\nSetEnv B c}\n", "UnDefine nope\nUnDefine\n", "Define A 1\nDefine a 2\nSetEnv Q ${A}${a}\n",
	"Define e\n${e}\nSetEnv A b\n", "Define e \"\"\n${e}\nSetEnv A b\n", "Define e \"\"\n${e}# x\nSetEnv A b\n", "Define e \"  \"\n${e}SetEnv A b\n", "Define h \"# x\"\n${h}\n",
	// includes
	"Include inc/*.conf\n", "IncludeOptional inc/[!o][!p]*.conf\n", "Include inc/[ab]/x.conf\n", "Include inc/*/x.conf\n", "Include inc/a\n", "Include inc/empty\nInclude \"inc/c d/x.conf\"\nInclude inc/../inc//Z.conf\n",
	"Include inc/nope/../Z.conf\n", "Include inc/empty/*\n", "IncludeOptional inc/nope/*.conf\nIncludeOptional inc/nope\nIncludeOptional inc/nope/x/*/y\nIncludeOptional inc/Z.conf/x\n", "Include inc/Z.conf/*\n", "IncludeOptional inc/Z.conf/*\n",
	"Include inc/[a-b]/x.conf\n", "Include inc/?/x.conf\n", "Include inc/[x].conf\n", "Include inc/\\[x\\].conf\n", "Include inc/\\[x\\]*\n", "Include inc/a/\n", "Include inc/.*/x.conf\n", "Include inc/.h\n", "Include t.conf\n", "Include a b\n", "Include\n", "IncludeOptional \"\"\n",
	"Include inc/guard.conf\n", "<Location /a>\nInclude inc/Z.conf\n</Location>\n", "include inc/Z.conf\n", "Include ${nope}\n", "IncludeOptional inc/dangling.conf\n", "IncludeOptional inc/d*\n", "Include inc/[^b]/x.conf\n", "Include inc/a/sub/y inc/Z.conf\n", "Include inc/a*/*\n",
	// macros
	"<Macro M $x @y %z>\nSetEnv A $x\nSetEnv B @y\nSetEnv C %z\n<Location $x>\nSetEnv D x$x$xx\"@y\"\n</Location>\n</Macro>\nUse M a bc \"d\\\"e\"\n",
	"<Macro M @y>\nSetEnv A @y\n</Macro>\nUse M \"b c\"\nUse M b\nUse M \"a\\\"b\\\\c\"\nUse M a'b\n", "<Macro M $y>\nSetEnv A$y B\n</Macro>\nUse M \"\"\n", "<Macro M $y $x>\nSetEnv A$y $x\n</Macro>\nUse M $x 1\n",
	"<Macro M $y $yy $yyy>\nSetEnv $yy $yyy$y\n</Macro>\nUse M 1 2 3\n", "<Macro M>\n# comment\nSetEnv A \\\nB\n</Macro>\nUse M\n", "<Macro M $x>\n$x A B\n</Macro>\nUse M SetEnv\nUse M #\n", "<Macro M $x>\n<$x /a>\n</$x>\n</Macro>\nUse M Location\n",
	"<Macro M $x>\n<IfDefine $x>\nSetEnv A b\n</IfDefine>\n</Macro>\nDefine q\nUse M q\nUse M z\n", "<IfDefine !z>\n<Macro M $x>\nSetEnv A $x\n</IfDefine>\n</Macro>\nUse M q\n</IfDefine>\n", "<Macro M $x>\nSetEnv A $x\n</IfDefine>\n</Macro>\n<IfDefine !z>\nUse M q\nSetEnv B\n",
	"Use\n", "<Macro M> foo\n</Macro>\nUse M\n", "UndefMacro nope\n", "<Macro \"M N\" $x>\nSetEnv A $x\n</Macro>\nUse \"M n\" 1\n", "<Macro M $x>\nSetEnv A $x\n</Macro>\nUse M ${u}\n", "<Macro M $x>\n<Macro\nSetEnv A $x\n</Macro>\n</Macro>\nUse M 1\n",
	"<Location /a>\nUse M\n</Location>\n<Macro M>\nSetEnv A 1\n</Macro>\n", "<Macro M>\nInclude inc/Z.conf\n</Macro>\nUse M\n", "<Macro M>\nSetEnv A b\n</Macro>\nUse M\nUse M x\n", "<Macro M>\n<Location /a>\n</Macro>\nUse M\n</Location>\n", "<Macro M>\nUse M\n</Macro>\nUse M\n",
	"<Macro M>\nUse N\n</Macro>\n<Macro N>\nSetEnv N 1\n</Macro>\nUse M\nUse M\nUndefMacro n\nSetEnv A b\n", "<Macro M>\nUse N\n</Macro>\n<Macro N>\nSetEnv N 1\n</Macro>\nUndefMacro n\nUse M\n", "<Macro M $x>\n<Macro N $y>\nSetEnv $y $x\n</Macro>\n</Macro>\nUse M a\nUse N b\n",
	"Define v 1\n<Macro M $${v}>\nSetEnv A${v} ${w}$1\n</Macro>\nDefine w 2\nDefine v 3\nUse M a\n", "<Macro>\n</Macro>\n", "<Macro M $a $a>\n</Macro>\n", "<Macro M $a $A>\nSetEnv $a $A\n</Macro>\nUse M 1 2\n", "<Macro M $a>\nSetEnv $A x\n</Macro>\nUse M 1\n",
	"<Macro M $x>\nSetEnv A $x\n</Macro>\n<Macro m @x>\nSetEnv B @x\n</Macro>\nUse M 1\n", "<Macro M\n</Macro>\n", "<Macro M $a>\nSetEnv $a y\n", "<Macro M $a>\nSetEnv $a y\n</macro> x\nSetEnv Q w\n", "<Macro M \"\">\n</Macro>\n", "<Macro M $x $y>\nSetEnv $x $y\n</Macro>\nUse M 'a' b c\n",
	"<Macro M>\n<Location /a>\nSetEnv A 1\n</Macro>\n<IfDefine GIVEN>\nUse M\n</Location>\n</IfDefine>\n", "<Macro M>\n</Location>\n</Macro>\n<Location /a>\nSetEnv A b\nUse M\nSetEnv B c\n",
}
