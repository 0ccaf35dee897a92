package decisiondiff

import (
	"fmt"
	"net/netip"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/apexpr"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// fingerprint writes out all of a value that can mean something to an answer: everything but places and the names of
// rules and renders. Two values of one fingerprint do the same; two of different fingerprints may. New fields of the
// models count by themselves.
func fingerprint(v any) string {
	w := printer{deep: maxDepth}
	w.value(reflect.ValueOf(v))
	return w.String()
}

// maxDepth bounds how deep a value is looked into; models are far less deep.
const maxDepth = 200

type printer struct {
	strings.Builder
	deep int
}

// isPlace reports whether a type says where something stands, or what was read in vain.
func isPlace(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[source.Span](), reflect.TypeFor[[]source.Span](), reflect.TypeFor[server.Place](), reflect.TypeFor[model.Place](),
		reflect.TypeFor[[]model.Unknown](), reflect.TypeFor[[]server.Construct]():
		return true
	}
	return false
}

// isName reports whether a field tells things apart for people alone.
func isName(t reflect.Type, field string) bool {
	switch t {
	case reflect.TypeFor[model.Rule]():
		return field == "Label" || field == "Type" // of which Allow says what it does
	case reflect.TypeFor[model.Render](), reflect.TypeFor[model.Farm](), reflect.TypeFor[model.Category]():
		return field == "Name"
	case reflect.TypeFor[model.Pattern]():
		return field == "Property" || field == "Quote"
	}
	return false
}

func (w *printer) value(v reflect.Value) {
	if !v.IsValid() {
		w.WriteByte('-')
		return
	}
	if w.deep == 0 {
		return
	}
	w.deep--
	defer func() { w.deep++ }()
	if v.CanInterface() {
		switch x := v.Interface().(type) {
		case *match.Pattern:
			if x == nil {
				w.WriteByte('-')
				return
			}
			w.text(x.Kind().String())
			w.text(x.Text())
			return
		case *match.PCRE:
			if x == nil {
				w.WriteByte('-')
				return
			}
			w.text(x.Text())
			return
		case *apexpr.Expr:
			if x == nil {
				w.WriteByte('-')
				return
			}
			w.text(x.Text())
			return
		case netip.Addr:
			w.text(x.String())
			return
		case netip.Prefix:
			w.text(x.String())
			return
		case error:
			w.text(fmt.Sprint(x))
			return
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			w.WriteByte('-')
			return
		}
		w.value(v.Elem())
	case reflect.Slice, reflect.Array:
		w.WriteByte('[')
		for i := range v.Len() {
			w.value(v.Index(i))
			w.WriteByte(',')
		}
		w.WriteByte(']')
	case reflect.Map:
		w.entries(v)
	case reflect.Struct:
		w.fields(v)
	case reflect.String:
		w.text(v.String())
	case reflect.Bool:
		w.WriteString(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.WriteString(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		w.WriteString(strconv.FormatUint(v.Uint(), 10))
	}
}

func (w *printer) text(s string) { w.WriteString(strconv.Quote(s)) }

func (w *printer) entries(v reflect.Value) {
	var list []string
	for it := v.MapRange(); it.Next(); {
		e := printer{deep: w.deep}
		e.value(it.Key())
		e.WriteByte('=')
		e.value(it.Value())
		list = append(list, e.String())
	}
	sort.Strings(list)
	w.WriteByte('{')
	for _, s := range list {
		w.WriteString(s)
		w.WriteByte(',')
	}
	w.WriteByte('}')
}

// fields writes the fields of a struct that hold something: a field that is empty is as good as not there.
func (w *printer) fields(v reflect.Value) {
	t := v.Type()
	w.WriteByte('{')
	if strings.HasPrefix(t.Name(), "Setting[") {
		w.value(v.FieldByName("Value"))
		w.WriteByte('}')
		return
	}
	for i := range v.NumField() {
		f := t.Field(i)
		if !f.IsExported() || isPlace(f.Type) || isName(t, f.Name) || v.Field(i).IsZero() {
			continue
		}
		w.WriteString(f.Name)
		w.WriteByte(':')
		w.value(v.Field(i))
		w.WriteByte(' ')
	}
	w.WriteByte('}')
}
