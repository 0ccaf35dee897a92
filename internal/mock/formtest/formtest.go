// Package formtest holds the tables of package form to their schemas: it makes texts by a JSON schema, spoils them, and says
// whether a schema allows a text. It knows as much of JSON schema as these tables use, and fails the test at a keyword that it
// does not know. Nothing but tests imports it. Start from [Agree].
package formtest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

// A Checker says what a schema allows.
type Checker struct {
	tb   testing.TB
	root map[string]any
	// Samples are texts from which those for patterns are taken.
	Samples []string
	depth   int

	patterns map[string]*regexp.Regexp
}

func (c *Checker) pattern(text string) *regexp.Regexp {
	re := c.patterns[text]
	if re == nil {
		re = regexp.MustCompile(text)
		c.patterns[text] = re
	}
	return re
}

// New reads a schema.
func New(tb testing.TB, schema []byte) *Checker {
	tb.Helper()
	c := &Checker{tb: tb, patterns: map[string]*regexp.Regexp{}}
	if err := json.Unmarshal(schema, &c.root); err != nil {
		tb.Fatal(err)
	}
	if got := c.root["$schema"]; got != "https://json-schema.org/draft/2020-12/schema" {
		tb.Fatalf("the schema is of draft %v", got)
	}
	return c
}

// Allows reports whether the schema allows a value.
func (c *Checker) Allows(n *yamltext.Node) bool { return c.allows(n, c.root) }

func (c *Checker) allows(n *yamltext.Node, s map[string]any) bool {
	for key, v := range s {
		ok := true
		switch key {
		case "$schema", "$id", "title", "description", "$defs", "default", "examples":
		case "$ref":
			ok = c.allows(n, c.resolve(v.(string)))
		case "type":
			ok = slices.ContainsFunc(texts(v), func(t string) bool { return isOf(n, t) })
		case "enum":
			ok = n.IsScalar() && slices.Contains(texts(v), n.Text)
		case "const":
			ok = n.IsScalar() && n.Text == fmt.Sprint(v)
		case "anyOf":
			ok = slices.ContainsFunc(v.([]any), func(one any) bool { return c.allows(n, one.(map[string]any)) })
		case "oneOf":
			count := 0
			for _, one := range v.([]any) {
				if c.allows(n, one.(map[string]any)) {
					count++
				}
			}
			ok = count == 1
		case "minimum", "maximum":
			if isOf(n, "integer") {
				var x float64
				fmt.Sscan(n.Text, &x)
				ok = key == "minimum" && x >= v.(float64) || key == "maximum" && x <= v.(float64)
			}
		case "minLength":
			ok = n.Kind != yamltext.String || utf8.RuneCountInString(n.Text) >= int(v.(float64))
		case "pattern":
			ok = n.Kind != yamltext.String || c.pattern(v.(string)).MatchString(n.Text)
		case "format":
			if n.Kind == yamltext.String {
				_, ok = form.ParseTime(n.Text)
				ok = ok && strings.Contains(n.Text, "T")
			}
		case "items":
			for _, it := range n.Items {
				ok = ok && c.allows(it, v.(map[string]any))
			}
		case "minItems":
			ok = n.Kind != yamltext.List || len(n.Items) >= int(v.(float64))
		case "minProperties":
			ok = n.Kind != yamltext.Mapping || len(n.Entries) >= int(v.(float64))
		case "maxProperties":
			ok = n.Kind != yamltext.Mapping || len(n.Entries) <= int(v.(float64))
		case "required":
			for _, name := range texts(v) {
				ok = ok && (n.Kind != yamltext.Mapping || n.Lookup(name) != nil)
			}
		case "dependentRequired":
			for name, needs := range v.(map[string]any) {
				if n.Kind != yamltext.Mapping || n.Lookup(name) == nil {
					continue
				}
				for _, need := range texts(needs) {
					ok = ok && n.Lookup(need) != nil
				}
			}
		case "properties", "additionalProperties", "patternProperties":
			ok = c.properties(n, s)
		case "propertyNames":
			for _, e := range n.Entries {
				name := *e.Key
				name.Kind = yamltext.String
				ok = ok && c.allows(&name, v.(map[string]any))
			}
		default:
			c.tb.Fatalf("formtest does not know the keyword %s", key)
		}
		if !ok {
			return false
		}
	}
	return true
}

