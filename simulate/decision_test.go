package simulate

import (
	"reflect"
	"testing"
)

// TestReset: nothing of one request is left in the decision about the next.
func TestReset(t *testing.T) {
	var d Decision
	fill(reflect.ValueOf(&d).Elem())
	d.reset()
	v := reflect.ValueOf(&d).Elem()
	for i := range v.NumField() {
		switch name := v.Type().Field(i).Name; name {
		case "URI", "Query", "HasQuery", "Host", "Parts": // which the first stage sets
		default:
			checkZero(t, name, v.Field(i))
		}
	}
	for _, r := range []Request{{Method: "GET", Target: "/"}, {Method: "", Target: ""}, {Method: "GET", Target: "x"}, {Method: "GET", Target: "/%"}} {
		var fresh Decision
		fill(v)
		e := New(decode(t, "/filter { }", Version{}, nil), Options{})
		for _, d := range []*Decision{&d, &fresh} {
			if err := e.Decide(t.Context(), &r, d, nil); err != nil {
				t.Fatal(err)
			}
		}
		if d.URI != fresh.URI || d.Query != fresh.Query || d.HasQuery != fresh.HasQuery || d.Host != fresh.Host || d.Parts != fresh.Parts {
			t.Errorf("%q: got %q %q %v %q %+v, want those of %+v", r.Target, d.URI, d.Query, d.HasQuery, d.Host, d.Parts, fresh)
		}
	}
}

// fill gives every exported field a value that is not its zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				fill(f)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	}
}

func checkZero(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	switch {
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			checkZero(t, name+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		if v.Len() != 0 {
			t.Errorf("%s has %d entries left", name, v.Len())
		}
	case !v.IsZero():
		t.Errorf("%s is left", name)
	}
}

// TestDecisionIsUsedAgain: nothing of an answer whose status httpd does not tell is left in the next one.
func TestDecisionIsUsedAgain(t *testing.T) {
	var d Decision
	d.EndInHTTPD(&HTTPDEnd{URI: "/cgi-bin/", Header: Header{{Name: "Content-Type", Value: "httpd/unix-directory"}}})
	if d.Response.From != "httpd" || len(d.Response.Header) != 1 {
		t.Fatalf("got %+v", d.Response)
	}
	e := New(decode(t, `/filter { /0001 { /type "allow" /url "*" } }`, Version{}, nil), Options{})
	r, err := NewRequest("GET", "/a.html")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Decide(t.Context(), r, &d, nil); err != nil {
		t.Fatal(err)
	}
	if d.Response.From == "httpd" || len(d.Response.Header) != 0 {
		t.Errorf("the answer before it is left: %+v", d.Response)
	}
}
