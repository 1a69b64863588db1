//go:build !debug

package debug

// Enabled reports, as a constant, whether the instruments work in this build.
const Enabled = false

// Yield marks a seam: a place between two steps that another goroutine might
// see apart. It does nothing in this build. In generic code call it behind
// `if debug.Enabled`; the package doc says why.
func Yield() {}

// Yields switches Yield on or off for a test and returns the call that undoes
// it. It does nothing in this build.
func Yields(bool) (restore func()) { return func() {} }

// Assert panics with msg if cond is false. It does nothing in this build, and
// a cond without side effects is not computed.
func Assert[B ~bool](cond B, msg string) {}

// A Counter counts the elementary steps (links followed, slots probed,
// elements moved) of one structure. It has no size in this build; keep it away
// from the end of a struct, where Go would pad it.
type Counter = counter[struct{}]

// counter has a type parameter for the compiler only; the package doc says why.
type counter[T any] struct{ _ [0]T }

// Add counts n steps.
func (*counter[T]) Add(n int) {}

// Take returns the steps counted since the last Take and starts again at 0.
func (*counter[T]) Take() int { return 0 }
