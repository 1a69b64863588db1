package ringbuffer

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/internal/invariant"
)

// checkInvariants panics if one of the package doc does not hold.
func (r *Ring[T]) checkInvariants() {
	n := r.tail - r.head
	invariant.Must(r.head <= r.tail && n <= r.capacity, "I1: head %d, tail %d, capacity %d", r.head, r.tail, r.capacity)
	invariant.Must(len(r.buf) == slots(int(r.capacity)) && r.capacity <= uint64(len(r.buf)) && r.mask == uint64(max(1, len(r.buf))-1),
		"I1: %d slots for capacity %d", len(r.buf), r.capacity)
	var zero T
	for i := n; i < uint64(len(r.buf)); i++ {
		v := *r.slot(r.head + i)
		invariant.Must(r.plain || fmt.Sprint(v) == fmt.Sprint(zero), "I3: free slot of number %d holds %v", r.head+i, v)
	}
}

// ringLike is what Ring and Sync have in common.
type ringLike interface {
	Push(v *int) error
	PushEvict(v *int) (*int, bool)
	Pop() (*int, bool)
	Peek() (*int, bool)
	At(i int) *int
	PushSlice(vs []*int) int
	PopInto(dst []*int) int
	All() func(func(int, *int) bool)
	Backward() func(func(int, *int) bool)
	Drain() func(func(*int) bool)
	Len() int
	Cap() int
	Dropped() uint64
	Clear()
	Resize(n int) error
}

type ringPart struct{ *Ring[*int] }

func (r ringPart) All() func(func(int, *int) bool)      { return r.Ring.All() }
func (r ringPart) Backward() func(func(int, *int) bool) { return r.Ring.Backward() }
func (r ringPart) Drain() func(func(*int) bool)         { return r.Ring.Drain() }

type syncPart struct{ *Sync[*int] }

func (s syncPart) Push(v *int) error {
	_, next := s.Numbers()
	seq, err := s.Sync.Push(v)
	if seq != next {
		panic(fmt.Sprintf("item %d got number %d", next, seq))
	}
	return err
}

func (s syncPart) All() func(func(int, *int) bool)      { return s.Sync.All() }
func (s syncPart) Backward() func(func(int, *int) bool) { return s.Sync.Backward() }
func (s syncPart) Drain() func(func(*int) bool)         { return s.Sync.Drain() }

// A machine drives a ring and the oracle through the same operations.
type machine struct {
	r     ringLike
	inner *Ring[*int]
	want  *textbook[*int]
	last  int
	taken uint64 // items removed, in any way
}

// popN removes n items from the oracle.
func (m *machine) popN(n int) []*int {
	vs := m.want.popN(n)
	m.taken += uint64(len(vs))
	return vs
}

func (m *machine) fresh(n int) []*int {
	vs := make([]*int, n)
	for i := range vs {
		m.last++
		v := m.last
		vs[i] = &v
	}
	return vs
}

func (m *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"Push": func(t *rapid.T) {
			v := m.fresh(1)[0]
			require.Equal(t, m.want.Push(v), m.r.Push(v))
		},
		"PushEvict": func(t *rapid.T) {
			v := m.fresh(1)[0]
			want, wantOK := m.want.PushEvict(v)
			if wantOK {
				m.taken++
			}
			got, ok := m.r.PushEvict(v)
			require.Equal(t, wantOK, ok)
			require.Same(t, want, got)
		},
		"Pop": func(t *rapid.T) {
			want, wantOK := m.want.Pop()
			if wantOK {
				m.taken++
			}
			got, ok := m.r.Pop()
			require.Equal(t, wantOK, ok)
			require.Same(t, want, got)
		},
		"PushSlice": func(t *rapid.T) {
			vs := m.fresh(rapid.IntRange(0, 14).Draw(t, "n"))
			require.Equal(t, m.want.pushSlice(vs), m.r.PushSlice(vs))
		},
		"PopInto": func(t *rapid.T) {
			dst := make([]*int, rapid.IntRange(0, 14).Draw(t, "n"))
			want := m.popN(len(dst))
			got := dst[:m.r.PopInto(dst)]
			require.True(t, slices.Equal(want, got))
		},
		"Drain": func(t *rapid.T) {
			stop := rapid.IntRange(1, 5).Draw(t, "stop")
			var got []*int
			m.r.Drain()(func(v *int) bool {
				got = append(got, v)
				return len(got) < stop
			})
			require.True(t, slices.Equal(m.popN(stop), got))
		},
		"Clear": func(t *rapid.T) {
			if rapid.IntRange(0, 4).Draw(t, "clear") == 0 {
				m.r.Clear()
				m.popN(m.want.count)
			}
		},
		"Resize": func(t *rapid.T) {
			n := rapid.IntRange(-1, 12).Draw(t, "n")
			if m.want.resize(n) {
				require.NoError(t, m.r.Resize(n))
			} else {
				require.ErrorIs(t, m.r.Resize(n), ErrCapacity)
			}
		},
		"": m.check,
	}
}

