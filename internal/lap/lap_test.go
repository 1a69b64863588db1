package lap

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func made[T any](capacity int) *Queue[T] {
	q := new(Queue[T])
	q.Init(capacity)
	return q
}

// One goroutine against a slice, at every small capacity: exact to the item.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(1, 9).Draw(t, "capacity")
		q := made[int](capacity)
		var want []int
		shut := false
		last := 0
		fresh := func(n int) []int {
			vs := make([]int, n)
			for i := range vs {
				last++
				vs[i] = last
			}
			return vs
		}
		fill := func(n int) (int, Result) {
			switch {
			case n > 0 && shut:
				return 0, Closed
			case n > capacity-len(want):
				return capacity - len(want), Full
			}
			return n, OK
		}
		drain := func(n int) (int, Result) {
			switch {
			case n <= len(want):
				return n, OK
			case shut:
				return len(want), Closed
			}
			return len(want), Empty
		}
		t.Repeat(map[string]func(*rapid.T){
			"TryPush": func(t *rapid.T) {
				v := fresh(1)
				n, r := fill(1)
				require.Equal(t, r, q.TryPush(v[0]))
				want = append(want, v[:n]...)
			},
			"TryPop": func(t *rapid.T) {
				n, r := drain(1)
				v, got := q.TryPop()
				require.Equal(t, r, got)
				if n == 1 {
					require.Equal(t, want[0], v)
					want = want[1:]
				} else {
					require.Zero(t, v)
				}
			},
			"PushSlice": func(t *rapid.T) {
				vs := fresh(rapid.IntRange(0, 12).Draw(t, "n"))
				n, r := fill(len(vs))
				gotN, got := q.PushSlice(vs)
				require.Equal(t, n, gotN)
				require.Equal(t, r, got)
				want = append(want, vs[:n]...)
			},
			"PopInto": func(t *rapid.T) {
				dst := make([]int, rapid.IntRange(0, 12).Draw(t, "n"))
				n, r := drain(len(dst))
				gotN, got := q.PopInto(dst)
				require.Equal(t, r, got)
				require.True(t, slices.Equal(want[:n], dst[:gotN]))
				want = want[n:]
			},
			"Close": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "close") == 0 {
					require.Equal(t, !shut, q.Close())
					shut = true
				}
			},
			"": func(t *rapid.T) {
				q.Check()
				require.Equal(t, len(want), q.Len())
				require.Equal(t, capacity, q.Cap())
				require.Equal(t, shut, q.Closed())
			},
		})
	})
}

// TestExact circulates as many items as the capacity among goroutines that each hold at
// most one. So the queue has an item for each that asks and room for each that returns
// one: every result must be OK.
func TestExact(t *testing.T) {
	for _, capacity := range []int{1, 2, 3, 5, 8} {
		q := made[int](capacity)
		rounds := 40_000
		if testing.Short() {
			rounds = 4_000
		}
		var wg sync.WaitGroup
		var wrong atomic.Int64
		for g := range capacity {
			require.Equal(t, OK, q.TryPush(g+1))
			wg.Go(func() {
				for range rounds / capacity {
					v, r := q.TryPop()
					if r != OK {
						wrong.Add(1)
						continue
					}
					if q.TryPush(v) != OK {
						wrong.Add(1)
					}
				}
			})
		}
		wg.Wait()
		require.Zero(t, wrong.Load(), "capacity %d", capacity)
		require.Equal(t, capacity, q.Len())
		q.Check()
	}
}

