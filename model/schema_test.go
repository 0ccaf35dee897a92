package model

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/grammar"
)

// TestSchemaReachesTheModel: a text with every property of the schema fills every field of the model.
func TestSchemaReachesTheModel(t *testing.T) {
	var b strings.Builder
	writeAll(&b, Schema())
	c, found := decodeText(t, "all.any", b.String(), Options{})
	for _, f := range found {
		t.Errorf("%s: %s", f.Rule, f.Message)
	}
	filled(t, reflect.ValueOf(c), "Config")
	if t.Failed() {
		t.Log(b.String())
	}
}

// writeAll writes a text with all that a section may hold.
func writeAll(b *strings.Builder, s *Section) {
	for _, p := range s.Properties {
		if p.Kind != KindValue {
			fmt.Fprintf(b, "/%s {\n", p.Name)
			writeAll(b, p.Section)
			b.WriteString("}\n")
			continue
		}
		value := "/x"
		switch p.Type {
		case TypeNumber:
			value = "7"
		case TypeMode:
			value = "0600"
		case TypeFlag:
			value = "1"
		case TypeWord:
			value = p.Words[len(p.Words)-1]
			if p.Name == "type" {
				value = "allow"
			}
		}
		fmt.Fprintf(b, "/%s %q\n", p.Name, value)
	}
	if s.Entry != nil {
		b.WriteString("/label {\n")
		writeAll(b, s.Entry)
		b.WriteString("}\n")
	}
	if s.Strings {
		b.WriteString("\"string\"\n")
	}
}

// filled fails the test for every exported field below v that is not filled in. Settings must be Set.
func filled(t *testing.T, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			t.Errorf("%s is nil", path)
			return
		}
		if strings.Contains(v.Type().String(), "match.") {
			return
		}
		filled(t, v.Elem(), path)
	case reflect.Slice:
		if v.Len() == 0 {
			t.Errorf("%s is empty", path)
		}
		for i := range v.Len() {
			filled(t, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Struct:
		if set := v.FieldByName("Set"); set.IsValid() {
			if !set.Bool() || v.FieldByName("Text").String() == "" || v.FieldByName("ValueAt").FieldByName("File").IsNil() || v.FieldByName("At").FieldByName("Span").FieldByName("File").IsNil() {
				t.Errorf("%s is not set: %+v", path, v)
			}
			return
		}
		if _, ok := v.Interface().(Place); ok {
			if v.FieldByName("Span").FieldByName("File").IsNil() {
				t.Errorf("%s is no place", path)
			}
			return
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || slices.Contains([]string{"Unknown", "Wrapped", "Err", "Scheme", "HasPort", "URI", "URIText"}, f.Name) {
				continue
			}
			// A rule of a section that compares one text has a glob and nothing else.
			if f.Type == reflect.TypeFor[*Pattern]() && v.Field(i).IsNil() && !strings.Contains(path, "Filter.Rules") && !strings.Contains(path, "Cache.Rules") || strings.Contains(path, "AuthChecker") && f.Type == reflect.TypeFor[*Pattern]() && v.Field(i).IsNil() {
				if f.Name == "Glob" {
					t.Errorf("%s.Glob is nil", path)
				}
				continue
			}
			filled(t, v.Field(i), path+"."+f.Name)
		}
	case reflect.String:
		if v.String() == "" {
			t.Errorf("%s is empty", path)
		}
	case reflect.Bool:
		if !v.Bool() {
			t.Errorf("%s is false", path)
		}
	}
}

// TestSchemaSpeaksTheNotation: the names of the schema are those that package grammar knows.
func TestSchemaSpeaksTheNotation(t *testing.T) {
	names := map[string]bool{}
	Schema().Walk(func(s *Section) {
		for _, p := range s.Properties {
			names[p.Name] = true
		}
	})
	var got []string
	for n := range names {
		got = append(got, n)
	}
	sort.Strings(got)
	if diff := cmp.Diff(grammar.Words(), got); diff != "" {
		t.Errorf("(-grammar +model):\n%s", diff)
	}
}

