package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestEnvFile(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string // NAME=VALUE@LINE
		err        string
	}{
		{name: "plain", text: "A=1\nB = two words \n C=\n", want: []string{"A=1@1", "B=two words@2", "C=@3"}},
		{name: "export", text: "export A=1\nexport\tB=2\nexported=3\nexport=4", want: []string{"A=1@1", "B=2@2", "exported=3@3", "export=4@4"}},
		{name: "comments", text: "# A=1\n\n   # B\nC=a#b # c\nD=\t# nothing\nE=#x", want: []string{"C=a#b@4", "D=@5", "E=@6"}},
		{name: "single quotes", text: `A='a "b" $C \n # x' # c`, want: []string{`A=a "b" $C \n # x@1`}},
		{name: "double quotes", text: `A="a\tb\"c\\d\$e\x # f"`, want: []string{"A=a\tb\"c\\d$e\\x # f@1"}},
		{name: "many lines", text: "A=\"one\ntwo\n\"\nB='x\n\ny' # c\n\nC=1", want: []string{"A=one\ntwo\n@1", "B=x\n\ny@4", "C=1@8"}},
		{name: "line ends of Windows", text: "\ufeffA=1\r\nB='2'\r\n", want: []string{"A=1@1", "B=2@2"}},
		{name: "empty", text: "", want: nil},
		{name: "a quote inside", text: `A=b"c"`, want: []string{`A=b"c"@1`}},
		{name: "no value", text: "A=1\nB\n", err: `x.env:2: "B" has no value: write NAME=VALUE`},
		{name: "no name", text: "=1", err: `x.env:1: "" is no name of a variable: letters, digits and _ make one`},
		{name: "blank in the name", text: "A B=1", err: `x.env:1: "A B" is no name of a variable: letters, digits and _ make one`},
		{name: "not closed", text: "A=1\n\nB=\"x\ny\n", err: `x.env:3: the value of B is not closed: its " is missing`},
		{name: "text behind", text: "A='x\ny' z\n", err: `x.env:1: "z" stands behind the value of A`},
		{name: "yaml", text: "key: value", err: `x.env:1: "key: value" has no value: write NAME=VALUE`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			vars, err := parseEnvFile(tc.text, "x.env")
			if tc.err != "" {
				if err == nil || err.Error() != tc.err {
					t.Fatalf("got %v, want %s", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range vars {
				got = append(got, v.Name+"="+v.Value+strings.Replace(v.From, "x.env:", "@", 1))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestEnvFileCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"none.env", "."} {
		_, err := newEnv(&Options{WorkDir: dir, EnvFile: name}, Cloud)
		var e *EnvFileError
		if !errors.As(err, &e) || e.Line != 0 || e.File != name {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := newEnv(&Options{WorkDir: dir, EnvFile: "none.env"}, Cloud)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v hides its cause", err)
	}
}

func FuzzEnvFile(f *testing.F) {
	f.Add("A=1\nexport B='x\ny' # c\nC=\"\\n\"")
	f.Add("A='\n=\n#")
	f.Fuzz(func(t *testing.T, text string) {
		vars, err := parseEnvFile(text, "f")
		lines := strings.Count(text, "\n") + 1
		var e *EnvFileError
		if err != nil && (!errors.As(err, &e) || e.Line < 1 || e.Line > lines) {
			t.Fatalf("%v in a text of %d lines", err, lines)
		}
		last := 0
		for _, v := range vars {
			var line int
			if _, err := fmt.Sscanf(v.From, "f:%d", &line); err != nil || line <= last || line > lines {
				t.Fatalf("%s comes from %s, after line %d of %d", v.Name, v.From, last, lines)
			}
			last = line
			if !isName(v.Name) {
				t.Fatalf("name %q", v.Name)
			}
		}
	})
}

// TestLayers: each layer hides the ones below it.
func TestLayers(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.env"), []byte("\nV=envfile\nDOCROOT=envfile"), 0o644); err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"conf.d/variables/global.vars": {Data: []byte("Define V define\nDefine DOCROOT define\nDefine SEEN ${V}\nDefine DISP_LOG_LEVEL debug")}}
	for _, tc := range []struct {
		name    string
		o       Options
		v, from string
		seen    string
		docroot string
	}{
		{"define", Options{}, "define", "conf.d/variables/global.vars:1", "define", "define"},
		{"environment that does not count", Options{Environ: []string{"V=process"}}, "define", "conf.d/variables/global.vars:1", "define", "define"},
		{"environment", Options{InheritEnv: true, Environ: []string{"V=process"}}, "process", "the environment", "process", "define"},
		{"option", Options{InheritEnv: true, Environ: []string{"V=process"}, Defines: []string{"V=option"}}, "option", "--define", "option", "define"},
		{"option without a value", Options{Defines: []string{"V"}}, "define", "conf.d/variables/global.vars:1", "define", "define"},
		{"file", Options{Defines: []string{"V=option"}, EnvFile: "x.env"}, "envfile", "x.env:2", "envfile", "envfile"},
		{"env", Options{EnvFile: "x.env", Env: map[string]string{"V": "env"}}, "env", "--env", "env", "envfile"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.o.WorkDir = dir
			env, err := newEnv(&tc.o, Cloud)
			if err != nil {
				t.Fatal(err)
			}
			readDefines(&Location{Kind: Cloud, FS: files, Root: "."}, env)
			got, _ := env.Find("V")
			seen, _ := env.Find("SEEN")
			docroot, _ := env.Find("DOCROOT")
			level, _ := env.Find("DISP_LOG_LEVEL")
			if got.Value != tc.v || got.From != tc.from || seen.Value != tc.seen || docroot.Value != tc.docroot || level.Value != "debug" {
				t.Errorf("got V %q from %s, SEEN %q, DOCROOT %q, DISP_LOG_LEVEL %q", got.Value, got.From, seen.Value, docroot.Value, level.Value)
			}
		})
	}
}

func TestPlatform(t *testing.T) {
	for _, tc := range []struct {
		kind             Kind
		environment      string
		name, want, from string
		flags            []string
	}{
		{Cloud, "", "ENVIRONMENT_TYPE", "dev", "set by cloud, dev", []string{"ENVIRONMENT_DEV"}},
		{Cloud, Stage, "ENVIRONMENT_TYPE", "stage", "set by cloud, stage", []string{"ENVIRONMENT_STAGE"}},
		{Cloud, Prod, "AEM_HOST", "aem-publish", "stand-in for cloud, prod", []string{"ENVIRONMENT_PROD"}},
		{Cloud, Local, "AEM_HOST", "localhost", "stand-in for cloud, local", []string{"ENVIRONMENT_DEV"}},
		{AMS, Prod, "ENV_TYPE", "prod", "set by ams, prod", nil},
		{AMS, Local, "PUBLISH_IP", "127.0.0.1", "stand-in for ams, local", nil},
	} {
		t.Run(string(tc.kind)+" "+tc.environment, func(t *testing.T) {
			env, err := newEnv(&Options{Environment: tc.environment}, tc.kind)
			if err != nil {
				t.Fatal(err)
			}
			if v, ok := env.Find(tc.name); !ok || v.Value != tc.want || v.From != tc.from {
				t.Errorf("%s: got %q from %s", tc.name, v.Value, v.From)
			}
			if !slices.Equal(env.Flags(), tc.flags) {
				t.Errorf("flags: got %v, want %v", env.Flags(), tc.flags)
			}
			for _, f := range tc.flags {
				if _, ok := env.Find(f); ok || !env.Defined(f) {
					t.Errorf("%s: a flag is defined and has no value", f)
				}
			}
		})
	}
	env, err := newEnv(&Options{}, Classic)
	if err != nil || len(env.All()) != 0 {
		t.Errorf("classic: got %v, %v, want no variables", env.All(), err)
	}
	env, err = newEnv(&Options{Env: map[string]string{"COMMERCE_ENDPOINT": "https://x", "AEM_COMMERCE_ENDPOINT_3": "https://y", "FORWARDED_HOST_SETTING": "On", "FRONTEND_URI_PREFIX": "p", "AEM_HTTP_PROXY_HOST": "h"}}, Cloud)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"ENVIRONMENT_DEV", "COMMERCE", "COMMERCE_ENDPOINT_3", "HTTP_EGRESS_PROXY", "FRONTEND_SUPPORT", "LOG_X_REQUEST_ID"}
	if diff := cmp.Diff(want, env.Flags()); diff != "" {
		t.Errorf("flags (-want +got):\n%s", diff)
	}
	if _, err := newEnv(&Options{Environment: "production"}, Cloud); err == nil || err.Error() != `environment "production" is none of dev, stage, prod, local` {
		t.Errorf("got %v", err)
	}
}

// TestSettingsTable: a name is there once per kind, and each environment has a value.
func TestSettingsTable(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range settings {
		key := string(s.kind) + " " + s.name
		if seen[key] {
			t.Errorf("%s is there twice", key)
		}
		seen[key] = true
		if !isName(s.name) {
			t.Errorf("%s is no name", key)
		}
	}
}

func TestDefines(t *testing.T) {
	for _, tc := range []struct {
		name    string
		kind    Kind
		files   map[string]string
		o       Options
		want    string // NAME=VALUE@FROM, of the variables that files define
		defined string
	}{
		{
			name: "the notation", kind: Cloud,
			files: map[string]string{"conf.d/variables/global.vars": "" +
				"# Define COMMENT 1 \\\nDefine STILL_COMMENT 1\n" +
				"define lower 1\n  DEFINE\tTab\t2\nDefine QUOTED \"a \\\"b\\\" c\"\nDefine SINGLE 'x \"y\"'\n" +
				"Define LONG \"one \\\n  two\"\nDefine FLAG\nDefine THREE a b c\nDefine\nDefined X 1\n" +
				"Define GONE 1\nUnDefine GONE\nDefine TWICE 1\nDefine TWICE 2\nDefine KEPT 1\nDefine KEPT\r\nDefine CR 1\r\n" +
				"Define LAST 1\\"},
			want:    "CR=1@19 FLAG@9 KEPT=1@17 LAST=1\\@20 LONG=one   two@7 QUOTED=a \"b\" c@5 SINGLE=x \"y\"@6 THREE=a@10 TWICE=2@16 Tab=2@4 lower=1@3",
			defined: "CR FLAG KEPT LAST LONG QUOTED SINGLE THREE TWICE Tab lower",
		},
		{
			name: "variables in values", kind: Cloud,
			files: map[string]string{"conf.d/variables/global.vars": "Define A a\nDefine B ${A}/${A}\nDefine A z\nDefine C ${B}${NONE}${DOCROOT}\nDefine D \"${E\"\nDefine E \"x ${A}\"\nDefine F ${E}\nDefine FLAG\nDefine G ${FLAG}"},
			want:  "A=z@3 B=a/a@2 C=a/a${NONE}/mnt/var/www/html@4 D=${E@5 E=x z@6 F=x@7 FLAG@8 G=${FLAG}@9",
		},
		{
			name: "conditions", kind: Cloud,
			files: map[string]string{"conf.d/variables/global.vars": "" +
				"<IfDefine ENVIRONMENT_DEV>\n\tDefine WHERE dev\n</IfDefine>\n<IfDefine ENVIRONMENT_PROD>\nDefine WHERE prod\n" +
				"<IfDefine ENVIRONMENT_DEV>\nDefine WRONG 1\n</IfDefine>\n</IfDefine>\n<ifdefine !ENVIRONMENT_PROD>\nDefine NOTPROD 1\n</ifdefine>\n" +
				"<IfDefine !WHERE>\nDefine WRONG 2\n</IfDefine>\n<IfDefine DOCROOT>\nDefine WRONG 3\n</IfDefine>\n" +
				"<IfModule mod_rewrite.c>\nDefine MODULE 1\n</IfModule>\n<IfModule !mod_rewrite.c>\nDefine WRONG 4\n</IfModule>\n" +
				"<IfFile conf.d/variables/global.vars>\nDefine FILE 1\n</IfFile>\n<IfFile \"none\">\nDefine WRONG 5\n</IfFile>\n" +
				"<VirtualHost *:80>\nDefine INVHOST 1\n</VirtualHost>\n<IfVersion >= 2.4>\nDefine VERSION 1\n</IfVersion>\n</IfDefine>\nDefine END 1\n"},
			want: "END=1@38 FILE=1@26 INVHOST=1@32 MODULE=1@20 NOTPROD=1@11 VERSION=1@35 WHERE=dev@2",
		},
		{
			name: "production", kind: Cloud, o: Options{Environment: Prod},
			files: map[string]string{"conf.d/variables/global.vars": "<IfDefine ENVIRONMENT_DEV>\nDefine A dev\n</IfDefine>\n<IfDefine ENVIRONMENT_PROD>\nDefine A prod\n</IfDefine>\n<IfDefine MINE>\nDefine B 1\n</IfDefine>"},
			want:  "A=prod@5",
		},
		{
			name: "a name of the command line", kind: Cloud, o: Options{Defines: []string{"MINE"}},
			files: map[string]string{"conf.d/variables/global.vars": "<IfDefine MINE>\nDefine B 1\n</IfDefine>"},
			want:  "B=1@2",
		},
		{
			name: "the server's order", kind: Cloud,
			files: map[string]string{
				"conf.d/dispatcher_vhost.conf":      "Include conf.d/variables/default.vars\nInclude conf.d/variables/global.vars\nInclude conf.d/enabled_vhosts/*.vhost\n",
				"conf.d/variables/default.vars":     "Define A default\nDefine D default",
				"conf.d/variables/global.vars":      "Define A global\nDefine B global",
				"conf.d/variables/custom.vars":      "Define B custom\nDefine C custom",
				"conf.d/variables/dev.vars":         "Define TYPE dev",
				"conf.d/variables/prod.vars":        "Define TYPE prod\nDefine ONLYPROD 1",
				"conf.d/variables/unread.vars":      "Define A unread\nDefine U ${A} \nUnDefine B\nDefine C unread",
				"conf.d/enabled_vhosts/a.vhost":     "<VirtualHost *:80>\n  Include conf.d/variables/custom.vars\n  Include conf.d/variables/${ENVIRONMENT_TYPE}.vars\n  IncludeOptional conf.d/nothing/*.vars\n</VirtualHost>",
				"conf.d/enabled_vhosts/.b.vhost":    "Define HIDDEN 1",
				"conf.d/available_vhosts/off.vhost": "Define OFF 1",
			},
			want: "A=global@1 B=custom@1 C=custom@2 D=default@2 ONLYPROD=1@2 TYPE=dev@1 U=global@2",
		},
		{
			name: "managed services", kind: AMS,
			files: map[string]string{
				"conf.d/000_init_ootb_vars.conf": "Include /etc/httpd/conf.d/variables/ootb.vars",
				"conf.d/001_init_ams_vars.conf":  "Include /etc/httpd/conf.d/variables/ams_*.vars",
				"conf.d/variables/ootb.vars":     "Define A ootb\nDefine B ootb",
				"conf.d/variables/ams_a.vars":    "Define A a\nDefine C a",
				"conf.d/variables/ams_b.vars":    "Define C b",
				"conf.d/variables/site.vars":     "Define A site\nDefine S site",
			},
			want: "A=a@1 B=ootb@2 C=b@1 S=site@2",
		},
		{
			name: "a flattened link", kind: Cloud,
			files: map[string]string{
				"conf.d/enabled_vhosts/a.vhost":   "../available_vhosts/a.vhost",
				"conf.d/available_vhosts/a.vhost": "Define A 1",
			},
			want: "A=1@1",
		},
		{
			name: "a server of one's own", kind: Classic,
			files: map[string]string{"conf/httpd.conf": "Define ROOT /srv\nInclude conf/extra/*.conf", "conf/extra/a.conf": "Define A ${ROOT}/a", "conf/extra/b.txt": "Define B 1"},
			want:  "A=/srv/a@1 ROOT=/srv@1",
		},
		{
			name: "files that include each other", kind: Cloud,
			files: map[string]string{"conf.d/dispatcher_vhost.conf": "Include conf.d/a.vars\nInclude conf.d/a.vars", "conf.d/a.vars": "Include conf.d/*.vars\nDefine A 1", "conf.d/b.vars": "Include conf.d/a.vars"},
			want:  "A=1@2",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			files := fstest.MapFS{}
			for name, text := range tc.files {
				files[name] = &fstest.MapFile{Data: []byte(text)}
			}
			env, err := newEnv(&tc.o, tc.kind)
			if err != nil {
				t.Fatal(err)
			}
			readDefines(&Location{Kind: tc.kind, FS: files, Root: "."}, env)
			var got, defined []string
			for _, v := range env.All() {
				if v.Layer != FromDefine {
					continue
				}
				s := v.Name
				if !v.Bare {
					s += "=" + v.Value
				}
				got = append(got, s+"@"+v.From[strings.LastIndexByte(v.From, ':')+1:])
				defined = append(defined, v.Name)
				if !env.Defined(v.Name) {
					t.Errorf("%s has a value and is not defined", v.Name)
				}
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if tc.defined != "" && tc.defined != strings.Join(defined, " ") {
				t.Errorf("defined: got %v", defined)
			}
		})
	}
}

// TestDefineBomb: a value that doubles with each line and each time its file is included stops growing.
func TestDefineBomb(t *testing.T) {
	text := strings.Repeat("Include a.vars\nDefine A \"${A}${A}x\"\n", 1000)
	files := fstest.MapFS{"conf.d/dispatcher_vhost.conf": {Data: []byte(text)}, "a.vars": {Data: []byte(text)}}
	env, err := newEnv(&Options{}, Cloud)
	if err != nil {
		t.Fatal(err)
	}
	readDefines(&Location{Kind: Cloud, FS: files, Root: "."}, env)
	if v, ok := env.Find("A"); !ok || len(v.Value) > 4*maxDefineValue {
		t.Errorf("A is defined: %v, %d bytes", ok, len(v.Value))
	}
}

// FuzzDefines reads any text as Apache's: it ends, and what it defines has a name and a place in the text.
func FuzzDefines(f *testing.F) {
	f.Add("Define A 1\nDefine B \"${A} ${B}\"\n<IfDefine !A>\nUnDefine A\n</IfDefine>\nInclude a.vars conf.d/*.conf\n")
	f.Add("<IfDefine\n<IfFile \"\nDefine\\\n X 'y\nInclude /etc/httpd/a.vars ../../x \"[\"")
	f.Add("../conf.d/dispatcher_vhost.conf")
	f.Fuzz(func(t *testing.T, text string) {
		files := fstest.MapFS{"conf.d/dispatcher_vhost.conf": {Data: []byte(text)}, "a.vars": {Data: []byte(text)}}
		env, err := newEnv(&Options{}, Cloud)
		if err != nil {
			t.Fatal(err)
		}
		readDefines(&Location{Kind: Cloud, FS: files, Root: "."}, env)
		lines := strings.Count(text, "\n") + 1
		for _, v := range env.All() {
			var line int
			if v.Layer != FromDefine {
				continue
			}
			if _, err := fmt.Sscanf(v.From[strings.LastIndexByte(v.From, ':')+1:], "%d", &line); err != nil || line < 1 || line > lines || !isName(v.Name) {
				t.Fatalf("%q from %s in %d lines", v.Name, v.From, lines)
			}
		}
	})
}
