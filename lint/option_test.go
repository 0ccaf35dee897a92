package lint_test

import (
	"testing"

	"github.com/dispcheck/dispcheck/lint"
)

func TestWritten(t *testing.T) {
	for _, tt := range []struct {
		name  string
		value any
		want  string
	}{
		{"a word", "ignore-by-default", "ignore-by-default"},
		{"a path", "/content/brand.html", "/content/brand.html"},
		{"nothing", "", `""`},
		{"a word of YAML", "No", `"No"`},
		{"digits", "12", `"12"`},
		{"marks", "POST /a: b", `"POST /a: b"`},
		{"a number", 2, "2"},
		{"a flag", true, "true"},
		{"no list", []string{}, "[]"},
		{"a list", []string{"/a", "*"}, `[/a, "*"]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := lint.Written(tt.value); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestReadWith(t *testing.T) {
	for _, tt := range []struct {
		name string
		doc  lint.Doc
		want string
	}{
		{"defaults", lint.Doc{}, ""},
		{"a release", lint.Doc{Version: "4.3.3"}, "read with Dispatcher 4.3.3"},
		{"options", lint.Doc{Options: lint.Options{"b": {Value: 1}, "a": {Value: "x"}}}, "read with the option a: x and the option b: 1"},
		{"both", lint.Doc{Version: "4.3.3", Options: lint.Options{"a": {Value: true}}}, "read with Dispatcher 4.3.3 and the option a: true"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.doc.ReadWith(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOptionType(t *testing.T) {
	for want, value := range map[string]any{"text": "", "whole number": 1, "true or false": true, "list of texts": []string{}} {
		if got := (&lint.Option{Default: value}).Type(); got != want {
			t.Errorf("%T is a %q, want %q", value, got, want)
		}
	}
}
