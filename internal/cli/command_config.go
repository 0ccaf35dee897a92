package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/dispcheck/dispcheck/internal/mock"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/suite"
)

func configCommand() *command {
	return &command{
		name:  "config",
		usage: "show and check the settings",
		about: "Settings come from " + projectFileName + ", which is looked for in the working directory and above it up to the " +
			"repository's root; from environment variables named DISPCHECK_ and the flag; and from flags. A later one wins over an earlier one.",
		sub: []*command{
			{
				name: "print", usage: "print each setting with where it comes from",
				about:   "The settings as a command run here would have them.",
				formats: []string{"text", "json"},
				example: example{"dispcheck config print --profile ams", "which profile is in force, and why?"},
				run:     runConfigPrint,
			},
			{
				name: "verify", usage: "check " + projectFileName, args: "[FILE]",
				about:   "Reads the project file, or the file given, and says what is wrong with it: unknown keys, values that do not fit, text that is no YAML.",
				maxArgs: 1, bare: true, completeFrom: completeFiles,
				formats: []string{"text", "json"},
				exits:   []exit{{exitClean, "every line can be followed"}, {exitUnusable, "the file has mistakes, or there is none"}},
				example: example{"dispcheck config verify", "before committing a change to the settings"},
				run:     runConfigVerify,
			},
			{
				name: "schema", usage: "print the JSON schema of " + projectFileName + ", of mocks, of scenarios or of suites", args: "[settings|mock|scenario|suite]",
				about:   "JSON Schema 2020-12, for editors that complete and check YAML: of the project file, of the files that simulate --render mock:FILE reads, of those of simulate --requests, or of suites of test.",
				maxArgs: 1, argValues: []string{"settings", "mock", "scenario", "suite"},
				bare:    true,
				formats: []string{"json", "text"},
				exits:   []exit{{exitClean, "the schema was printed"}, {exitUnusable, "there is no schema of that name"}},
				example: example{"dispcheck config schema > dispcheck.schema.json", "for an editor"},
				run:     runConfigSchema,
			},
		},
	}
}

// runConfigSchema prints one of the schemas.
func runConfigSchema(_ context.Context, in *invocation) error {
	what := "settings"
	if len(in.args) > 0 {
		what = in.args[0]
	}
	return in.emit(func(o *output) error {
		switch what {
		case "settings":
			return report.JSON(o, settingsSchema())
		case "mock":
			_, err := o.Write(mock.Schema())
			return err
		case "scenario":
			_, err := o.Write(scenario.Schema())
			return err
		case "suite":
			_, err := o.Write(suite.Schema())
			return err
		}
		return usagef("", "config schema: %v", notOneOf(what, []string{"settings", "mock", "scenario", "suite"}))
	})
}

// A settingJSON is one setting of config print in JSON.
type settingJSON struct {
	Key         *string `json:"key"`
	Flag        string  `json:"flag"`
	Environment string  `json:"environment"`
	Value       any     `json:"value"`
	From        any     `json:"from"`
}

func runConfigPrint(_ context.Context, in *invocation) error {
	all, err := resolve(settings(), in.file, in.program.lookupEnv, in.flagsGiven())
	if err != nil {
		return err
	}
	return in.emit(func(o *output) error {
		if o.format == "json" {
			return report.JSON(o, settingsJSON(all, in.file))
		}
		return writeSettings(o, all, in.file)
	})
}

// flagsGiven returns the flags of the command line again.
func (in *invocation) flagsGiven() []given {
	var out []given
	for _, f := range allFlags(in.path) {
		for _, e := range in.values[f.id()] {
			if e.layer == fromFlag {
				out = append(out, given{f, e.value})
			}
		}
	}
	return out
}

func settingsJSON(all values, file *projectFile) any {
	out := struct {
		Schema   string        `json:"schema"`
		File     *string       `json:"file"`
		Settings []settingJSON `json:"settings"`
	}{Schema: "dispcheck.config/v1"}
	if file != nil {
		out.File = &file.src.Name
	}
	for _, f := range settings() {
		if f.kind == tree {
			continue
		}
		s := settingJSON{}
		if f.name != "" {
			s.Flag, s.Environment = "--"+f.name, f.environment()
		}
		if f.key != "" {
			s.Key = &f.key
		}
		es := all[f.id()]
		switch {
		case f.kind == pairs:
			value, from := map[string]string{}, map[string]string{}
			for _, e := range es {
				k, v, _ := strings.Cut(e.value, "=")
				value[k], from[k] = v, e.from()
			}
			s.Value, s.From = value, from
		case f.kind == boolean:
			s.Value, s.From = all.yes(f.id()), "default"
		case len(es) == 0:
			s.From = "default"
		case f.kind == list:
			s.Value = all.list(f.id())
		case f.kind == number:
			s.Value = all.number(f.id())
		default:
			s.Value = all.text(f.id())
		}
		if f.kind != pairs && len(es) > 0 {
			s.From = es[0].from()
		}
		out.Settings = append(out.Settings, s)
	}
	return out
}

