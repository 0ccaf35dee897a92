package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"reflect"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/source"
)

// A printer makes the fingerprint of a configuration: a digest of all that its exported fields say, and of the texts that it
// came from, which it collects.
type printer struct {
	digest hash.Hash
	seen   map[uintptr]bool
	files  []*source.File
	conds  conditions
}

// fingerprint returns the digest of some values, the texts that they came from, in the order in which they are met, and the
// conditions of httpd in them.
func fingerprint(values ...any) (string, []*source.File, *conditions) {
	p := &printer{digest: sha256.New(), seen: map[uintptr]bool{}, conds: newConditions()}
	for _, v := range values {
		p.walk(reflect.ValueOf(v), 0)
	}
	return hex.EncodeToString(p.digest.Sum(nil)), p.files, &p.conds
}

var (
	fileType = reflect.TypeFor[*source.File]()
	// spanType is told apart because the bytes of a span are those of its text, which is in the digest already.
	spanType = reflect.TypeFor[source.Span]()
)

const maxDepth = 64

func (p *printer) walk(v reflect.Value, depth int) {
	if !v.IsValid() || depth > maxDepth {
		return
	}
	switch {
	case v.Type() == fileType:
		if !v.IsNil() && v.CanInterface() {
			p.file(v.Interface().(*source.File))
		}
		return
	case v.Type() == spanType:
		if v.CanInterface() {
			s := v.Interface().(source.Span)
			p.say("span %d %d", s.Start, s.End)
			if s.File != nil {
				p.file(s.File)
			}
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || p.seen[v.Pointer()] {
			p.say("ref")
			return
		}
		p.seen[v.Pointer()] = true
		p.walk(v.Elem(), depth+1)
	case reflect.Interface:
		p.walk(v.Elem(), depth+1)
	case reflect.Struct:
		p.conds.note(v)
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				p.say("%s", f.Name)
				p.walk(v.Field(i), depth+1)
			}
		}
	case reflect.Slice, reflect.Array:
		p.say("%d", v.Len())
		for i := range v.Len() {
			p.walk(v.Index(i), depth+1)
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		for _, k := range keys {
			if k.Kind() == reflect.String {
				p.say("%s", k.String())
			}
			p.walk(v.MapIndex(k), depth+1)
		}
	case reflect.String:
		p.say("%q", v.String())
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float64:
		p.say("%v", v)
	}
}

// file puts a text into the digest, once.
func (p *printer) file(f *source.File) {
	if slices.Contains(p.files, f) {
		return
	}
	p.files = append(p.files, f)
	sum := sha256.Sum256(f.Text)
	p.say("%q %x", f.Name, sum)
}

func (p *printer) say(format string, args ...any) { fmt.Fprintf(p.digest, format+"\n", args...) }
