package ringbuffer

import (
	"fmt"
	"math"
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConstructorsRefuse(t *testing.T) {
	constructors := map[string]func(capacity int, opts ...Options){
		"New":      func(n int, o ...Options) { New[int](n, o...) },
		"NewSync":  func(n int, o ...Options) { NewSync[int](n, o...) },
		"NewBytes": func(n int, o ...Options) { NewBytes(n, o...) },
		"NewSPSC":  func(n int, _ ...Options) { NewSPSC[int](n) },
		"NewMPMC":  func(n int, _ ...Options) { NewMPMC[int](n) },
	}
	for name, construct := range constructors {
		for _, n := range []int{0, -1, math.MinInt} {
			assert.PanicsWithValue(t, fmt.Sprintf("ringbuffer.%s: capacity must be at least 1, got %d", name, n),
				func() { construct(n) })
		}
		if name == "NewSPSC" || name == "NewMPMC" {
			continue
		}
		assert.PanicsWithValue(t, "ringbuffer."+name+": unknown policy 3", func() { construct(1, Options{OnFull: 3}) })
		assert.PanicsWithValue(t, "ringbuffer."+name+": at most one Options, got 2",
			func() { construct(1, Options{}, Options{}) })
	}
}

func TestPolicyString(t *testing.T) {
	assert.Equal(t, "Reject OverwriteOldest DropNewest Policy(9)", fmt.Sprint(Reject, OverwriteOldest, DropNewest, Policy(9)))
}

// The capacity is exactly the requested one, not the next power of two or one less.
func TestCapacityIsExact(t *testing.T) {
	for capacity := 1; capacity <= 70; capacity++ {
		ring, sync := New[int](capacity), NewSync[int](capacity)
		spsc, mpmc := NewSPSC[int](capacity), NewMPMC[int](capacity)
		for lap := range 3 { // full again after it was full and empty
			for i := range capacity {
				require.NoError(t, ring.Push(i))
				require.NoError(t, errOf(sync.Push(i)))
				require.True(t, spsc.TryPush(i))
				require.True(t, mpmc.TryPush(i))
			}
			require.ErrorIs(t, ring.Push(-1), ErrFull, "capacity %d, lap %d", capacity, lap)
			require.ErrorIs(t, errOf(sync.Push(-1)), ErrFull)
			require.False(t, spsc.TryPush(-1))
			require.False(t, mpmc.TryPush(-1))
			for _, n := range []int{ring.Len(), sync.Len(), spsc.Len(), mpmc.Len(), ring.Cap(), sync.Cap(), spsc.Cap(), mpmc.Cap()} {
				require.Equal(t, capacity, n)
			}
			for i := range capacity {
				for _, pop := range []func() (int, bool){ring.Pop, sync.Pop, spsc.TryPop, mpmc.TryPop} {
					v, ok := pop()
					require.True(t, ok)
					require.Equal(t, i, v)
				}
			}
			for _, pop := range []func() (int, bool){ring.Pop, sync.Pop, spsc.TryPop, mpmc.TryPop, ring.Peek, sync.Peek} {
				v, ok := pop()
				require.False(t, ok)
				require.Zero(t, v)
			}
		}
	}
}

func TestOverflow(t *testing.T) {
	for policy, want := range map[Policy]struct {
		err     error
		items   []int
		dropped uint64
	}{
		Reject:          {ErrFull, []int{0, 1, 2}, 0},
		OverwriteOldest: {nil, []int{2, 3, 4}, 2},
		DropNewest:      {nil, []int{0, 1, 2}, 2},
	} {
		r := New[int](3, Options{OnFull: policy})
		for i := range 5 {
			err := r.Push(i)
			if i >= 3 {
				require.Equal(t, want.err, err, policy)
			}
		}
		require.Equal(t, want.items, items(r), policy)
		require.Equal(t, want.dropped, r.Dropped(), policy)

		evicted, ok := r.PushEvict(9)
		require.True(t, ok)
		require.Equal(t, want.items[0], evicted, "PushEvict evicts the oldest under %v", policy)
		require.Equal(t, want.dropped, r.Dropped(), "the caller has it: it is not dropped")

		r.Clear()
		require.Equal(t, want.dropped, r.Dropped(), "Clear keeps the count")
	}
}

func items[T any](r *Ring[T]) (vs []T) {
	for _, v := range r.All() {
		vs = append(vs, v)
	}
	return vs
}

func TestOutOfRangePanicsAndChangesNothing(t *testing.T) {
	r := New[int](4)
	s := NewSync[int](4)
	for i := range 3 {
		require.NoError(t, r.Push(i))
		require.NoError(t, errOf(s.Push(i)))
	}
	for text, f := range map[string]func(){
		"ringbuffer: At(3) of 3 items":          func() { r.At(3) },
		"ringbuffer: At(-1) of 3 items":         func() { r.At(-1) },
		"ringbuffer: Discard(4) of 3 items":     func() { r.Discard(4) },
		"ringbuffer: Discard(-1) of 3 items":    func() { r.Discard(-1) },
		"ringbuffer: Commit(2) of 1 free slots": func() { r.Commit(2) },
		"ringbuffer: Commit(-1) of 1 free slots": func() {
			r.Commit(-1)
		},
	} {
		require.PanicsWithValue(t, text, f)
		require.Equal(t, []int{0, 1, 2}, items(r))
	}
	require.PanicsWithValue(t, "ringbuffer: At(3) of 3 items", func() { s.At(3) })
	require.NoError(t, errOf(s.Push(3)), "the lock is free after a panic")
}

func TestResize(t *testing.T) {
	for _, n := range []int{math.MinInt, -1, 0, 2, math.MaxInt} {
		r := New[int](5)
		r.PushSlice([]int{1, 2, 3})
		err := r.Resize(n)
		require.ErrorIs(t, err, ErrCapacity, n)
		require.ErrorContains(t, err, fmt.Sprintf("ringbuffer: capacity out of range: Resize(%d) of a ring of 3 items", n))
		require.Equal(t, 5, r.Cap())
		require.Equal(t, []int{1, 2, 3}, items(r))
	}
	r := New[int](5)
	r.PushSlice([]int{0, 0, 0, 1, 2})
	r.Discard(5)
	r.PushSlice([]int{3, 4, 5, 6, 7}) // over the end
	for _, n := range []int{6, 8, 9, 100, 6, 5} {
		require.NoError(t, r.Resize(n))
		r.checkInvariants()
		require.Equal(t, n, r.Cap())
		require.Equal(t, []int{3, 4, 5, 6, 7}, items(r))
	}
	require.Len(t, r.buf, 8, "the larger array was given back")
}

// What the docs of All and Backward say about a loop that changes the ring.
func TestLoopsMayChangeTheRing(t *testing.T) {
	type step struct{ i, v int }
	run := func(backward bool, change func(r *Ring[int], v int)) (seen []step) {
		r := New[int](4, Options{OnFull: OverwriteOldest})
		r.PushSlice([]int{0, 0, 10, 11, 12, 13})
		seq := r.All()
		if backward {
			seq = r.Backward()
		}
		for i, v := range seq {
			seen = append(seen, step{i, v})
			change(r, v)
			r.checkInvariants()
		}
		return seen
	}
	all := []step{{0, 10}, {1, 11}, {2, 12}, {3, 13}}
	pop := func(r *Ring[int], _ int) { r.Pop() }
	push := func(r *Ring[int], v int) { _ = r.Push(v + 100) }
	for name, c := range map[string]struct {
		change           func(r *Ring[int], v int)
		onward, backward []step
	}{
		"nothing": {func(*Ring[int], int) {}, all, []step{{3, 13}, {2, 12}, {1, 11}, {0, 10}}},
		"pop":     {pop, all, []step{{3, 13}, {2, 12}}},
		"pop two": {func(r *Ring[int], _ int) { pop(r, 0); pop(r, 0) }, []step{{0, 10}, {2, 12}}, []step{{3, 13}, {2, 12}}},
		"push":    {push, all, []step{{3, 13}, {2, 12}}},
		"clear":   {func(r *Ring[int], _ int) { r.Clear() }, all[:1], []step{{3, 13}}},
		"clear and fill": {
			func(r *Ring[int], _ int) { r.Clear(); r.PushSlice([]int{1, 2, 3}) },
			all[:1],
			[]step{{3, 13}},
		},
		"grow": {func(r *Ring[int], _ int) { _ = r.Resize(2 * r.Cap()) }, all, []step{{3, 13}, {2, 12}, {1, 11}, {0, 10}}},
	} {
		assert.Equal(t, c.onward, run(false, c.change), name)
		assert.Equal(t, c.backward, run(true, c.change), name)
	}
}

func TestDrainYieldsWhatTheLoopPushes(t *testing.T) {
	r := New[int](3)
	r.PushSlice([]int{1, 2, 3})
	var got []int
	for v := range r.Drain() {
		got = append(got, v)
		if v < 10 {
			require.NoError(t, r.Push(10*v))
		}
	}
	require.Equal(t, []int{1, 2, 3, 10, 20, 30}, got)
	require.Zero(t, r.Len())
}

// An append to a view must not write into the ring.
func TestViewsHaveNoSpareCapacity(t *testing.T) {
	r := New[int](4)
	r.PushSlice([]int{1, 2})
	a, _ := r.Readable()
	_ = append(a, 99)
	w, _ := r.Writable()
	require.Equal(t, []int{0, 0}, w)
	w = w[:1:1]
	w[0] = 3
	r.Commit(1)
	require.Equal(t, []int{1, 2, 3}, items(r))
}

func TestZeroSizedAndLargeItems(t *testing.T) {
	z := New[struct{}](3, Options{OnFull: OverwriteOldest})
	require.Equal(t, 5, z.PushSlice(make([]struct{}, 5)))
	require.Equal(t, 3, z.Len())
	require.Equal(t, uint64(2), z.Dropped())
	l := New[[100]int](2)
	require.NoError(t, l.Push([100]int{99: 7}))
	v, _ := l.Pop()
	require.Equal(t, 7, v[99])
}

func TestPlain(t *testing.T) {
	type Inner struct {
		A [3]uint16
		B complex128
	}
	assert.True(t, New[int](1).plain)
	assert.True(t, New[struct{}](1).plain)
	assert.True(t, New[struct {
		Inner
		C bool
	}](1).plain)
	assert.False(t, New[string](1).plain)
	assert.False(t, New[any](1).plain)
	assert.False(t, New[*int](1).plain)
	assert.False(t, New[[2]struct{ F func() }](1).plain)
}

// No removed item is kept alive, however it was removed.
func TestMemoryRelease(t *testing.T) {
	type big [1 << 10]byte
	for name, leave := range map[string]func(r *Ring[*big]){
		"Pop":       func(r *Ring[*big]) { r.Pop() },
		"PopInto":   func(r *Ring[*big]) { r.PopInto(make([]*big, 1)) },
		"Discard":   func(r *Ring[*big]) { r.Discard(1) },
		"Clear":     func(r *Ring[*big]) { r.Clear() },
		"Drain":     func(r *Ring[*big]) { r.Drain()(func(*big) bool { return false }) },
		"Push":      func(r *Ring[*big]) { r.onFull = OverwriteOldest; _ = r.Push(nil) },
		"PushSlice": func(r *Ring[*big]) { r.onFull = OverwriteOldest; r.PushSlice(make([]*big, 1)) },
		"PushEvict": func(r *Ring[*big]) { r.PushEvict(nil) },
	} {
		r := New[*big](3) // of 4 slots
		w := func() weak.Pointer[big] {
			v := new(big)
			_ = r.Push(v)
			r.PushSlice(make([]*big, 2))
			return weak.Make(v)
		}()
		runtime.GC()
		require.NotNil(t, w.Value(), "%s: it is in the ring", name)
		leave(r)
		runtime.GC()
		require.Nil(t, w.Value(), name)
		runtime.KeepAlive(r)
	}
}

func TestNoAllocations(t *testing.T) {
	vs := make([]int, 5)
	r, s := New[int](4, Options{OnFull: OverwriteOldest}), NewSync[int](4, Options{OnFull: OverwriteOldest})
	p, m := NewSPSC[int](4), NewMPMC[int](4)
	b := NewBytes(4, Options{OnFull: OverwriteOldest})
	bs := make([]byte, 5)
	for name, f := range map[string]func(){
		"Ring": func() {
			_ = r.Push(1)
			r.PushEvict(2)
			r.PushSlice(vs)
			a, _ := r.Readable()
			r.Discard(len(a))
			r.PopInto(vs)
			r.Pop()
			for range r.All() {
			}
			for range r.Drain() {
			}
		},
		"Sync": func() {
			_, _ = s.Push(1)
			s.PushEvict(2)
			s.PushSlice(vs)
			s.Pop()
			s.PopInto(vs)
		},
		"SPSC": func() {
			p.TryPush(1)
			p.PushSlice(vs)
			p.TryPop()
			p.PopInto(vs)
		},
		"MPMC": func() {
			m.TryPush(1)
			m.PushSlice(vs)
			m.TryPop()
			m.PopInto(vs)
		},
		"Bytes": func() {
			_, _ = b.Write(bs)
			_ = b.WriteByte(1)
			_, _ = b.ReadByte()
			_, _ = b.Read(bs)
		},
	} {
		assert.Zero(t, testing.AllocsPerRun(100, f), name)
	}
}

// TestNumbersPastAnInt: a ring that has stored more items than 32 bits, or an int, can
// count keeps working.
func TestNumbersPastAnInt(t *testing.T) {
	for _, start := range []uint64{1<<32 - 2, 1<<63 - 2} {
		s := NewSync[int](3, Options{OnFull: OverwriteOldest})
		s.r.head, s.r.tail = start, start
		for i := range 5 {
			require.NoError(t, errOf(s.Push(i)))
			s.r.checkInvariants()
		}
		require.Equal(t, []int{2, 3, 4}, since(t, s, start+2))
		require.Equal(t, []int{2, 3, 4}, items(&s.r))
		_, err := s.Since(start + 1)
		require.ErrorIs(t, err, ErrOverwritten)
	}
}
