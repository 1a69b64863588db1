package bqueue_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/bqueue"
)

var bg = context.Background()

// forms runs f for both forms of a queue and several capacities.
func forms(t *testing.T, capacities []int, f func(t *testing.T, make func() *bqueue.Queue[int], capacity int)) {
	for _, c := range capacities {
		for _, strict := range []bool{false, true} {
			t.Run(fmt.Sprintf("capacity=%d/strict=%t", c, strict), func(t *testing.T) {
				f(t, func() *bqueue.Queue[int] { return bqueue.New[int](c, bqueue.Options{StrictFIFO: strict}) }, c)
			})
		}
	}
}

var capacities = []int{1, 2, 3, 5, 8, 64, 1024}

func TestNewPanics(t *testing.T) {
	for _, c := range []int{0, -1, math.MinInt} {
		assert.PanicsWithValue(t, fmt.Sprintf("bqueue.New: capacity must be at least 1, got %d", c),
			func() { bqueue.New[int](c) })
	}
	assert.PanicsWithValue(t, "bqueue.New: at most one Options, got 2",
		func() { bqueue.New[int](1, bqueue.Options{}, bqueue.Options{}) })
}

// TestExact: capacity 1 does not take 2, and 5 does not become 8.
func TestExact(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		q := make()
		assert.Equal(t, capacity, q.Cap())
		for lap := range 3 {
			for i := range capacity {
				require.NoError(t, q.TryPut(lap*capacity+i))
			}
			require.ErrorIs(t, q.TryPut(-1), bqueue.ErrFull)
			require.Equal(t, capacity, q.Len())
			q.CheckInvariants()
			for i := range capacity {
				v, err := q.TryTake()
				require.NoError(t, err)
				require.Equal(t, lap*capacity+i, v)
			}
			v, err := q.TryTake()
			require.ErrorIs(t, err, bqueue.ErrEmpty)
			require.Zero(t, v)
			q.CheckInvariants()
		}
	})
}

func TestBlocking(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			got := -1
			go func() { got, _ = q.Take(bg) }()
			synctest.Wait()
			assert.Equal(t, 1, q.Stats().Parked, "Take of an empty queue waits")
			require.NoError(t, q.Put(bg, 7))
			synctest.Wait()
			assert.Equal(t, 7, got)

			for i := range capacity {
				require.NoError(t, q.Put(bg, i))
			}
			put := errors.New("not yet")
			go func() { put = q.Put(bg, capacity) }()
			synctest.Wait()
			assert.Equal(t, 1, q.Stats().Parked, "Put to a full queue waits")
			for i := range capacity + 1 {
				v, err := q.Take(bg)
				require.NoError(t, err)
				require.Equal(t, i, v)
			}
			synctest.Wait()
			require.NoError(t, put)
			q.CheckInvariants()
			s := q.Stats()
			assert.Equal(t, bqueue.Stats{
				Puts: uint64(capacity) + 2, Takes: uint64(capacity) + 2, PutWaits: s.PutWaits, TakeWaits: s.TakeWaits,
			}, s)
			assert.GreaterOrEqual(t, s.PutWaits, uint64(1))
			assert.GreaterOrEqual(t, s.TakeWaits, uint64(1))
		})
	})
}

func TestDeadline(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			start := time.Now()
			ctx, cancel := context.WithTimeout(bg, time.Second)
			defer cancel()
			_, err := q.Take(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, time.Second, time.Since(start), "neither sooner nor later")
			require.ErrorIs(t, q.Join(ctx), context.DeadlineExceeded)

			for i := range capacity {
				require.NoError(t, q.Put(bg, i))
			}
			ctx, cancel = context.WithTimeoutCause(bg, time.Second, assert.AnError)
			defer cancel()
			n, err := q.PutAll(ctx, []int{-1, -2})
			assert.Zero(t, n)
			require.ErrorIs(t, err, assert.AnError, "the cause, not only the end")
			assert.Equal(t, 2*time.Second, time.Since(start))
			q.CheckInvariants()
			assert.Equal(t, capacity, q.Len(), "a Put that returns an error never enqueued")
			assert.Zero(t, q.Stats().Parked)
		})
	})
}

