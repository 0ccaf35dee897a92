package cli

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testCommands are commands with the shapes that the real ones have: -d takes a value here and none there.
func testCommands() []*command {
	nothing := func(context.Context, *invocation) error { return nil }
	return []*command{
		{name: "simulate", minArgs: 2, maxArgs: 2, args: "METHOD URL", formats: []string{"text", "json"}, run: nothing, flags: []*flag{
			{name: "header", short: "H", kind: list},
			{name: "body", short: "d"},
			{name: "trace", kind: boolean},
			{name: "at"},
			{name: "times", kind: number},
		}},
		{name: "fmt", maxArgs: -1, run: nothing, flags: []*flag{
			{name: "write", short: "w", kind: boolean},
			{name: "list", short: "l", kind: boolean},
			{name: "diff", short: "d", kind: boolean},
		}},
		{name: "config", sub: []*command{
			{name: "print", run: nothing},
			{name: "verify", maxArgs: 1, run: nothing},
		}},
	}
}

func testProgram(cs []*command) *program {
	return &program{commands: cs, stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, lookupEnv: func(string) (string, bool) { return "", false }}
}

func TestParseArguments(t *testing.T) {
	tests := []struct {
		name, line string
		want       string // as urfave/cli gets it, without the program
	}{
		{"flags behind arguments", "simulate GET /x --format json", "simulate --format=json -- GET /x"},
		{"flags between arguments", "simulate GET --format json /x", "simulate --format=json -- GET /x"},
		{"flags before the command", "-f json -q simulate GET /x", "simulate --format=json --quiet=true -- GET /x"},
		{"a command's own flag before it", "--header a simulate GET /x", "simulate --header=a -- GET /x"},
		{"a flag that differs, with a value", "-d @body simulate POST /x", "simulate --body=@body -- POST /x"},
		{"a flag that differs, without", "-d fmt x", "fmt --diff=true -- x"},
		{"value in the word", "simulate GET /x --env=K=V", "simulate --env=K=V -- GET /x"},
		{"empty value in the word", "simulate GET /x --at=", "simulate --at= -- GET /x"},
		{"value with blanks", "simulate GET /x -H 'a: b'", "simulate --header=a: b -- GET /x"},
		{"repeated", "simulate GET /x -H a -H b,c", "simulate --header=a --header=b,c -- GET /x"},
		{"example behind arguments", "simulate GET /x -c example:cloud", "simulate --config=example:cloud -- GET /x"},
		{"short value in the word", "simulate GET /x -fjson -eA=1", "simulate --format=json --env=A=1 -- GET /x"},
		{"short value behind =", "simulate GET /x -f=json -e=A=1", "simulate --format=json --env=A=1 -- GET /x"},
		{"group", "fmt -wlq x", "fmt --write=true --list=true --quiet=true -- x"},
		{"group that ends with a value", "fmt -wf text x", "fmt --write=true --format=text -- x"},
		{"group that ends with a value inside", "fmt -wftext x", "fmt --write=true --format=text -- x"},
		{"boolean with a value", "fmt --write=false x", "fmt --write=false -- x"},
		{"boolean takes no next word", "fmt --write false", "fmt --write=true -- false"},
		{"boolean in capitals", "fmt --write=TRUE x", "fmt --write=true -- x"},
		{"negative value", "simulate GET /x --at -5", "simulate --at=-5 -- GET /x"},
		{"value that looks like a short flag", "simulate GET /x -H -v", "simulate --header=-v -- GET /x"},
		{"lone dash", "fmt - -w", "fmt --write=true -- -"},
		{"dash as a value", "simulate GET /x -d -", "simulate --body=- -- GET /x"},
		{"end of flags", "fmt -w -- -l --diff", "fmt --write=true -- -l --diff"},
		{"end of flags twice", "fmt -- a -- b", "fmt -- a -- b"},
		{"end of flags before the command", "-- fmt -w", "fmt -- -w"},
		{"argument like a command", "fmt fmt help", "fmt -- fmt help"},
		{"argument like a flag's name", "fmt --write write", "fmt --write=true -- write"},
		{"empty argument", "fmt ''", "fmt -- "},
		{"sub-command", "config print -q", "config print --quiet=true --"},
		{"flag between command and sub-command", "config -q print", "config print --quiet=true --"},
		{"value between command and sub-command", "config --profile ams print", "config print --profile=ams --"},
		{"argument of a sub-command", "config verify print", "config verify -- print"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := testProgram(testCommands()).parse(split(tt.line))
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(c.arguments("dispcheck")[1:], " ")
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// split cuts a line at blanks, except between single quotes.
func split(line string) []string {
	var out []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			out = append(out, part)
			continue
		}
		out = append(out, strings.Fields(part)...)
	}
	return out
}

func TestParseArgumentsErrors(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"unknown command", "simulat GET /x", `there is no command "simulat"; did you mean simulate?`},
		{"command from nowhere", "banana", `there is no command "banana"; run dispcheck help`},
		{"unknown sub-command", "config prnt", `config has no command "prnt"; did you mean config print?`},
		{"no sub-command", "config", "config needs a command; give one of print, verify"},
		{"unknown flag", "fmt --wirte x", "fmt has no flag --wirte; did you mean --write?"},
		{"unknown flag that starts a known one", "fmt --dispatcher 4.3.8", "fmt has no flag --dispatcher; did you mean --dispatcher-version?"},
		{"unknown flag with a value", "fmt --formatt=json", "fmt has no flag --formatt; did you mean --format?"},
		{"unknown flag behind arguments", "simulate GET /x --nope", "simulate has no flag --nope; run dispcheck help simulate for its flags, and write -- before an argument that starts with a dash"},
		{"unknown short flag", "fmt -wx", "fmt has no flag -x; run dispcheck help fmt for its flags, and write -- before an argument that starts with a dash"},
		{"long flag with one dash", "fmt -write", "fmt has no flag -r; did you mean --write?"},
		{"another command's flag", "fmt --header a", "fmt has no flag --header; run dispcheck help fmt for its flags, and write -- before an argument that starts with a dash"},
		{"value missing", "simulate GET /x --format", "--format needs a value, FORMAT"},
		{"value missing before a flag", "simulate GET /x --at --trace", "--at needs a value, AT, and --trace is a flag; write --at=--trace if it is the value"},
		{"boolean with nonsense", "fmt --write=maybe", `--write: "maybe" is neither true nor false`},
		{"number", "simulate GET /x --times two", `--times: "two" is not a whole number from 0`},
		{"choice", "fmt --color allways", `--color: "allways" is not one of auto, always, never; did you mean always?`},
		{"unknown format", "fmt -f jsn", `-f: "jsn" is not one of text`},
		{"pair without =", "fmt -e A", `-e: "A" has no =; write KEY=VALUE`},
		{"pair without a name", "fmt -e =1", `-e: "" is no name of a variable; letters, digits and _ make one`},
		{"version", "fmt --dispatcher-version new", `--dispatcher-version: "new" is no version such as 4.3.8`},
		{"too few", "simulate GET", "simulate needs 2 arguments and has 1; usage: dispcheck simulate METHOD URL"},
		{"none", "simulate", "simulate needs an argument; usage: dispcheck simulate METHOD URL"},
		{"too many", "simulate GET /x /y", `simulate takes no argument "/y"; usage: dispcheck simulate METHOD URL`},
		{"output without a file", "fmt --output json", `--output: "json" names no file; write FORMAT=FILE`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := testProgram(testCommands()).parse(split(tt.line))
			if err == nil {
				t.Fatal("no error")
			}
			if got := err.Error(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestParseHelpAndVersion(t *testing.T) {
	tests := []struct {
		line          string
		help, version bool
	}{
		{"--help", true, false}, {"-h", true, false}, {"fmt --help", true, false}, {"fmt x -h", true, false}, {"simulate -h", true, false},
		{"config -h", true, false}, {"config print --help", true, false}, {"-qh", true, false}, {"--version", false, true}, {"fmt -- --help", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			c, err := testProgram(testCommands()).parse(split(tt.line))
			if err != nil {
				t.Fatal(err)
			}
			if c.help != tt.help || c.version != tt.version {
				t.Errorf("help %v, version %v; want %v, %v", c.help, c.version, tt.help, tt.version)
			}
		})
	}
}

// What the library hands to a command must be what the command line said, wherever flags stood.
func TestFlagsReachTheCommand(t *testing.T) {
	words := [][]string{{"GET"}, {"/x"}, {"-H", "a: b,c"}, {"-Hd=e"}, {"--trace"}, {"-e", "K=a=b"}, {"--times=3"}}
	var run func(*invocation)
	cs := testCommands()
	cs[0].run = func(_ context.Context, in *invocation) error { run(in); return nil }
	cs[0].bare = true
	orders := 0
	permute(words, func(order [][]string) {
		line := slices.Concat(order...)
		if i, j := slices.Index(line, "GET"), slices.Index(line, "/x"); i > j {
			return // the order of arguments means something
		}
		orders++
		called := false
		run = func(in *invocation) {
			called = true
			got := []any{in.args, in.yes("trace"), in.list("env"), in.number("times")}
			want := []any{[]string{"GET", "/x"}, true, []string{"K=a=b"}, 3}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%q (-want +got):\n%s", line, diff)
			}
			headers := in.list("header")
			slices.Sort(headers)
			if diff := cmp.Diff([]string{"a: b,c", "d=e"}, headers); diff != "" {
				t.Fatalf("%q: headers (-want +got):\n%s", line, diff)
			}
		}
		if code := testProgram(cs).main(append([]string{"dispcheck", "simulate"}, line...)); code != 0 || !called {
			t.Fatalf("%q: exit code %d, called %v", line, code, called)
		}
	})
	if orders != 5040/2 {
		t.Errorf("tried %d orders, want %d", orders, 5040/2)
	}
}

func permute[T any](in []T, visit func([]T)) {
	var step func(k int)
	step = func(k int) {
		if k == len(in) {
			visit(in)
			return
		}
		for i := k; i < len(in); i++ {
			in[k], in[i] = in[i], in[k]
			step(k + 1)
			in[k], in[i] = in[i], in[k]
		}
	}
	step(0)
}

// FuzzArguments: any command line is either refused in words or reaches a command with nothing lost. Each
// word of an accepted line is the command, part of a flag, or an argument, and every argument stands in
// the order given.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{"simulate GET /x -H a: b", "fmt -- - -w", "-d fmt", "config -q print", "fmt -wf", "simulate -d -- GET /x", "--help", "fmt --=x", "fmt -=", "- -"} {
		f.Add(strings.ReplaceAll(seed, " ", "\n"))
	}
	cs := testCommands()
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Split(line, "\n")
		p := testProgram(cs)
		c, err := p.parse(words)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		if c.help || c.version || len(c.path) == 0 {
			return
		}
		at := 0
		for _, a := range c.args {
			i := slices.Index(words[at:], a)
			if i < 0 {
				t.Fatalf("argument %q of %q comes from nowhere", a, words)
			}
			at += i + 1
		}
		accounted := len(c.path) + len(c.args) + len(c.flags)
		for _, g := range c.flags {
			if g.flag.takesValue() {
				accounted++
			}
		}
		if slices.Contains(words, "--") {
			accounted++
		}
		if accounted < len(words) && !slices.ContainsFunc(words, func(w string) bool { return len(w) > 2 && w[0] == '-' && w[1] != '-' }) {
			t.Fatalf("%q became %q: words are lost", words, c.arguments("dispcheck"))
		}
	})
}