func (c *Checker) properties(n *yamltext.Node, s map[string]any) bool {
	if n.Kind != yamltext.Mapping {
		return true
	}
	known, _ := s["properties"].(map[string]any)
	patterns, _ := s["patternProperties"].(map[string]any)
	for _, e := range n.Entries {
		named := false
		if v, ok := known[e.Key.Text]; ok {
			named = true
			if !c.allows(e.Value, v.(map[string]any)) {
				return false
			}
		}
		for p, v := range patterns {
			if c.pattern(p).MatchString(e.Key.Text) {
				named = true
				if !c.allows(e.Value, v.(map[string]any)) {
					return false
				}
			}
		}
		if named {
			continue
		}
		switch other := s["additionalProperties"].(type) {
		case bool:
			if !other {
				return false
			}
		case map[string]any:
			if !c.allows(e.Value, other) {
				return false
			}
		}
	}
	return true
}

func (c *Checker) resolve(ref string) map[string]any {
	name, ok := strings.CutPrefix(ref, "#/$defs/")
	if ok {
		if d, ok := c.root["$defs"].(map[string]any)[name].(map[string]any); ok {
			return d
		}
	}
	c.tb.Fatalf("the schema has no %s", ref)
	return nil
}

func isOf(n *yamltext.Node, name string) bool {
	switch name {
	case "null":
		return n.Kind == yamltext.Null
	case "boolean":
		return n.Kind == yamltext.Bool
	case "number":
		return n.Kind == yamltext.Number
	case "integer":
		return n.Kind == yamltext.Number && strings.Trim(strings.TrimPrefix(n.Text, "-"), "0123456789") == ""
	case "string":
		return n.Kind == yamltext.String
	case "array":
		return n.Kind == yamltext.List
	case "object":
		return n.Kind == yamltext.Mapping
	}
	return false
}

func texts(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var out []string
	for _, one := range v.([]any) {
		out = append(out, fmt.Sprint(one))
	}
	return out
}

// make writes a value that the schema allows, as JSON, with all keys of a mapping or some.
func (c *Checker) make(r *rand.Rand, s map[string]any) string {
	c.depth++
	defer func() { c.depth-- }()
	if ref, ok := s["$ref"].(string); ok {
		return c.make(r, c.resolve(ref))
	}
	if several, ok := s["anyOf"].([]any); ok {
		return c.make(r, several[r.IntN(len(several))].(map[string]any))
	}
	if v, ok := s["const"]; ok {
		return quoted(v)
	}
	if v, ok := s["enum"].([]any); ok {
		return quoted(v[r.IntN(len(v))])
	}
	kinds := texts(s["type"])
	switch kinds[r.IntN(len(kinds))] {
	case "null":
		return "null"
	case "boolean":
		return [...]string{"true", "false"}[r.IntN(2)]
	case "number", "integer":
		least, _ := s["minimum"].(float64)
		most, ok := s["maximum"].(float64)
		if !ok || most > 1e6 {
			most = least + 1000
		}
		return fmt.Sprint(int(least) + r.IntN(int(most-least)+1))
	case "string":
		if s["format"] == "date-time" {
			return `"2025-11-20T08:00:00Z"`
		}
		return quoted(c.sample(r, s))
	case "array":
		items := s["items"].(map[string]any)
		out := []string{c.make(r, items)}
		if c.depth < 12 {
			for range r.IntN(3) {
				out = append(out, c.make(r, items))
			}
		}
		return "[" + strings.Join(out, ",") + "]"
	}
	return c.makeMapping(r, s)
}

func (c *Checker) makeMapping(r *rand.Rand, s map[string]any) string {
	known, _ := s["properties"].(map[string]any)
	var names []string
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	required := map[string]bool{}
	never := map[string]bool{}
	for _, name := range textsOf(s["required"]) {
		required[name] = true
	}
	if one, ok := s["oneOf"].([]any); ok {
		take := r.IntN(len(one))
		for i, o := range one {
			for _, name := range textsOf(o.(map[string]any)["required"]) {
				required[name], never[name] = i == take, i != take
			}
		}
	}
	needs, _ := s["dependentRequired"].(map[string]any)
	for name, of := range needs {
		never[name] = slices.ContainsFunc(texts(of), func(need string) bool { return !required[need] })
	}
	most := len(names)
	if v, ok := s["maxProperties"].(float64); ok {
		most = int(v)
	}
	var out []string
	for _, name := range names {
		if never[name] || len(out) >= most || !required[name] && r.IntN(3) == 0 {
			continue
		}
		out = append(out, quoted(name)+":"+c.make(r, known[name].(map[string]any)))
	}
	other, _ := s["additionalProperties"].(map[string]any)
	patterns, _ := s["patternProperties"].(map[string]any)
	for p, v := range patterns {
		if len(out) < most {
			name := c.sample(r, map[string]any{"pattern": p})
			out = append(out, quoted(name)+":"+c.make(r, v.(map[string]any)))
		}
	}
	if other != nil {
		name := map[string]any{}
		if v, ok := s["propertyNames"].(map[string]any); ok {
			name = v
		}
		used := map[string]bool{}
		for range 1 + r.IntN(2) {
			if key := c.sample(r, name); !used[key] {
				used[key] = true
				out = append(out, quoted(key)+":"+c.make(r, other))
			}
		}
	}
	return "{" + strings.Join(out, ",") + "}"
}

