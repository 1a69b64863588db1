// Package plain says which types hold no pointers. Memory of such a type need not be
// zeroed for the garbage collector, and may be copied in words.
package plain

import "reflect"

// Type reports whether no value of type t holds a pointer, so that none can keep anything
// alive. An array without elements holds none. A type that it does not know counts as one
// with pointers. O(1) for a scalar, else the number of fields, at every depth.
func Type(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return true
	case reflect.Array:
		return t.Len() == 0 || Type(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !Type(t.Field(i).Type) {
				return false
			}
		}
		return true
	}
	return false
}