func (m *machine) check(t *rapid.T) {
	m.inner.checkInvariants()
	want := m.want.all()
	require.Equal(t, len(want), m.r.Len())
	require.Equal(t, len(m.want.items), m.r.Cap())
	require.Equal(t, m.want.dropped, m.r.Dropped())
	var overwritten uint64
	if m.want.onFull == OverwriteOldest {
		overwritten = m.want.dropped
	}
	require.Equal(t, m.want.stored, m.inner.tail, "I4: items stored")
	require.Equal(t, m.want.stored, uint64(len(want))+m.taken+overwritten, "I4: where they are")
	for i, v := range want {
		n := m.want.stored - uint64(len(want)-i)
		require.Same(t, v, m.inner.buf[n%uint64(len(m.inner.buf))], "I2: item %d", n)
	}
	v, ok := m.r.Peek()
	require.Equal(t, len(want) > 0, ok)
	if ok {
		require.Same(t, want[0], v)
	}
	var got []*int
	m.r.All()(func(i int, v *int) bool {
		require.Equal(t, len(got), i)
		require.Same(t, v, m.r.At(i))
		got = append(got, v)
		return true
	})
	require.True(t, slices.Equal(want, got))
	got = nil
	m.r.Backward()(func(i int, v *int) bool {
		require.Equal(t, len(want)-1-len(got), i)
		got = append(got, v)
		return true
	})
	slices.Reverse(got)
	require.True(t, slices.Equal(want, got))
}

func draw(t *rapid.T) (capacity int, o Options) {
	return rapid.IntRange(1, 10).Draw(t, "capacity"), Options{OnFull: Policy(rapid.IntRange(0, 2).Draw(t, "policy"))}
}

func TestRingModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity, o := draw(t)
		r := New[*int](capacity, o)
		m := &machine{r: ringPart{r}, inner: r, want: newTextbook[*int](capacity, o.OnFull)}
		actions := m.actions()
		actions["Discard"] = func(t *rapid.T) {
			n := rapid.IntRange(0, r.Len()).Draw(t, "n")
			a, b := r.Readable()
			require.True(t, slices.Equal(m.want.all(), slices.Concat(a, b)))
			r.Discard(n)
			m.popN(n)
		}
		actions["Commit"] = func(t *rapid.T) {
			a, b := r.Writable()
			require.Equal(t, r.Cap()-r.Len(), len(a)+len(b))
			vs := m.fresh(rapid.IntRange(0, len(a)+len(b)).Draw(t, "n"))
			copy(b, vs[copy(a, vs):])
			r.Commit(len(vs))
			m.want.pushSlice(vs)
		}
		t.Repeat(actions)
	})
}

func TestSyncModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity, o := draw(t)
		s := NewSync[*int](capacity, o)
		m := &machine{r: syncPart{s}, inner: &s.r, want: newTextbook[*int](capacity, o.OnFull)}
		actions := m.actions()
		actions["Since"] = func(t *rapid.T) {
			oldest, next := s.Numbers()
			require.Equal(t, m.want.stored, next)
			require.Equal(t, m.want.stored-uint64(m.want.count), oldest)
			seq := uint64(rapid.IntRange(max(0, int(oldest)-3), int(next)+3).Draw(t, "seq"))
			items, err := s.Since(seq)
			if seq < next {
				v, waited := s.Wait(t.Context(), seq)
				require.Equal(t, err, waited)
				if err == nil {
					require.Same(t, m.want.all()[seq-oldest], v)
				}
			}
			if seq < oldest {
				require.Equal(t, &OverwrittenError{seq, oldest}, err)
			} else {
				require.NoError(t, err)
			}
			var got []*int
			for n, v := range items {
				require.Equal(t, seq+uint64(len(got)), n)
				got = append(got, v)
			}
			var want []*int
			if seq >= oldest && seq < next {
				want = m.want.all()[seq-oldest:]
			}
			require.True(t, slices.Equal(want, got))
		}
		t.Repeat(actions)
	})
}