// TestEndedWins: with an ended context nothing is done, even if it were possible.
func TestEndedWins(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		q := make()
		ctx, cancel := context.WithCancelCause(bg)
		cancel(assert.AnError)
		require.NoError(t, q.TryPut(1))
		v, err := q.Take(ctx)
		require.ErrorIs(t, err, assert.AnError)
		assert.Zero(t, v)
		n, err := q.TakeBatch(ctx, []int{0})
		assert.Zero(t, n)
		require.ErrorIs(t, err, assert.AnError)
		_, err = q.TryTake()
		require.NoError(t, err)
		require.ErrorIs(t, q.Put(ctx, 1), assert.AnError)
		n, err = q.PutAll(ctx, []int{1})
		assert.Zero(t, n)
		require.ErrorIs(t, err, assert.AnError)
		_, err = q.PutAll(ctx, nil)
		require.NoError(t, err, "but nothing can always be put")
		require.ErrorIs(t, q.Join(ctx), assert.AnError)
		q.TaskDone()
		require.ErrorIs(t, q.Join(ctx), assert.AnError, "even if all is done")
		assert.Zero(t, q.Len())
		for range q.All(ctx) {
			t.Error("an item from an ended All")
		}
		_, err = q.Workers(ctx, 3, func(context.Context, int) error { return nil })
		require.ErrorIs(t, err, assert.AnError)
	})
}

// TestStrictFIFO: waiters are served in order, and no new call overtakes them.
func TestStrictFIFO(t *testing.T) {
	for _, c := range []int{1, 8, 100} {
		synctest.Test(t, func(t *testing.T) {
			q := bqueue.New[int](c, bqueue.Options{StrictFIFO: true})
			var served atomic.Int32
			for i := range 5 {
				go func() {
					v, err := q.Take(bg)
					assert.NoError(t, err)
					assert.Equal(t, i, v, "the taker that came as number %d", i)
					served.Add(1)
				}()
				synctest.Wait()
			}
			for i := range 5 {
				require.NoError(t, q.Put(bg, i))
				_, err := q.TryTake()
				require.ErrorIs(t, err, bqueue.ErrEmpty, "item %d is the waiter's", i)
			}
			synctest.Wait()
			assert.EqualValues(t, 5, served.Load())

			for i := range c {
				require.NoError(t, q.Put(bg, i))
			}
			for i := range 5 {
				go func() { assert.NoError(t, q.Put(bg, c+i)) }()
				synctest.Wait()
			}
			for i := range c + 5 {
				v, err := q.TryTake()
				require.NoError(t, err)
				require.Equal(t, i, v)
				if i < 5 {
					require.ErrorIs(t, q.TryPut(-1), bqueue.ErrFull, "the room is the waiter's")
				}
				q.CheckInvariants()
			}
		})
	}
}

// TestWokenInOrder: without StrictFIFO too, waiters get their items in the order in which
// they came, as long as no new call intervenes.
func TestWokenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := bqueue.New[int](64)
		for i := range 5 {
			go func() {
				v, err := q.Take(bg)
				assert.NoError(t, err)
				assert.Equal(t, i, v)
			}()
			synctest.Wait()
		}
		for i := range 5 {
			require.NoError(t, q.Put(bg, i))
			synctest.Wait()
			q.CheckInvariants()
		}
	})
}

func TestClose(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			for i := range capacity {
				require.NoError(t, q.Put(bg, i))
			}
			for range 3 {
				go func() { assert.ErrorIs(t, q.Put(bg, -1), bqueue.ErrClosed) }()
			}
			go func() {
				n, err := q.PutAll(bg, []int{-1, -1})
				assert.Zero(t, n)
				assert.ErrorIs(t, err, bqueue.ErrClosed)
			}()
			synctest.Wait()
			assert.Equal(t, 4, q.Stats().Parked)
			select {
			case <-q.Done():
				t.Error("done before Close")
			default:
			}
			q.Close()
			q.Close()
			<-q.Done()
			synctest.Wait()
			assert.Zero(t, q.Stats().Parked)
			require.ErrorIs(t, q.TryPut(-1), bqueue.ErrClosed)
			n, err := q.PutAll(bg, []int{-1})
			assert.Zero(t, n)
			require.ErrorIs(t, err, bqueue.ErrClosed)
			for i := range capacity {
				v, err := q.Take(bg)
				require.NoError(t, err, "a closed queue can be drained")
				require.Equal(t, i, v)
			}
			_, err = q.Take(bg)
			require.ErrorIs(t, err, bqueue.ErrClosed)
			_, err = q.TryTake()
			require.ErrorIs(t, err, bqueue.ErrClosed)
			n, err = q.TakeBatch(bg, []int{0})
			assert.Zero(t, n)
			require.ErrorIs(t, err, bqueue.ErrClosed)
			assert.Zero(t, q.DrainTo([]int{0}))
			assert.Empty(t, q.CloseNow())
			q.CheckInvariants()
		})
	})
}

