package lfu

import (
	"reflect"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whatever a caller does, the next call from another goroutine returns. The tests
// of lru show it for the code that both packages share.

// returns calls f from another goroutine.
func returns(f func()) {
	var wg sync.WaitGroup
	wg.Go(f)
	wg.Wait()
}

// TestZeroValue: each method of a zero value names the constructor that it needs,
// before it takes a lock.
func TestZeroValue(t *testing.T) {
	for want, c := range map[string]any{
		"lfu: Cache must be made by New":          new(Cache[int, int]),
		"lfu: Sync must be made by NewSync":       new(Sync[int, int]),
		"lfu: Sharded must be made by NewSharded": new(Sharded[int, int]),
	} {
		v := reflect.ValueOf(c)
		require.Greater(t, v.NumMethod(), 15)
		for i := range v.NumMethod() {
			name, method := v.Type().Method(i).Name, v.Method(i)
			args := make([]reflect.Value, method.Type().NumIn())
			for a := range args {
				args[a] = reflect.Zero(method.Type().In(a))
			}
			returns(func() {
				assert.PanicsWithValue(t, want, func() { method.Call(args) }, name)
			})
		}
	}
}

// TestCopy: a copy of what a constructor returned is the same cache, whichever of
// the two is used first.
func TestCopy(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		o := Options[int, int]{Aging: a}
		made := struct {
			c *Cache[int, int]
			s *Sync[int, int]
			h *Sharded[int, int]
		}{New(10, o), NewSync(10, o), NewSharded(10, o)}
		for _, pair := range [][2]anyCache{{made.c, shallow(made.c)}, {made.s, shallow(made.s)}, {made.h, shallow(made.h)}} {
			original, copied := pair[0], pair[1]
			returns(func() {
				for k := range 100 {
					copied.Put(k, k)
					original.Get(k - 1)
					original.Put(1000+k, k)
				}
			})
			returns(func() { assert.Equal(t, 10, original.Len()) })
			original.(interface{ check() }).check()
			copied.(interface{ check() }).check()
		}
	})
}

// shallow returns a copy of what c points to, made in a way that vet does not see.
func shallow[T any](c *T) *T {
	d := reflect.New(reflect.TypeFor[T]())
	d.Elem().Set(reflect.ValueOf(c).Elem())
	return d.Interface().(*T)
}

// TestNoCopy: vet reports a copy of any value that holds, not by a pointer, a type
// with the methods Lock and Unlock; each of the three types does.
func TestNoCopy(t *testing.T) {
	for _, c := range []reflect.Type{
		reflect.TypeFor[Cache[int, int]](), reflect.TypeFor[Sync[int, int]](), reflect.TypeFor[Sharded[int, int]](),
	} {
		assert.True(t, holdsLock(c), c.String())
	}
}

func holdsLock(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[sync.Locker]()) {
		return true
	}
	switch t.Kind() {
	case reflect.Array:
		return holdsLock(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsLock(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
