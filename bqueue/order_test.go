package bqueue_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/bqueue"
)

// park starts n goroutines that wait in f, one after the other.
func park(n int, f func(i int)) {
	for i := range n {
		go f(i)
		synctest.Wait()
	}
}

// full returns a full queue.
func full(t *testing.T, make func() *bqueue.Queue[int], capacity int) *bqueue.Queue[int] {
	q := make()
	for range capacity {
		require.NoError(t, q.TryPut(-1))
	}
	return q
}

// TestBatchesServeInOrder: one batch serves all waiters in the order in which they came,
// also when one of them has given up.
func TestBatchesServeInOrder(t *testing.T) {
	const n = 7
	forms(t, []int{8, 64}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		for _, gone := range []int{-1, 0, 3, n - 1} { // the waiter that gives up
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(bg)
				of := func(i int) context.Context {
					if i == gone {
						return ctx
					}
					return bg
				}
				q := make()
				var took [n]int
				park(n, func(i int) { took[i], _ = q.Take(of(i)) })
				f := full(t, make, capacity)
				park(n, func(i int) { _ = f.Put(of(i), i+1) })
				cancel()
				synctest.Wait()

				var want [n]int
				var left []int
				for i := range n {
					if i != gone {
						left = append(left, i+1)
						want[i] = len(left)
					}
				}
				k, err := q.PutAll(bg, []int{1, 2, 3, 4, 5, 6, 7}[:len(left)])
				require.NoError(t, err)
				require.Equal(t, len(left), k)
				synctest.Wait()
				assert.Equal(t, want, took, "takers, %d gone", gone)
				q.CheckInvariants()

				f.DrainTo(slots(capacity))
				synctest.Wait()
				got := slots(n)
				assert.Equal(t, left, got[:f.DrainTo(got)], "putters, %d gone", gone)
				f.CheckInvariants()
				assert.EqualValues(t, n, q.Stats().TakeWaits)
				assert.EqualValues(t, n, f.Stats().PutWaits)
			})
		}
	})
}

// TestTooLateIsFirstAgain: a waiter whose item was taken by a new call is still ahead of
// the waiters that came after it. With one processor the new call is faster unless the
// scheduler interferes, which it does not do in all of twenty rounds.
func TestTooLateIsFirstAgain(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	seen := 0
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			const n = 4
			q := bqueue.New[int](8)
			var took [n]int
			park(n, func(i int) { took[i], _ = q.Take(bg) })
			require.NoError(t, q.TryPut(-1)) // wakes the first
			if _, err := q.TryTake(); err == nil {
				seen++
				synctest.Wait()
				_, _ = q.PutAll(bg, []int{1, 2, 3, 4})
				synctest.Wait()
				assert.Equal(t, [n]int{1, 2, 3, 4}, took)
				assert.EqualValues(t, n, q.Stats().TakeWaits, "a wait that goes on is one wait")
				q.CheckInvariants()
			}
			q.Close()
		})
	}
	assert.Positive(t, seen)
}

// TestBatchLargerThanTheRoom: a batch that fills or empties the queue, and then has to
// wait, has woken the waiters parked on the other side; otherwise all would wait for each
// other, which the bubble reports.
func TestBatchLargerThanTheRoom(t *testing.T) {
	takers := map[string]func(q *bqueue.Queue[int]) (n int){
		"Take": func(q *bqueue.Queue[int]) (n int) {
			for {
				if _, err := q.Take(bg); err != nil {
					return n
				}
				n++
			}
		},
		"TakeBatch": func(q *bqueue.Queue[int]) (n int) {
			dst := slots(5)
			for {
				k, err := q.TakeBatch(bg, dst)
				if err != nil {
					return n
				}
				n += k
			}
		},
		"All": func(q *bqueue.Queue[int]) (n int) {
			for range q.All(bg) {
				n++
			}
			return n
		},
	}
	forms(t, capacities[:6], func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		for name, take := range takers {
			for _, parked := range []int{1, 3} {
				synctest.Test(t, func(t *testing.T) {
					q := make()
					taken := ints(parked)
					park(parked, func(int) { taken <- take(q) })
					require.Equal(t, parked, q.Stats().Parked)
					n, err := q.PutAll(bg, slots(3*capacity+5))
					require.NoError(t, err)
					assert.Equal(t, 3*capacity+5, n)
					synctest.Wait()
					q.CheckInvariants()
					q.Close()
					sum := 0
					for range parked {
						sum += <-taken
					}
					assert.Equal(t, n, sum, "%s by %d", name, parked)
				})
			}
		}
		for _, parked := range []int{1, 3} {
			synctest.Test(t, func(t *testing.T) {
				q := full(t, make, capacity)
				const each = 7
				put := ints(parked)
				park(parked, func(int) {
					n, err := q.PutAll(bg, slots(each))
					assert.NoError(t, err)
					put <- n
				})
				for left := capacity + each*parked; left > 0; {
					n, err := q.TakeBatch(bg, slots(2*capacity))
					require.NoError(t, err)
					left -= n
					synctest.Wait()
					q.CheckInvariants()
				}
				for range parked {
					assert.Equal(t, each, <-put)
				}
			})
		}
	})
}
