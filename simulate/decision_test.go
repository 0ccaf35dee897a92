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
		checkZero(t, v.Type().Field(i).Name, v.Field(i))
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