// Every item is popped once, the items of one producer in order, whether they are moved
// one by one or in runs. The queue is closed meanwhile: items that were accepted are
// still popped.
func TestConcurrent(t *testing.T) {
	const producers, consumers = 3, 3
	items := 20_000
	if testing.Short() {
		items = 2_000
	}
	for _, capacity := range []int{1, 2, 3, 7, 64} {
		q := made[int](capacity)
		var accepted [producers]int
		var pushing, popping sync.WaitGroup
		for p := range producers {
			pushing.Go(func() {
				vs := make([]int, 5)
				for next := 0; next < items; {
					for i := range vs {
						vs[i] = (next+i)*producers + p + 1
					}
					n, r := 1, OK
					if next%2 == 0 {
						n, r = q.PushSlice(vs)
					} else if r = q.TryPush(vs[0]); r != OK {
						n = 0
					}
					next += n
					accepted[p] = next
					if r == Closed {
						return
					}
					if r == Full {
						runtime.Gosched()
					}
					if p == 0 && next > items/2 {
						q.Close()
					}
				}
			})
		}
		taken := make([][]int, consumers)
		for c := range consumers {
			popping.Go(func() {
				dst := make([]int, 4)
				for {
					var n int
					var r Result
					if c == 0 {
						n, r = q.PopInto(dst)
					} else if dst[0], r = q.TryPop(); r == OK {
						n = 1
					}
					taken[c] = append(taken[c], dst[:n]...)
					if r == Closed {
						return
					}
					if r == Empty {
						runtime.Gosched()
					}
				}
			})
		}
		pushing.Wait()
		popping.Wait()
		var all []int
		for _, vs := range taken {
			last := [producers]int{-1, -1, -1}
			for _, v := range vs {
				v--
				require.Greater(t, v/producers, last[v%producers], "order")
				last[v%producers] = v / producers
			}
			all = append(all, vs...)
		}
		slices.Sort(all)
		var want []int
		for p, n := range accepted {
			for i := range n {
				want = append(want, i*producers+p+1)
			}
		}
		slices.Sort(want)
		require.Equal(t, len(want), len(all), "I2: capacity %d", capacity)
		require.True(t, slices.Equal(want, all), "I2: capacity %d", capacity)
		q.Check()
	}
}

// While a push has its ticket but has not published its item, pops wait instead of
// returning Empty. While a pop has not handed on its slot, pushes wait instead of
// returning Full.
func TestLateIsNotAbsent(t *testing.T) {
	q := made[int](2)
	ticket := q.tail.Load()
	require.True(t, q.tail.CompareAndSwap(ticket, q.next(ticket))) // a push stops here
	require.Equal(t, 1, q.Len())
	popped := make(chan int)
	go func() {
		v, r := q.TryPop()
		if r != OK {
			v = -1
		}
		popped <- v
	}()
	for range 100 {
		runtime.Gosched()
	}
	select {
	case v := <-popped:
		t.Fatalf("TryPop answered %d before the item was there", v)
	default:
	}
	q.slots[0].put(ticket, 7)
	require.Equal(t, 7, <-popped)

	require.Equal(t, OK, q.TryPush(8))
	require.Equal(t, OK, q.TryPush(9))
	ticket = q.head.Load()
	require.True(t, q.head.CompareAndSwap(ticket, q.next(ticket))) // a pop stops here
	require.Equal(t, 1, q.Len())
	pushed := make(chan Result)
	go func() { pushed <- q.TryPush(10) }()
	for range 100 {
		runtime.Gosched()
	}
	select {
	case r := <-pushed:
		t.Fatalf("TryPush answered %d before there was a slot", r)
	default:
	}
	require.Equal(t, 8, q.slots[ticket&(q.lap-1)].take(ticket, q.lap))
	require.Equal(t, OK, <-pushed)
	q.Check()
}

// between detects a pair of words that were read too far apart.
func TestBetween(t *testing.T) {
	for _, capacity := range []int{1, 2, 3, 4, 7} {
		q := made[int](capacity)
		a := uint64(5) * q.lap
		b := a
		for n := range 4 * capacity {
			want := n
			if n > capacity {
				want = -1
			}
			require.Equal(t, want, q.between(a, b))
			if n > 0 {
				require.Equal(t, -1, q.between(b, a))
			}
			if n <= capacity {
				require.Equal(t, b, q.skip(a, n))
			}
			b = q.next(b)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	q := made[int](4)
	vs := make([]int, 3)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		q.TryPush(1)
		q.PushSlice(vs)
		q.TryPop()
		q.PopInto(vs)
	}))
}

func TestHugeLap(t *testing.T) {
	q := made[int](3)
	far := uint64(closed) - 4*q.lap // close to the last ticket there is
	q.head.Store(far)
	q.tail.Store(far)
	for i := range q.slots {
		q.slots[i].stamp.Store(far + uint64(i))
	}
	for i := range 9 {
		require.Equal(t, OK, q.TryPush(i+1))
		v, r := q.TryPop()
		require.Equal(t, OK, r)
		require.Equal(t, i+1, v)
	}
	q.Check()
}
