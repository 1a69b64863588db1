// Package option reads the options of a constructor: none, or one plain struct.
package option

import "fmt"

// One returns the options that were passed to the constructor fn ("lru.New"), or the zero
// value. It panics if there is more than one.
func One[O any](fn string, opts []O) (o O) {
	switch len(opts) {
	case 0:
		return o
	case 1:
		return opts[0]
	}
	panic(fmt.Sprintf("%s: at most one Options, got %d", fn, len(opts)))
}