func TestCloseWakesTakers(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], _ int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			for range 3 {
				go func() {
					_, err := q.Take(bg)
					assert.ErrorIs(t, err, bqueue.ErrClosed)
				}()
				go func() {
					n, err := q.TakeBatch(bg, []int{0})
					assert.Zero(t, n)
					assert.ErrorIs(t, err, bqueue.ErrClosed)
				}()
			}
			synctest.Wait()
			assert.Equal(t, 6, q.Stats().Parked)
			q.Close()
			synctest.Wait()
			assert.Zero(t, q.Stats().Parked)
			q.CheckInvariants()
		})
	})
}

func TestCloseNow(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			want := []int{}
			for i := range capacity {
				require.NoError(t, q.Put(bg, i))
				want = append(want, i)
			}
			go func() { assert.ErrorIs(t, q.Put(bg, -1), bqueue.ErrClosed) }()
			joined := false
			go func() { joined = q.Join(bg) == nil }()
			synctest.Wait()
			assert.False(t, joined)
			assert.Equal(t, want, q.CloseNow())
			synctest.Wait()
			assert.True(t, joined, "what is handed back is done with")
			require.PanicsWithValue(t, tooOften, q.TaskDone)
			assert.Empty(t, q.CloseNow())
			q.CheckInvariants()
		})
	})
}

func TestBatches(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			n, err := q.PutAll(bg, nil)
			assert.Zero(t, n)
			require.NoError(t, err)
			n, err = q.TakeBatch(bg, nil)
			assert.Zero(t, n)
			require.NoError(t, err)
			assert.Zero(t, q.DrainTo(nil))

			var vs, got []int
			for i := range 3*capacity + 1 {
				vs = append(vs, i)
			}
			go func() {
				n, err := q.PutAll(bg, vs)
				assert.Equal(t, len(vs), n)
				assert.NoError(t, err)
			}()
			synctest.Wait()
			assert.Equal(t, capacity, q.Len())
			var dst [100]int
			for len(got) < len(vs) {
				n, err := q.TakeBatch(bg, dst[:])
				require.NoError(t, err)
				require.Positive(t, n)
				got = append(got, dst[:n]...)
			}
			assert.Equal(t, vs, got)
			synctest.Wait()
			q.CheckInvariants()

			// A batch waits for one item and takes all that are there.
			go func() {
				n, err := q.TakeBatch(bg, dst[:])
				assert.NoError(t, err)
				assert.Equal(t, []int{41}, dst[:n])
			}()
			synctest.Wait()
			require.NoError(t, q.Put(bg, 41))
			synctest.Wait()

			// PutAll reports how many were accepted before its context ended.
			ctx, cancel := context.WithCancel(bg)
			go func() {
				n, err := q.PutAll(ctx, vs)
				assert.Equal(t, capacity, n)
				assert.ErrorIs(t, err, context.Canceled)
			}()
			synctest.Wait()
			cancel()
			synctest.Wait()
			got = got[:0]
			for n := -1; n != 0; {
				n = q.DrainTo(dst[:])
				got = append(got, dst[:n]...)
			}
			assert.Equal(t, vs[:capacity], got)
		})
	})
}

// tooOften is the panic of a TaskDone without an item.
const tooOften = "bqueue: TaskDone called more often than items were taken"