func writeSettings(o *output, all values, file *projectFile) error {
	if file == nil {
		fmt.Fprintln(o, "no "+projectFileName+" is read")
	} else {
		fmt.Fprintln(o, "settings file: "+file.src.Name)
	}
	w := tabwriter.NewWriter(o, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "setting\tvalue\tfrom")
	for _, f := range settings() {
		name := f.key
		if name == "" {
			name = "--" + f.name
		}
		es := all[f.id()]
		switch {
		case f.kind == tree && (file == nil || file.trees[f.key] == nil):
			fmt.Fprintf(w, "%s\t-\tdefault\n", name)
		case f.kind == tree:
			fmt.Fprintf(w, "%s\t%s\t%s\n", name, strconv.Itoa(len(file.trees[f.key].Items))+" in the list", yamltext.Place(file.trees[f.key].Span))
		case f.kind == pairs && len(es) > 0:
			for _, e := range es {
				k, v, _ := strings.Cut(e.value, "=")
				fmt.Fprintf(w, "%s.%s\t%s\t%s\n", name, k, shownValue(v), e.from())
			}
		case len(es) == 0 && f.kind == boolean:
			fmt.Fprintf(w, "%s\tfalse\tdefault\n", name)
		case len(es) == 0:
			fmt.Fprintf(w, "%s\t-\tdefault%s\n", name, inBrackets(f.defWords))
		default:
			fmt.Fprintf(w, "%s\t%s\t%s\n", name, shownValue(strings.Join(all.list(f.id()), ", ")), es[0].from())
		}
	}
	return w.Flush()
}

// shownValue keeps a value in its cell of the table.
func shownValue(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return strconv.Quote(s)
	}
	return s
}

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

func runConfigVerify(_ context.Context, in *invocation) error {
	path := ""
	if len(in.args) > 0 {
		path = in.args[0]
	} else {
		dir, err := os.Getwd()
		if err != nil {
			return fmt.Errorf("finding the working directory: %w", err)
		}
		if path, err = findProjectFile(dir); err != nil {
			return err
		}
		if path == "" {
			return usagef("write one, or name a file: dispcheck config verify FILE", "no %s from %s up to the repository's root", projectFileName, filepath.ToSlash(dir))
		}
	}
	_, err := readProjectFile(path)
	var one *yamltext.Error
	if errors.As(err, &one) { // no YAML at all
		err = &settingsError{[]*yamltext.Error{one}}
	}
	var list *settingsError
	if err != nil && !errors.As(err, &list) {
		return err
	}
	eerr := in.emit(func(o *output) error {
		if o.format == "json" {
			found := []settingsFinding{}
			if list != nil {
				for _, e := range list.errs {
					p := report.PlaceOf(e.Span, o.Prefix)
					found = append(found, settingsFinding{e.Message, e.Hint, p})
				}
			}
			return report.JSON(o, struct {
				Schema   string            `json:"schema"`
				File     string            `json:"file"`
				OK       bool              `json:"ok"`
				Findings []settingsFinding `json:"findings"`
			}{"dispcheck.config-verify/v1", in.name(display(path)), len(found) == 0, found})
		}
		if err == nil {
			_, err := fmt.Fprintf(o, "%s: ok\n", in.name(display(path)))
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	return eerr
}

type settingsFinding struct {
	Message string `json:"message"`
	Help    string `json:"help"`
	report.Place
}

// ordered is a JSON object whose keys keep their order.
type ordered []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in their order.
func (o ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// settingsSchema is the JSON schema of the project file, made from the table.
func settingsSchema() any {
	var properties ordered
	groups := map[string]int{}
	for _, f := range settings() {
		if f.key == "" {
			continue
		}
		group, rest, inGroup := strings.Cut(f.key, ".")
		if !inGroup {
			properties = append(properties, member{f.key, f.schema()})
			continue
		}
		i, ok := groups[group]
		if !ok {
			i = len(properties)
			groups[group] = i
			properties = append(properties, member{group, ordered{{"type", "object"}, {"additionalProperties", false}, {"properties", ordered{}}}})
		}
		o := properties[i].value.(ordered)
		o[2].value = append(o[2].value.(ordered), member{rest, f.schema()})
		if group+"." == formatGroup {
			properties = append(properties, member{rest, f.schema()})
		}
	}
	return ordered{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "https://github.com/dispcheck/dispcheck/schema/dispcheck.schema.json"},
		{"title", "settings of dispcheck, " + projectFileName},
		{"type", "object"},
		{"additionalProperties", false},
		{"properties", properties},
	}
}

func (f *flag) schema() ordered {
	o := ordered{{"description", f.meaning}}
	switch f.kind {
	case tree:
		return append(o, f.treeShape...)
	case boolean:
		o = append(o, member{"type", "boolean"})
	case number:
		o = append(o, member{"type", "integer"}, member{"minimum", 0})
	case choice:
		o = append(o, member{"enum", f.values})
	case list:
		item := ordered{{"type", "string"}}
		if f.check != nil && len(f.values) > 0 {
			item = ordered{{"enum", f.values}}
		}
		o = append(o, member{"oneOf", []any{item, ordered{{"type", "array"}, {"items", item}, {"minItems", 1}}}})
	case pairs:
		o = append(o, member{"type", "object"}, f.pairNames(), f.pairValues())
	default:
		o = append(o, member{"type", []string{"string", "number"}})
	}
	if f.def != "" {
		var d any = f.def
		if f.kind == number {
			d, _ = strconv.Atoi(f.def)
		}
		o = append(o, member{"default", d})
	}
	return o
}

// pairNames is the schema of the keys of pairs, pairValues that of their values.
func (f *flag) pairNames() member {
	if f.checkKey != nil {
		return member{"propertyNames", ordered{{"type", "string"}}}
	}
	return member{"propertyNames", ordered{{"pattern", "^[A-Za-z_][A-Za-z0-9_]*$"}}}
}

func (f *flag) pairValues() member {
	if f.checkKey != nil {
		return member{"additionalProperties", ordered{{"enum", f.values}}}
	}
	return member{"additionalProperties", ordered{{"type", []string{"string", "number", "boolean"}}}}
}