// TestSchemaIsWhole: every property says what it is, and defaults are values of their type.
func TestSchemaIsWhole(t *testing.T) {
	paths := map[string]bool{}
	Schema().Walk(func(s *Section) {
		if s.Name == "" || paths[s.Path] {
			t.Errorf("section %q has no name, or two have its path", s.Path)
		}
		paths[s.Path] = true
		if n := b2i(len(s.Properties) > 0) + b2i(s.Entry != nil) + b2i(s.Strings); n != 1 {
			t.Errorf("%s: want properties or entries or strings, got %d of them", s.Path, n)
		}
		seen := map[string]bool{}
		for _, p := range s.Properties {
			at := s.Path + "/" + p.Name
			if p.Doc == "" || strings.HasSuffix(p.Doc, ".") || seen[p.Name] {
				t.Errorf("%s: wants a doc without a full stop, once: %q", at, p.Doc)
			}
			seen[p.Name] = true
			if (p.Kind == KindValue) != (p.Section == nil) {
				t.Errorf("%s is a %v and its section is %v", at, p.Kind, p.Section)
			}
			if p.Kind == KindValue && p.Type == 0 || p.Kind == KindList && p.Type == 0 || p.Kind == KindEntries && p.Section.Entry == nil {
				t.Errorf("%s: a %v of type %v", at, p.Kind, p.Type)
			}
			ok := true
			switch p.Type {
			case TypeNumber:
				_, ok = parseNumber(p.Default)
			case TypeMode:
				_, ok = parseMode(p.Default)
			case TypeFlag:
				ok = p.Default == "0" || p.Default == "1"
			case TypeWord:
				ok = len(p.Words) > 0 && (p.Default == "" || slices.Contains(p.Words, p.Default))
			}
			if !ok {
				t.Errorf("%s: %q is no default of type %v", at, p.Default, p.Type)
			}
			if p.Since != "" && !parseVersion("4.1.0").before(p.Since) {
				t.Errorf("%s: %q is no version after 4.1.0", at, p.Since)
			}
		}
	})
	if got := len(paths); got < 30 {
		t.Errorf("%d sections, want the tree of them", got)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestSchemaIsACopy: who changes a schema changes no decoding.
func TestSchemaIsACopy(t *testing.T) {
	s := Schema()
	farm := s.In("farms").In("publish")
	encode, ok := farm.In("sessionmanagement").Property("encode")
	if !ok {
		t.Fatal("no /encode")
	}
	encode.Words[0] = "x"
	for i := range farm.Properties {
		farm.Properties[i].Name = "x"
	}
	if _, ok := Schema().In("farms").In("publish").Property("filter"); !ok {
		t.Error("a change reached the table")
	}
	if _, found := decodeText(t, "a.any", `/farms { /a { /sessionmanagement { /directory "/d" /encode "md5" } } }`, Options{}); len(found) > 0 {
		t.Errorf("a change reached the table: %v", found)
	}
}

func TestSchemaIn(t *testing.T) {
	tests := []struct {
		path []string
		want string
	}{
		{nil, "configuration"},
		{[]string{"farms"}, "/farms"},
		{[]string{"farms", "publish"}, "farm"},
		{[]string{"farms", "publish", "cache", "rules", "0001"}, "cache rule"},
		{[]string{"farms", "publish", "auth_checker", "headers", "1"}, "rule"},
		{[]string{"farms", "publish", "info"}, ""},
		{[]string{"nothing"}, ""},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.path, "/"), func(t *testing.T) {
			s := Schema()
			for _, name := range tt.path {
				if s = s.In(name); s == nil {
					break
				}
			}
			got := ""
			if s != nil {
				got = s.Name
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestVersions(t *testing.T) {
	tests := []struct {
		version, since string
		want           bool
	}{
		{"", "4.3.6", false}, {"4.1.9", "4.1.9", false}, {"4.1.8", "4.1.9", true}, {"4.1.11", "4.1.9", false},
		{"4.1.9", "4.1.11", true}, {"4.2", "4.2.0", false}, {"4.2", "4.3.1", true}, {"5.0.0", "4.3.6", false},
		{"2.0.264", "4.3.6", false}, {"v4.1.0", "4.2.0", true}, {"4.1.5-2", "4.1.6", true}, {"newest", "4.3.6", false},
		{"4.1.9", "", false},
	}
	for _, tt := range tests {
		if got := parseVersion(tt.version).before(tt.since); got != tt.want {
			t.Errorf("%q before %q: got %v", tt.version, tt.since, got)
		}
	}
}