func TestJoin(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], _ int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			require.NoError(t, q.Join(bg), "nothing to do")
			require.PanicsWithValue(t, tooOften, q.TaskDone)
			require.NoError(t, q.Put(bg, 1))
			require.PanicsWithValue(t, tooOften, q.TaskDone, "it was not taken yet")
			var joined atomic.Int32
			for range 3 {
				go func() {
					if q.Join(bg) == nil {
						joined.Add(1)
					}
				}()
			}
			ctx, cancel := context.WithCancel(bg)
			go func() { assert.ErrorIs(t, q.Join(ctx), context.Canceled) }()
			synctest.Wait()
			assert.Equal(t, 4, q.Joining())
			cancel()
			_, err := q.Take(bg)
			require.NoError(t, err)
			synctest.Wait()
			assert.Zero(t, joined.Load(), "taken, not done with")
			assert.Equal(t, 3, q.Joining())
			require.NoError(t, q.Put(bg, 2))
			q.TaskDone()
			synctest.Wait()
			assert.Zero(t, joined.Load(), "one of two is done with")
			_, err = q.Take(bg)
			require.NoError(t, err)
			q.TaskDone()
			synctest.Wait()
			assert.EqualValues(t, 3, joined.Load())
			assert.Zero(t, q.Joining())
			_, _, spare := q.Spare()
			assert.Equal(t, 4, spare)
			require.PanicsWithValue(t, tooOften, q.TaskDone)
			q.CheckInvariants()
		})
	})
}

func ints(n int) chan int { return make(chan int, n) }

func slots(n int) []int { return make([]int, n) }

func TestAll(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			go func() {
				for i := range 10 {
					assert.NoError(t, q.Put(bg, i))
				}
				q.Close()
			}()
			var got []int
			for v := range q.All(bg) {
				got = append(got, v)
				if v == 4 {
					break
				}
			}
			got = slices.AppendSeq(got, q.All(bg))
			assert.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, got)
		})
	})
}

// TestReleased: an item that was taken can be garbage-collected, whichever way it went.
func TestReleased(t *testing.T) {
	for _, strict := range []bool{false, true} {
		q := bqueue.New[*[64]byte](8, bqueue.Options{StrictFIFO: strict})
		var refs []weak.Pointer[[64]byte]
		put := func() *[64]byte {
			p := new([64]byte)
			refs = append(refs, weak.Make(p))
			return p
		}
		take := func() { _, _ = q.Take(bg) }
		released := func(how string) {
			runtime.GC()
			for i, r := range refs {
				assert.Nil(t, r.Value(), "strict=%t: item %d, %s, is kept alive", strict, i, how)
			}
		}
		_ = q.Put(bg, put())
		take()
		released("through the array")
		_, _ = q.PutAll(bg, []*[64]byte{put(), put()})
		q.DrainTo(make([]*[64]byte, 2))
		released("in a batch")
		done := make(chan bool)
		go func() { take(); close(done) }()
		for q.Stats().Parked == 0 {
			runtime.Gosched()
		}
		_ = q.Put(bg, put())
		<-done
		released("from hand to hand")
		for range q.Cap() {
			_ = q.Put(bg, nil)
		}
		ctx, cancel := context.WithCancel(bg)
		done = make(chan bool)
		go func() { _ = q.Put(ctx, put()); close(done) }()
		for q.Stats().Parked == 0 {
			runtime.Gosched()
		}
		cancel()
		<-done
		released("of a Put that gave up")
		runtime.KeepAlive(q)
	}
}

func TestAllocs(t *testing.T) {
	forms(t, []int{1, 64}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		q := make()
		ctx, cancel := context.WithCancel(bg)
		defer cancel()
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			_ = q.Put(ctx, 1)
			_, _ = q.Take(ctx)
			_ = q.TryPut(1)
			_, _ = q.TryTake()
			_, _ = q.TryTake()
			q.TaskDone()
			q.TaskDone()
			_ = q.Join(ctx)
		}))
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			var a [1]int
			_, _ = q.PutAll(ctx, a[:])
			_, _ = q.TakeBatch(ctx, a[:])
		}))
		// Waiting does not allocate either, once as many have waited before.
		back := make()
		go func() {
			for v := range q.All(ctx) {
				_ = back.Put(ctx, v)
			}
		}()
		for range 100 {
			_ = q.Put(ctx, 1)
			_, _ = back.Take(ctx)
		}
		assert.Zero(t, testing.AllocsPerRun(1000, func() {
			_ = q.Put(ctx, 1)
			_, _ = back.Take(ctx)
		}))
	})
}
