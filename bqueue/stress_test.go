package bqueue_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/bqueue"
)

// TestExactlyOnce: under cancellation, batches and a Close or CloseNow in the middle,
// each accepted item is taken exactly once, in the order of its producer, and no other
// item is; and no goroutine is left waiting.
func TestExactlyOnce(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	goroutines := runtime.NumGoroutine()
	forms(t, []int{1, 2, 3, 8, 64, 1024}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		for round := range rounds {
			exactlyOnce(t, make(), round%2 == 1, uint64(round))
		}
	})
	for range 1000 { // those that ended may still be counted for a moment
		if runtime.NumGoroutine() <= goroutines {
			break
		}
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), goroutines, "a goroutine is left")
}

// item packs a producer and its count.
func item(producer, n int) int { return producer<<20 | n }

func exactlyOnce(t *testing.T, q *bqueue.Queue[int], now bool, seed uint64) {
	const producers, consumers, each = 4, 4, 400
	var (
		in    [producers][]int
		out   [consumers][]int
		feed  sync.WaitGroup
		drain sync.WaitGroup
	)
	// fleeting is a context that ends at about the time of an operation.
	fleeting := func(r *rand.Rand) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(bg)
		switch r.IntN(3) {
		case 0:
			go func() { runtime.Gosched(); cancel() }()
		case 1:
			go cancel()
		}
		return ctx, cancel
	}
	for p := range producers {
		feed.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(p)))
			for n := 0; n < each; {
				var vs [5]int
				k := 1 + r.IntN(len(vs))
				for i := range k {
					vs[i] = item(p, n+i)
				}
				ctx, cancel := fleeting(r)
				var err error
				switch r.IntN(3) {
				case 0:
					k, err = q.PutAll(ctx, vs[:k])
				case 1:
					if k, err = 1, q.TryPut(vs[0]); err != nil {
						k = 0
					}
				default:
					if k, err = 1, q.Put(ctx, vs[0]); err != nil {
						k = 0
					}
				}
				cancel()
				in[p] = append(in[p], vs[:k]...)
				n += k
				if errors.Is(err, bqueue.ErrClosed) {
					return
				}
			}
		})
	}
	for c := range consumers {
		drain.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(c+100)))
			for {
				var dst [5]int
				var err error
				k := 0
				ctx, cancel := fleeting(r)
				switch r.IntN(3) {
				case 0:
					k, err = q.TakeBatch(ctx, dst[:])
				case 1:
					if dst[0], err = q.TryTake(); err == nil {
						k = 1
					}
				default:
					if dst[0], err = q.Take(ctx); err == nil {
						k = 1
					}
				}
				cancel()
				out[c] = append(out[c], dst[:k]...)
				for range k {
					q.TaskDone()
				}
				if errors.Is(err, bqueue.ErrClosed) {
					return
				}
			}
		})
	}
	joined := make(chan error, 1)
	var left []int
	if now {
		for range rand.IntN(2000) {
			runtime.Gosched()
		}
		left = q.CloseNow()
		feed.Wait()
	} else {
		feed.Wait()
		q.Close()
	}
	go func() { joined <- q.Join(bg) }()
	drain.Wait()
	require.NoError(t, <-joined)

	all := slices.Clone(left)
	for _, o := range append(out[:], left) {
		last := [producers]int{-1, -1, -1, -1}
		for _, v := range o {
			p, n := v>>20, v&(1<<20-1)
			require.Less(t, last[p], n, "out of order")
			last[p] = n
		}
	}
	for _, o := range out {
		all = append(all, o...)
	}
	want := slices.Concat(in[:]...)
	slices.Sort(all)
	slices.Sort(want)
	require.True(t, slices.Equal(want, all), "accepted %d, came out %d", len(want), len(all))
	q.CheckInvariants()
	s := q.Stats()
	assert.Zero(t, s.Parked)
	assert.Equal(t, uint64(len(want)), s.Puts)
	assert.Equal(t, uint64(len(want)), s.Takes)
}

