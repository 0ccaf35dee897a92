package suite

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/mock/form"
)

// abouts say what keys mean, for editors.
var abouts = map[string]string{
	"name": "what the case is called", "tags": "words for --tag", "skip": "true, or why the case is not run", "only": "run only such cases",
	"table": "rows of variables: the case is run for each", "follow": "how many redirects are followed", "expect": "what is expected of the answer",
	"environment": "environment of AEM as a Cloud Service", "env": "variables of the configuration", "render": "what answers for the renders",
	"headers": "headers of the request", "host": "the Host header", "scheme": "http or https", "client": "the address that asks", "proto": "the protocol", "body": "what is sent along",
	"at": "the time", "cookies": "the client keeps cookies", "files": "what the cache holds at first", "vanity": "the list of vanity URLs", "sessions": "credentials that are known at first",
	"mock": "a file of answers for the renders", "renders": "what each render answers", "default": "the answer where nothing matches",
	"request": "METHOD URL, or METHOD URL HOST", "method": "the method, GET unless it is said", "url": "the URL", "urls": "URLs, each a case of its own",
	"publish": "a handle to flush, or the keys of a flush", "steps": "several requests on one cache",
}

// Schema returns the JSON schema of suites, draft 2020-12. It says of answers of renders, files in the cache and steps only that
// they may be there: the schema of scenarios has them.
func Schema() []byte {
	object := func(more ...form.Member) form.Schema {
		return append(form.Schema{{Key: "type", Value: "object"}}, more...)
	}
	list := func(items form.Schema) form.Schema {
		return form.Schema{{Key: "type", Value: "array"}, {Key: "items", Value: items}, {Key: "minItems", Value: 1}}
	}
	text := form.Text().Schema
	scalar := form.Schema{{Key: "type", Value: []string{"string", "number", "boolean", "null"}}}
	value := form.Schema{{Key: "$ref", Value: "#/$defs/value"}}
	expect := form.Schema{{Key: "$ref", Value: "#/$defs/expect"}}
	types := map[string]form.Schema{
		"name": text, "skip": text, "only": form.Bool().Schema, "follow": form.Int(0, 50).Schema, "tags": form.OneOrMany(form.Text()).Schema,
		"table": list(object()), "expect": expect, "environment": form.Word("dev", "stage", "prod", "local").Schema,
		"env": form.AnyOf(object(), form.Word("dev", "stage", "prod", "local").Schema), "render": {{Key: "type", Value: "string"}, {Key: "pattern", Value: "^(none|respond:[1-5][0-9][0-9](:.*)?)$"}},
		"headers": object(), "host": text, "scheme": form.Word("http", "https").Schema, "body": text, "cookies": form.Bool().Schema,
		"request": {{Key: "type", Value: "string"}, {Key: "pattern", Value: `^\s*\S+\s+\S+(\s+\S+)?\s*$`}}, "method": text, "url": text, "urls": list(text), "steps": list(form.Schema{}),
		"publish": form.AnyOf(text, object()), "files": object(),
	}
	properties := func(keys []string) form.Schema {
		var out form.Schema
		for _, k := range keys {
			out = append(out, form.Member{Key: k, Value: append(form.Schema{{Key: "description", Value: abouts[k]}}, types[k]...)})
		}
		return out
	}
	closed := func(p form.Schema) form.Schema {
		return object(form.Member{Key: "additionalProperties", Value: false}, form.Member{Key: "properties", Value: p})
	}
	var short form.Schema
	for _, n := range ShortNames() {
		if !strings.Contains(n[0], ".") {
			short = append(short, form.Member{Key: n[0], Value: append(form.Schema{{Key: "description", Value: n[1]}}, value...)})
		}
	}
	paths := form.Member{Key: "patternProperties", Value: form.Schema{{Key: `^(` + strings.Join(roots, "|") + `)(\.|$)`, Value: value}}}
	line := slices.Concat(ownKeys, requestKeys, scenarioKeys)
	inLine := object(form.Member{Key: "additionalProperties", Value: false}, form.Member{Key: "properties", Value: append(properties(line), short...)}, paths)
	oneLine := object(form.Member{Key: "minProperties", Value: 1}, form.Member{Key: "maxProperties", Value: 1}, form.Member{Key: "additionalProperties", Value: false},
		form.Member{Key: "patternProperties", Value: form.Schema{{Key: `^\s*\S+\s+\S`, Value: inLine}}})
	cases := list(form.Schema{{Key: "$ref", Value: "#/$defs/case"}})
	root := closed(form.Schema{
		{Key: "suite", Value: append(form.Schema{{Key: "description", Value: "what the suite is called"}}, text...)},
		{Key: "description", Value: append(form.Schema{{Key: "description", Value: "what it is for"}}, text...)},
		{Key: "include", Value: append(form.Schema{{Key: "description", Value: "files whose cases, variables and defaults count here, too"}}, form.OneOrMany(form.Text()).Schema...)},
		{Key: "variables", Value: append(form.Schema{{Key: "description", Value: "texts for ${NAME}"}}, object(form.Member{Key: "additionalProperties", Value: scalar})...)},
		{Key: "defaults", Value: append(form.Schema{{Key: "description", Value: "what is said of every case"}}, closed(properties(defaultKeys))...)},
		{Key: "tags", Value: append(form.Schema{{Key: "description", Value: "tags of all cases"}}, types["tags"]...)},
		{Key: "cases", Value: cases},
	})
	return form.Document("https://github.com/dispcheck/dispcheck/schema/suite.schema.json", "a suite for dispcheck test", form.AnyOf(root, cases), form.Schema{
		{Key: "case", Value: form.AnyOf(oneLine, closed(properties(fullKeys)))},
		{Key: "expect", Value: object(form.Member{Key: "additionalProperties", Value: false}, form.Member{Key: "properties", Value: short}, paths)},
		{Key: "value", Value: form.Schema{{Key: "type", Value: []string{"string", "number", "boolean", "null", "array", "object"}}}},
	})
}
