package house

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestZeroValues: each method of a zero value works, or panics with a message that
// names the constructor; after that no method hangs.
func TestZeroValues(t *testing.T) {
	each(t, func(t *testing.T, name string, make func() reflect.Value) {
		pkg, _, _ := strings.Cut(name, ".")
		zero := reflect.New(make().Type().Elem())
		requireUsable(t, zero, pkg, "nothing")
		requireUsable(t, zero, pkg, "every method")
	})
}

// TestCopies: vet reports the copy of a variable, but not that of what a constructor
// returned. Neither the copy nor the original may hang afterwards, whatever was called
// first.
func TestCopies(t *testing.T) {
	each(t, func(t *testing.T, name string, make func() reflect.Value) {
		pkg, _, _ := strings.Cut(name, ".")
		original := make()
		duplicate := reflect.New(original.Type().Elem())
		duplicate.Elem().Set(original.Elem())
		requireUsable(t, duplicate, pkg, "a copy")
		requireUsable(t, original, pkg, "a copy was used")
		requireUsable(t, duplicate, pkg, "the original was used")
	})
}

// TestCallbacks: whatever a function does that is handed to a method, or the body of a
// loop, every method returns afterwards.
func TestCallbacks(t *testing.T) {
	each(t, func(t *testing.T, name string, make func() reflect.Value) {
		pkg, _, _ := strings.Cut(name, ".")
		for i := range make().NumMethod() {
			for _, m := range []mood{panics, exits, reenters} {
				v := make()
				ctx, cancel := context.WithTimeout(context.Background(), blink)
				called := false
				c := newCaller(ctx).in(m, v)
				misbehave := c.called
				c.called = func() { called = true; misbehave() }
				call := methodName(v, i)
				o := outcomeOf(func() { c.call(v.Method(i)) })
				cancel()
				require.False(t, o.hung, "%s hangs when the callback %v", call, m)
				if !called {
					requireAnswer(t, o, pkg, call)
					break // no function to misbehave
				}
				requireUsable(t, v, pkg, call+" whose callback "+m.String())
			}
		}
	})
}
