package ringbuffer

import (
	"context"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestZeroValues: the zero value of each type is full and empty. Methods are found by
// reflection, so that none can be forgotten; they may panic only for an index.
func TestZeroValues(t *testing.T) {
	outOfRange := map[string]string{
		"At": "ringbuffer: At(1) of 0 items", "Discard": "ringbuffer: Discard(1) of 0 items",
		"Commit": "ringbuffer: Commit(1) of 0 free slots",
	}
	for _, zero := range []any{new(Ring[int]), new(Sync[int]), new(SPSC[int]), new(MPMC[int]), new(Bytes)} {
		v := reflect.ValueOf(zero)
		for m := range v.Type().Methods() {
			if m.Name == "Resize" || m.Name == "Refused" { // the latter counts the other calls
				continue
			}
			in := []reflect.Value{v}
			for i := 1; i < m.Type.NumIn(); i++ {
				switch arg := m.Type.In(i); arg {
				case reflect.TypeFor[int](), reflect.TypeFor[uint64](), reflect.TypeFor[byte]():
					in = append(in, reflect.ValueOf(1).Convert(arg))
				case reflect.TypeFor[context.Context]():
					in = append(in, reflect.ValueOf(cancelled))
				case reflect.TypeFor[string]():
					in = append(in, reflect.ValueOf("ab"))
				case reflect.TypeFor[[]int](), reflect.TypeFor[[]byte]():
					in = append(in, reflect.MakeSlice(arg, 2, 2))
				case reflect.TypeFor[io.Reader]():
					in = append(in, reflect.ValueOf(strings.NewReader("ab")))
				case reflect.TypeFor[io.Writer]():
					in = append(in, reflect.ValueOf(io.Discard))
				default:
					t.Fatalf("%T.%s: no argument of type %v", zero, m.Name, arg)
				}
			}
			if want := outOfRange[m.Name]; want != "" {
				assert.PanicsWithValue(t, want, func() { m.Func.Call(in) }, "%T.%s", zero, m.Name)
				continue
			}
			for i, out := range m.Func.Call(in) {
				what := fmt.Sprintf("%T.%s, result %d", zero, m.Name, i)
				switch got := out.Interface().(type) {
				case error:
					assert.Contains(t, []error{ErrFull, io.EOF, assert.AnError}, got, what)
				case bool:
					assert.Equal(t, m.Name == "PushEvict", got, what)
				case int:
					assert.Equal(t, m.Name == "PushEvict", got != 0, "%s: the item itself", what)
				case int64, uint64, byte:
					assert.Zero(t, got, what)
				default:
					if out.Kind() == reflect.Func { // an iterator
						out.Call([]reflect.Value{reflect.MakeFunc(out.Type().In(0), func([]reflect.Value) []reflect.Value {
							t.Errorf("%s yields something", what)
							return []reflect.Value{reflect.ValueOf(false)}
						})})
						continue
					}
					assert.True(t, got == nil || out.Len() == 0, "%s: %v", what, got)
				}
			}
		}
	}
}

// TestZeroRingsGrow: Resize makes a ring of the zero value, as New would.
func TestZeroRingsGrow(t *testing.T) {
	var r Ring[*int]
	require.ErrorIs(t, r.Resize(0), ErrCapacity)
	require.ErrorIs(t, r.Push(new(int)), ErrFull)
	require.NoError(t, r.Resize(3))
	assert.Equal(t, New[*int](3), &r)
	require.Equal(t, 3, r.PushSlice(make([]*int, 4)))
	require.ErrorIs(t, r.Push(nil), ErrFull)
	r.Clear()
	r.checkInvariants()

	var s Sync[int]
	require.NoError(t, s.Resize(2))
	require.NoError(t, errOf(s.Push(7)))
	assert.Equal(t, []int{7}, since(t, &s, 0))
}

// TestCopies: a copy of what a constructor has returned, which go vet allows, works.
func TestCopies(t *testing.T) {
	r, s, p, m, b := *New[int](2), *NewSync[int](2), *NewSPSC[int](2), *NewMPMC[int](2), *NewBytes(2)
	for i := range 5 {
		require.NoError(t, r.Push(i))
		require.NoError(t, errOf(s.Push(i)))
		require.True(t, p.TryPush(i))
		require.True(t, m.TryPush(i))
		require.NoError(t, b.WriteByte(byte(i)))
		for _, pop := range []func() (int, bool){r.Pop, s.Pop, p.TryPop, m.TryPop} {
			v, ok := pop()
			require.True(t, ok && v == i)
		}
		c, err := b.ReadByte()
		require.True(t, int(c) == i && err == nil)
	}
}

// TestBothCopies: when two copies are in use, which go vet reports, no call of one waits
// for the other.
func TestBothCopies(t *testing.T) {
	second := func(q any) reflect.Value {
		c := reflect.New(reflect.TypeOf(q).Elem())
		c.Elem().Set(reflect.ValueOf(q).Elem())
		return c
	}
	m := NewMPMC[int](2)
	m2 := second(m).Interface().(*MPMC[int])
	require.True(t, m.TryPush(1))
	require.PanicsWithValue(t, "ringbuffer: MPMC must not be copied", func() { m2.TryPush(2) })
	require.PanicsWithValue(t, "ringbuffer: MPMC must not be copied", func() { m2.PushSlice([]int{2}) })

	p := NewSPSC[int](2)
	p2 := second(p).Interface().(*SPSC[int])
	for range 100 {
		p.TryPush(1)
		p2.TryPush(2)
		p2.PushSlice([]int{3, 4})
		p2.TryPop()
		p.Len()
		p2.Len()
		p.PopInto(make([]int, 2))
	}
}

// TestBeyondMemory: a capacity that does not fit in the address space panics with a
// message that names it; Resize returns an error.
func TestBeyondMemory(t *testing.T) {
	for _, n := range []int{math.MaxInt, maxCapacity + 1, maxCapacity} {
		for name, construct := range map[string]func(){
			"New":     func() { New[int](n) },
			"NewSync": func() { NewSync[int](n) },
			"NewSPSC": func() { NewSPSC[int](n) },
			"NewMPMC": func() { NewMPMC[int](n) },
		} {
			assert.PanicsWithValue(t, fmt.Sprintf("ringbuffer.%s: capacity must fit into memory, got %d", name, n), construct)
		}
		for _, r := range []interface{ Resize(int) error }{New[int](3), NewSync[int](3), new(Ring[int])} {
			require.ErrorIs(t, r.Resize(n), ErrCapacity)
		}
	}
	r := New[int](3)
	r.PushSlice([]int{1, 2})
	require.EqualError(t, r.Resize(maxCapacity), fmt.Sprintf("ringbuffer: capacity out of range: Resize(%d) of a ring of 2 items", maxCapacity))
	require.Equal(t, []int{1, 2}, items(r))
	r.checkInvariants()
}