// A tryQueue is what SPSC and MPMC have in common.
type tryQueue interface {
	TryPush(v *int) bool
	TryPop() (*int, bool)
	PushSlice(vs []*int) int
	PopInto(dst []*int) int
	Len() int
	Cap() int
}

func TestQueueModel(t *testing.T) {
	for name, make := range map[string]func(capacity int) (q tryQueue, check func()){
		"SPSC": func(capacity int) (tryQueue, func()) {
			q := NewSPSC[*int](capacity)
			return q, q.checkInvariants
		},
		"MPMC": func(capacity int) (tryQueue, func()) {
			q := NewMPMC[*int](capacity)
			return q, q.checkInvariants
		},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				// Edges are where an SPSC has a landmark or a lap ends.
				edges := rapid.SampledFrom([]int{31, 32, 33, 63, 64, 65, 95, 96, 97, 127, 128, 129})
				capacity := rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(1, 150), edges).Draw(t, "capacity")
				amount := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 200), edges,
					rapid.IntRange(capacity-1, capacity+1))
				q, check := make(capacity)
				runQueue(t, q, check, newTextbook[*int](capacity, Reject), amount)
			})
		})
	}
}

func runQueue(t *rapid.T, q tryQueue, check func(), want *textbook[*int], amount *rapid.Generator[int]) {
	m := &machine{}
	t.Repeat(map[string]func(*rapid.T){
		"TryPush": func(t *rapid.T) {
			v := m.fresh(1)[0]
			require.Equal(t, want.Push(v) == nil, q.TryPush(v))
		},
		"TryPop": func(t *rapid.T) {
			w, wok := want.Pop()
			v, ok := q.TryPop()
			require.Equal(t, wok, ok)
			require.Same(t, w, v)
		},
		"PushEvict": func(t *rapid.T) {
			mpmc, ok := q.(*MPMC[*int])
			if !ok {
				return
			}
			v := m.fresh(1)[0]
			w, wok := want.PushEvict(v)
			evicted, ok := mpmc.PushEvict(v)
			require.Equal(t, wok, ok)
			require.Same(t, w, evicted)
		},
		"PushSlice": func(t *rapid.T) {
			vs := m.fresh(amount.Draw(t, "n"))
			require.Equal(t, want.pushSlice(vs), q.PushSlice(vs))
		},
		"PopInto": func(t *rapid.T) {
			dst := make([]*int, amount.Draw(t, "n"))
			require.True(t, slices.Equal(want.popN(len(dst)), dst[:q.PopInto(dst)]))
		},
		"": func(t *rapid.T) {
			check()
			require.Equal(t, want.count, q.Len())
			require.Equal(t, len(want.items), q.Cap())
		},
	})
}

// checkInvariants panics if one of the package doc does not hold. The queue must be at
// rest.
func (q *MPMC[T]) checkInvariants() {
	defer func() {
		if r := recover(); r != nil {
			panic(fmt.Sprintf("I6: %v", r))
		}
	}()
	q.laps.Check()
}

// checkInvariants panics if one of the package doc does not hold. The queue must be at
// rest.
func (q *SPSC[T]) checkInvariants() {
	head, tail, capacity := q.consumer.next, q.producer.next, q.capacity()
	invariant.Must(head <= tail && tail-head <= capacity, "I1: head %d, tail %d, capacity %d", head, tail, capacity)
	invariant.Must(q.pushed() == tail, "I5: published %d of %d", q.pushed(), tail)
	invariant.Must(q.popped() == head, "I5: given back %d of %d", q.popped(), head)
	invariant.Must(q.producer.known <= head+capacity, "I5: room known up to %d", q.producer.known)
	invariant.Must(q.consumer.known <= tail, "I5: items known up to %d", q.consumer.known)
	for _, s := range []*side{&q.producer, &q.consumer} {
		invariant.Must(s.index == s.next%capacity, "I2: item %d at slot %d of %d", s.next, s.index, capacity)
		invariant.Must(s.next < s.end.Load()+2*landmark, "I5: landmark %d of %d", s.end.Load(), s.next)
	}
	var zero T
	for n := tail; n < head+capacity; n++ {
		v := q.slots[n%capacity].item
		invariant.Must(fmt.Sprint(v) == fmt.Sprint(zero), "I3: free slot of number %d holds %v", n, v)
	}
}
