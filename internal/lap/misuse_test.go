package lap

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestZero: a queue of capacity 0 is full and empty.
func TestZero(t *testing.T) {
	var q Queue[int]
	require.Equal(t, Full, q.TryPush(1))
	v, r := q.TryPop()
	require.Equal(t, Empty, r)
	require.Zero(t, v)
	n, r := q.PushSlice([]int{1})
	require.Equal(t, Full, r)
	require.Zero(t, n)
	n, r = q.PopInto([]int{1})
	require.Equal(t, Empty, r)
	require.Zero(t, n)
	require.Zero(t, q.Len())
	require.Zero(t, q.Cap())
}

// copyOf returns a copy that go vet does not see.
func copyOf(q *Queue[int]) *Queue[int] {
	c := reflect.New(reflect.TypeFor[Queue[int]]())
	c.Elem().Set(reflect.ValueOf(q).Elem())
	return c.Interface().(*Queue[int])
}

// TestCopies runs every short sequence of operations on two copies of a queue. Each
// operation returns, or panics with a message that names the misuse; none waits for
// something that cannot happen. While only one of the two is used, nothing panics.
func TestCopies(t *testing.T) {
	ops := []func(q *Queue[int]){
		func(q *Queue[int]) { q.TryPush(1) },
		func(q *Queue[int]) { q.TryPop() },
		func(q *Queue[int]) { q.PushSlice([]int{1, 2}) },
		func(q *Queue[int]) { q.PopInto(make([]int, 2)) },
	}
	length := 5
	if testing.Short() {
		length = 4
	}
	sequences := 1
	for range length {
		sequences *= 2 * len(ops)
	}
	panicked := 0
	for _, capacity := range []int{1, 2} {
		for filled := range capacity + 1 { // when the copy is made
			for sequence := range sequences {
				q := made[int](capacity)
				q.PushSlice(make([]int, filled))
				both := [2]*Queue[int]{q, copyOf(q)}
				used := [2]bool{}
				for s := range length {
					digit := sequence >> (3 * s) & 7
					used[digit&1] = true
					misused := false
					func() {
						defer func() {
							if r := recover(); r != nil {
								require.Equal(t, "ringbuffer: MPMC must not be copied", r)
								misused = true
							}
						}()
						ops[digit>>1](both[digit&1])
					}()
					if misused {
						panicked++
						require.Equal(t, [2]bool{true, true}, used)
						break
					}
				}
			}
		}
	}
	require.Positive(t, panicked)
}
