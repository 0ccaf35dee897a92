package suite

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dispcheck/dispcheck/internal/mock/formtest"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

func TestSchema(t *testing.T) {
	c := formtest.New(t, Schema())
	parse := func(name, text string) *yamltext.Node {
		n, err := yamltext.Parse(source.NewFile(name, []byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	examples, err := filepath.Glob("../fixtures/cloud/tests/*.yaml")
	if err != nil || len(examples) < 3 {
		t.Fatalf("only %d suites of the example: %v", len(examples), err)
	}
	for _, file := range examples {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !c.Allows(parse(file, string(text))) {
			t.Errorf("the schema refuses %s", file)
		}
	}
	for _, text := range []string{
		"- GET /x: {filter: allow}", "cases: [{request: GET /x, expect: {a.b: c}}]", "sute: x", "cases: []", "cases: [{GET /x: {fliter: allow}}]", "cases: [{GET /x: {filter: a}, GET /y: {filter: b}}]",
		"defaults: {hst: x}\ncases: [{GET /x: {filter: a}}]", "cases: [GET /x]", "cases: [{GET /x: {render: respond:99, status: 1}}]", "cases: [{name: x, filter: y}]",
		"cases: [{GET /x: {environment: prd, filter: a}}]", "- publish /x: {stale: [/y]}", "cases: [{urls: [/x], expect: {status: 404, filter.rule: /1}}]",
	} {
		_, err := Load(files("s.yaml", text), "s.yaml", ReadOptions{})
		if got := c.Allows(parse("s.yaml", text)); got != (err == nil) {
			t.Errorf("%s: the schema allows %v, reading says %v", text, got, err)
		}
	}
}

// TestKeysAreExplained: each key has a meaning in the schema.
func TestKeysAreExplained(t *testing.T) {
	for _, k := range slices.Concat(fullKeys, defaultKeys) {
		if abouts[k] == "" {
			t.Errorf("key %s has no meaning", k)
		}
	}
}
