// Package step is the runtime of the step loom: a hook before each statement, for a
// program that shows how the memory of a structure changes. Only copies rewritten by
// internal/weave call At.
package step

import (
	"reflect"
	"unsafe"
)

// Hook, if not nil, is called before each statement with its file, from the root of the
// module, and its line: "lru/lru.go:52". It must not call woven code.
var Hook func(at string)

// At calls Hook.
func At(at string) {
	if Hook != nil {
		Hook(at)
	}
}

// Views are the types whose fields are not enough to read a value: for each a function
// that returns a struct to be read in its place. It gets a pointer to the value.
var Views = map[reflect.Type]func(unsafe.Pointer) any{}

// View adds a view of type T.
func View[T any](f func(*T) any) {
	Views[reflect.TypeFor[T]()] = func(p unsafe.Pointer) any { return f((*T)(p)) }
}
