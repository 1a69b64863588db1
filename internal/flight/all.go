package flight

import "errors"

// ErrAbsent is the error of a call whose load of several keys returned nothing for this
// key. The cache never returns it to its caller.
var ErrAbsent = errors.New("absent")

// RunAll runs one load for several calls and wakes the waiters of all of them, as Run
// does. value returns the value that a successful load has for the i-th call.
func RunAll[V any](calls []*Call[V], load func() error, value func(i int) (V, error)) {
	all := Call[struct{}]{done: make(chan struct{})}
	defer func() { // also if load ends its goroutine
		for i, c := range calls {
			c.ended, c.panic, c.err = all.ended, all.panic, all.err
			if all.ended == returned && all.err == nil {
				c.value, c.err = value(i)
			}
			close(c.done)
		}
	}()
	all.Run(func() (struct{}, error) { return struct{}{}, load() })
}