func textsOf(v any) []string {
	if v == nil {
		return nil
	}
	return texts(v)
}

func (c *Checker) sample(r *rand.Rand, s map[string]any) string {
	pattern, _ := s["pattern"].(string)
	re := c.pattern(pattern)
	var fit []string
	for _, text := range c.Samples {
		if re.MatchString(text) && (s["minLength"] == nil || text != "") {
			fit = append(fit, text)
		}
	}
	if len(fit) == 0 {
		c.tb.Fatalf("no sample fits %s", pattern)
	}
	return fit[r.IntN(len(fit))]
}

func quoted(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// Agree makes texts by a schema and spoils each: the schema and read, which returns the mistakes that it finds in a text, must
// agree on both. Samples are texts for values and names; give some that fit each pattern.
func Agree(t *testing.T, schema []byte, samples []string, read func(root *yamltext.Node) error) {
	t.Helper()
	c := New(t, schema)
	c.Samples = samples
	r := rand.New(rand.NewPCG(1, 2))
	taken, refused := 0, 0
	check := func(text string) {
		root, err := yamltext.Parse(source.NewFile("t.yaml", []byte(text)))
		if err != nil {
			return // spoiling can name a key twice
		}
		allowed, err := c.Allows(root), read(root)
		if allowed != (err == nil) {
			t.Fatalf("the schema allows it: %v; the reader says: %v\n%s", allowed, err, text)
		}
		if allowed {
			taken++
		} else {
			refused++
		}
	}
	for range 2000 {
		text := c.make(r, c.root)
		root, err := yamltext.Parse(source.NewFile("t.yaml", []byte(text)))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if !c.Allows(root) {
			t.Fatalf("made by the schema and not allowed by it:\n%s", text)
		}
		check(text)
		for range 3 {
			check(spoil(r, text, root))
		}
	}
	if taken < 1000 || refused < 1000 {
		t.Errorf("%d texts were taken and %d refused: too few to show anything", taken, refused)
	}
}

// spoil changes one key or one value of a text.
func spoil(r *rand.Rand, text string, root *yamltext.Node) string {
	var all []source.Span
	keys := map[source.Span]bool{}
	var walk func(n *yamltext.Node)
	walk = func(n *yamltext.Node) {
		if n.IsScalar() {
			all = append(all, n.Span)
		}
		for _, it := range n.Items {
			walk(it)
		}
		for _, e := range n.Entries {
			keys[e.Key.Span] = true
			all = append(all, e.Key.Span)
			walk(e.Value)
		}
	}
	walk(root)
	if len(all) == 0 {
		return text
	}
	at := all[r.IntN(len(all))]
	with := [...]string{`"x y"`, `-3`, `99999`, `true`, `null`, `[]`, `{}`, `["a"]`, `{"a":1}`, `"503"`, `200`, `"none"`, `"down"`, `1.5`, `"5s"`, `"-5s"`}
	value := with[r.IntN(len(with))]
	if keys[at] {
		value = [...]string{`"stauts"`, `"x y"`, `"status"`, `"respond"`, `"q"`, `"method"`, `"publish"`}[r.IntN(7)]
	}
	return text[:at.Start] + value + text[at.End:]
}

// EveryKey calls visit for each mapping of a schema whose keys are listed, with its keys: a test can so look for each of them
// in a document.
func (c *Checker) EveryKey(visit func(keys []string)) {
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if p, ok := v["properties"].(map[string]any); ok {
				var names []string
				for name := range p {
					names = append(names, name)
				}
				slices.Sort(names)
				visit(names)
			}
			for _, one := range v {
				walk(one)
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	walk(c.root)
}
