package bqueue_test

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/bqueue"
)

// ofTests are the methods that exist in tests only.
var ofTests = []string{"CheckInvariants", "Joining", "Spare", "TakerWanted"}

// call calls a method of q, found by reflection so that no method can be forgotten,
// with arguments that name one item.
func call(q *bqueue.Queue[int], m reflect.Method) []reflect.Value {
	in := []reflect.Value{reflect.ValueOf(q)}
	for i := 1; i < m.Type.NumIn(); i++ {
		switch t := m.Type.In(i); t {
		case reflect.TypeFor[context.Context]():
			in = append(in, reflect.ValueOf(bg))
		case reflect.TypeFor[int]():
			in = append(in, reflect.ValueOf(1))
		case reflect.TypeFor[time.Duration]():
			in = append(in, reflect.ValueOf(time.Millisecond))
		case reflect.TypeFor[[]int]():
			in = append(in, reflect.ValueOf([]int{1}))
		default:
			in = append(in, reflect.Zero(t))
		}
	}
	out := m.Func.Call(in)
	if m.Name == "All" {
		out[0].Call([]reflect.Value{reflect.ValueOf(func(int) bool { return true })})
	}
	return out
}

// TestZeroQueue: every method of a Queue that was not made by New panics with a message
// that says so, also in a second call, which would hang if the first had left a lock
// held.
func TestZeroQueue(t *testing.T) {
	var q bqueue.Queue[int]
	for m := range reflect.TypeOf(&q).Methods() {
		if slices.Contains(ofTests, m.Name) {
			continue
		}
		for range 2 {
			assert.PanicsWithValue(t, "bqueue: Queue must be made by New", func() { call(&q, m) }, m.Name)
		}
	}
}

// TestCopies: a copy is the same queue, so that nothing can be lost between the two.
func TestCopies(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		q := make()
		copied := reflect.New(reflect.TypeOf(q).Elem()) // go vet reports c := *q
		copied.Elem().Set(reflect.ValueOf(q).Elem())
		c := copied.Interface().(*bqueue.Queue[int])
		for i := range 3 * capacity {
			put, take := q, c
			if i%2 == 1 {
				put, take = c, q
			}
			require.NoError(t, put.Put(bg, i))
			v, err := take.Take(bg)
			require.NoError(t, err)
			require.Equal(t, i, v)
			put.TaskDone()
		}
		require.NoError(t, c.Join(bg))
		require.NoError(t, q.Put(bg, 1))
		assert.Equal(t, q.Stats(), c.Stats())
		c.Close()
		<-q.Done()
		require.ErrorIs(t, q.Put(bg, 1), bqueue.ErrClosed)
		q.Close()
		assert.Equal(t, []int{1}, q.CloseNow())
		c.CheckInvariants()
	})

	// go vet has nothing against this one.
	q := *bqueue.New[int](8)
	require.NoError(t, q.Put(bg, 7))
	v, err := q.Take(bg)
	require.NoError(t, err)
	assert.Equal(t, 7, v)
}

// TestNewBeyondMemory: a capacity that does not fit in the address space panics with a
// message that names it.
func TestNewBeyondMemory(t *testing.T) {
	for _, capacity := range []int{math.MaxInt, math.MaxInt/2 + 1, math.MaxInt / 4} {
		for _, strict := range []bool{false, true} {
			assert.PanicsWithValue(t, fmt.Sprintf("bqueue.New: capacity must fit into memory, got %d", capacity),
				func() { bqueue.New[[16]int](capacity, bqueue.Options{StrictFIFO: strict}) })
		}
	}
}
