package bqueue_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/bqueue"
)

// TestTakeBatchWithin: it returns when the batch is full, when the time since the first
// item has passed, when the queue is closed and when the context ends, with the items
// that it has.
func TestTakeBatchWithin(t *testing.T) {
	for name, c := range map[string]struct {
		items  int // one each second, from the third on
		end    func(*bqueue.Queue[int], context.CancelCauseFunc)
		at     time.Duration // of end
		within time.Duration
		n      int
		err    error
		took   time.Duration
	}{
		"full":                 {items: 9, within: time.Hour, n: 4, took: 6 * time.Second},
		"time passes":          {items: 9, within: 1500 * time.Millisecond, n: 2, took: 4500 * time.Millisecond},
		"one item":             {items: 1, within: time.Minute, n: 1, took: 63 * time.Second},
		"no time":              {items: 9, within: 0, n: 1, took: 3 * time.Second},
		"less than no time":    {items: 9, within: -1, n: 1, took: 3 * time.Second},
		"closed after two":     {items: 2, end: closes, at: 10 * time.Second, within: time.Hour, n: 2, took: 10 * time.Second},
		"closed before one":    {end: closes, at: time.Second, within: time.Hour, err: bqueue.ErrClosed, took: time.Second},
		"cancelled after two":  {items: 2, end: cancels, at: 10 * time.Second, within: time.Hour, n: 2, took: 10 * time.Second},
		"cancelled before one": {end: cancels, at: time.Second, within: time.Hour, err: assert.AnError, took: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			forms(t, []int{2, 8}, func(t *testing.T, make func() *bqueue.Queue[int], _ int) {
				synctest.Test(t, func(t *testing.T) {
					q := make()
					ctx, cancel := context.WithCancelCause(bg)
					defer cancel(nil)
					puts, stop := context.WithCancel(bg)
					defer stop()
					go func() {
						next := time.After(3 * time.Second)
						for i := range c.items {
							select {
							case <-next:
							case <-puts.Done():
								return
							}
							next = time.After(time.Second)
							_ = q.Put(puts, i)
						}
					}()
					if c.end != nil {
						time.AfterFunc(c.at, func() { c.end(q, cancel) })
					}
					begin := time.Now()
					dst := slots(4)
					n, err := q.TakeBatchWithin(ctx, dst, c.within)
					assert.Equal(t, c.err, err)
					assert.Equal(t, c.took, time.Since(begin))
					require.Equal(t, c.n, n)
					for i, v := range dst[:n] {
						assert.Equal(t, i, v)
					}
				})
			})
		})
	}
}

func closes(q *bqueue.Queue[int], _ context.CancelCauseFunc) { q.Close() }

func cancels(_ *bqueue.Queue[int], cancel context.CancelCauseFunc) { cancel(assert.AnError) }

// TestTakeBatchWithinOfNothing returns at once, and an ended context wins.
func TestTakeBatchWithinOfNothing(t *testing.T) {
	q := bqueue.New[int](2)
	n, err := q.TakeBatchWithin(bg, nil, time.Hour)
	require.NoError(t, err)
	assert.Zero(t, n)
	ctx, cancel := context.WithCancelCause(bg)
	cancel(assert.AnError)
	require.NoError(t, q.TryPut(1))
	n, err = q.TakeBatchWithin(ctx, slots(1), time.Hour)
	require.Equal(t, assert.AnError, err)
	assert.Zero(t, n)
	assert.Equal(t, 1, q.Len())
}

// TestTryPutAll: it accepts the items that fit, wakes the takers waiting for them, and
// never waits.
func TestTryPutAll(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			taken := ints(3)
			for range 3 {
				go func() {
					v, err := q.Take(bg)
					assert.NoError(t, err)
					taken <- v
				}()
			}
			synctest.Wait()
			n, err := q.TryPutAll([]int{7, 7, 7}[:min(3, capacity)])
			require.NoError(t, err)
			assert.Equal(t, min(3, capacity), n)
			synctest.Wait()
			assert.Len(t, taken, min(3, capacity))
			for range 3 - n {
				require.NoError(t, q.Put(bg, 7))
			}
			synctest.Wait()

			n, err = q.TryPutAll(slots(capacity + 2))
			assert.Equal(t, capacity, n)
			require.Equal(t, bqueue.ErrFull, err)
			n, err = q.TryPutAll(slots(1))
			assert.Zero(t, n)
			require.Equal(t, bqueue.ErrFull, err)
			n, err = q.TryPutAll(nil)
			assert.Zero(t, n)
			require.NoError(t, err)
			q.Close()
			n, err = q.TryPutAll(slots(1))
			assert.Zero(t, n)
			require.Equal(t, bqueue.ErrClosed, err)
			q.CheckInvariants()
		})
	})
}
