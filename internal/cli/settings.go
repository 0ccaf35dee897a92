package cli

import (
	"fmt"
	"strconv"
	"strings"
)

// knownFormats are all formats that a command may write; each command says which of them are its own.
var knownFormats = []string{"text", "compact", "json", "jsonl", "sarif", "checkstyle", "junit", "github", "github-summary", "gitlab", "sonar", "rdjson", "markdown", "md", "csv", "html", "lcov"}

// exampleProjects are the projects in the binary that --config takes by name.
var exampleProjects = []string{"example:cloud", "example:ams", "example:classic"}

// settings is the one table of what can be set for every command, or in the project file: key, flag,
// environment variable, type, default and meaning. Everything else is made from it: flags, help,
// completion, docs/settings.md, the schema, and the checks of .dispcheck.yaml. A setting of some commands
// only names them in on.
func settings() []*flag {
	return append([]*flag{
		{kind: list, key: extendsKey, path: true,
			meaning: "settings files to start from; what stands here wins over them"},
		{name: "config", short: "c", key: "config", arg: "PATH", values: exampleProjects, completeFrom: completeFiles, path: true,
			defWords: "the project found from the working directory up",
			meaning:  "configuration to read: a file, a folder, or example:cloud, example:ams, example:classic"},
		{name: "env", short: "e", kind: pairs, key: "env", arg: "KEY=VALUE",
			meaning: "variable for ${KEY} in the configuration"},
		{name: "env-file", key: "env-file", arg: "FILE", completeFrom: completeFiles, path: true,
			meaning: "file of KEY=VALUE lines with such variables; --env wins over it"},
		{name: "environment", kind: choice, key: "environment", values: []string{"dev", "stage", "prod", "local"}, def: "dev",
			meaning: "environment of the Cloud Service whose variables are taken for granted"},
		{name: "inherit-env", kind: boolean,
			meaning: "take variables from the process environment too; results then depend on the machine"},
		{name: "profile", kind: choice, key: "profile", values: []string{"cloud", "ams", "classic"}, defWords: "detected from the files",
			meaning: "kind of installation whose behaviour and rules apply"},
		{name: "dispatcher-version", key: "dispatcher-version", arg: "VERSION", defWords: "the newest known", check: checkVersion,
			meaning: "version of the Dispatcher module to behave like, such as 4.3.8"},
		{name: "format", short: "f", kind: list, key: "format", arg: "FORMAT", def: "text", values: knownFormats, check: checkFormat,
			meaning: "output format; several with --output"},
		{name: "output", kind: list, arg: "FORMAT=FILE", completeFrom: completeFiles, check: checkOutput,
			meaning: "write this format to a file instead of standard output"},
		{name: "path-prefix", key: "path-prefix", arg: "PREFIX", completeFrom: completeFolders,
			meaning: "folder to put before the paths in outputs"},
		{name: "color", kind: choice, key: "color", values: []string{"auto", "always", "never"}, def: "auto",
			meaning: "colours: auto looks at each stream, and at NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and TERM"},
		{name: "quiet", short: "q", kind: boolean,
			meaning: "no summaries and remarks on standard error"},
		{name: "verbose", short: "v", kind: boolean,
			meaning: "say more on standard error about what is done"},
		{name: "no-project-config", kind: boolean,
			meaning: "do not read " + projectFileName},
		{name: "fail-on", kind: choice, key: "fail-on", values: []string{"error", "warning", "info", "hint", "never"}, def: "warning",
			meaning: "severity from which findings make the exit code 1"},
		{name: "exit-zero", kind: boolean,
			meaning: "exit with 0 where findings would give 1"},

		{name: "indent", key: "fmt.indent", on: []string{"fmt"}, arg: "tab|N", def: "tab", values: []string{"tab", "2", "4"}, check: checkIndent,
			defWords: "tab, or what .editorconfig says", meaning: "indentation: a tab, or a number of blanks from 1 to 16"},
		{name: "eol", kind: choice, key: "fmt.eol", on: []string{"fmt"}, values: []string{"lf", "keep"}, def: "lf",
			defWords: "lf, or what .editorconfig says", meaning: "line ends: lf always, or keep \\r\\n where a file has it"},
		{name: "width", kind: number, key: "fmt.width", on: []string{"fmt"}, def: "120", check: checkWidth,
			meaning: "columns that a rule on one line may take, from 20 to 1000"},
	}, lintFlags()...)
}

func checkVersion(s string) error {
	if s == "cloud" {
		return nil
	}
	parts := strings.Split(s, ".")
	ok := len(parts) == 2 || len(parts) == 3
	for _, p := range parts {
		if _, err := strconv.ParseUint(p, 10, 16); err != nil {
			ok = false
		}
	}
	if !ok {
		return fmt.Errorf("%q is no version such as 4.3.8", s)
	}
	if parts[0] != "4" && parts[0] != "2" {
		return fmt.Errorf("%q is no release of the module: they are 4.x, and 2.x or cloud for AEM as a Cloud Service", s)
	}
	return nil
}

func checkFormat(s string) error {
	for _, f := range knownFormats {
		if f == s {
			return nil
		}
	}
	return notOneOf(s, knownFormats)
}

func checkOutput(s string) error {
	format, file, ok := strings.Cut(s, "=")
	if !ok || file == "" {
		return fmt.Errorf("%q names no file; write FORMAT=FILE", s)
	}
	return checkFormat(format)
}

func checkIndent(s string) error {
	if s == "tab" {
		return nil
	}
	if n, err := strconv.Atoi(s); err != nil || n < 1 || n > 16 {
		return fmt.Errorf("%q is neither tab nor a number from 1 to 16", s)
	}
	return nil
}

func checkWidth(s string) error {
	if n, err := strconv.Atoi(s); err != nil || n < 20 || n > 1000 {
		return fmt.Errorf("%s is not between 20 and 1000", s)
	}
	return nil
}