// TestWakePassedOn hunts the classic lost wake-up: of several waiters, one is cancelled
// at the moment at which it is signaled. Then another must get the item, or the space. If
// a wake is lost the bubble deadlocks, and synctest says so.
func TestWakePassedOn(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 60
	}
	forms(t, []int{1, 3, 8, 64}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		synctest.Test(t, func(t *testing.T) {
			for range rounds {
				wakeTakers(t, make())
				wakePutters(t, make(), capacity)
			}
		})
	})
}

func wakeTakers(t *testing.T, q *bqueue.Queue[int]) {
	ctx, cancel := context.WithCancel(bg)
	var wg sync.WaitGroup
	taken := make(chan int, 3)
	take := func(ctx context.Context) {
		if v, err := q.Take(ctx); err == nil {
			taken <- v
		}
	}
	wg.Go(func() { take(ctx) })
	synctest.Wait()
	wg.Go(func() { take(bg) })
	wg.Go(func() { take(bg) })
	synctest.Wait()
	wg.Go(cancel)
	wg.Go(func() { assert.NoError(t, q.Put(bg, 1)) })
	wg.Go(func() { assert.NoError(t, q.Put(bg, 2)) })
	synctest.Wait()
	if len(taken) < 2 {
		t.Fatalf("%d of 2 items were taken, %+v", len(taken), q.Stats())
	}
	q.Close()
	wg.Wait()
	assert.Zero(t, q.Len())
	q.CheckInvariants()
}

func wakePutters(t *testing.T, q *bqueue.Queue[int], capacity int) {
	ctx, cancel := context.WithCancel(bg)
	for range capacity {
		require.NoError(t, q.Put(bg, 0))
	}
	var wg sync.WaitGroup
	put := make(chan int, 3)
	wg.Go(func() {
		if q.Put(ctx, 1) == nil {
			put <- 1
		}
	})
	synctest.Wait()
	for range 2 {
		wg.Go(func() {
			if q.Put(bg, 2) == nil {
				put <- 2
			}
		})
	}
	synctest.Wait()
	wg.Go(cancel)
	for range 2 {
		wg.Go(func() {
			_, err := q.Take(bg)
			assert.NoError(t, err)
		})
	}
	if capacity == 1 {
		// One item was there; the second Take needs the first Put.
		synctest.Wait()
	}
	synctest.Wait()
	if len(put) < 2 {
		t.Fatalf("%d of 2 puts went on, %+v", len(put), q.Stats())
	}
	q.Close()
	wg.Wait()
	q.CheckInvariants()
}

// TestNeverFull: TryPut of a queue that is never full never fails.
func TestNeverFull(t *testing.T) {
	n := 20000
	if testing.Short() {
		n = 4000
	}
	for _, strict := range []bool{false, true} {
		const producers = 4
		q := bqueue.New[int](2*producers, bqueue.Options{StrictFIFO: strict})
		var wg sync.WaitGroup
		for range producers {
			wg.Go(func() {
				for range n {
					// This goroutine adds one and takes one: at most one each is in.
					if err := q.TryPut(1); err != nil {
						t.Errorf("strict=%t: TryPut: %v", strict, err)
					}
					if _, err := q.TryTake(); err != nil {
						t.Errorf("strict=%t: TryTake: %v", strict, err)
					}
				}
			})
		}
		wg.Wait()
	}
}

// TestParkedIsIdle: a waiter is durably blocked: in a bubble, time advances only when no
// goroutine spins, and here it advances by a year.
func TestParkedIsIdle(t *testing.T) {
	forms(t, []int{1, 64}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					_, err := q.Take(bg)
					assert.ErrorIs(t, err, bqueue.ErrClosed)
				})
			}
			time.Sleep(365 * 24 * time.Hour)
			assert.Equal(t, 8, q.Stats().Parked)
			assert.LessOrEqual(t, q.Stats().TakeWaits, uint64(8), "no waiter wakes up to look")
			q.Close()
			wg.Wait()
		})
	})
}
