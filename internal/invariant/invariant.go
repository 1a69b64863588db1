// Package invariant reports a broken invariant of a structure.
package invariant

import "fmt"

// Must panics with the formatted message unless ok. The message begins with the number
// that the essay of the package gives the invariant.
func Must(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}
