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

// endsAfter is a context that ends after a number of calls of its methods.
type endsAfter struct {
	context.Context
	looks int
}

func (c *endsAfter) Err() error {
	if c.looks--; c.looks >= 0 {
		return nil
	}
	return context.Canceled
}

// TestPutAllLooksAtItsContext: at least once per Cap items, although a consumer ensures
// that there is always space.
func TestPutAllLooksAtItsContext(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		q := make()
		drained := ints(1)
		go func() {
			n := 0
			for range q.All(bg) {
				n++
			}
			drained <- n
		}()
		for looks := 1; looks <= 3; looks++ {
			before := q.Stats().Puts
			n, err := q.PutAll(&endsAfter{bg, looks}, slots(100*capacity))
			require.ErrorIs(t, err, context.Canceled)
			assert.LessOrEqual(t, n, looks*(capacity+1), "%d looks", looks)
			assert.Positive(t, n)
			assert.EqualValues(t, n, q.Stats().Puts-before)
		}
		q.Close()
		assert.EqualValues(t, <-drained, q.Stats().Puts)
		q.CheckInvariants()
	})
}

// TestPutAllDoesNotLookAtTheEnd: when all items have been accepted, the context no longer
// matters.
func TestPutAllDoesNotLookAtTheEnd(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		q := make()
		n, err := q.PutAll(&endsAfter{bg, 1}, slots(capacity))
		require.NoError(t, err)
		assert.Equal(t, capacity, n)
	})
}

// TestEndsAtTheMomentOfSuccess: a wait whose context ends at the moment of success
// returns nil if its operation was done, and an error if not.
func TestEndsAtTheMomentOfSuccess(t *testing.T) {
	type wait func(q *bqueue.Queue[int], ctx context.Context) error
	forms(t, []int{1, 8, 64}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		for _, cancelFirst := range []bool{false, true} {
			both := func(cancel, succeed func()) {
				if cancelFirst {
					cancel()
					succeed()
				} else {
					succeed()
					cancel()
				}
			}
			for name, put := range puts {
				if name == "TryPut" {
					continue
				}
				synctest.Test(t, func(t *testing.T) {
					q := make()
					for range capacity {
						require.NoError(t, q.TryPut(0))
					}
					ctx, cancel := context.WithCancel(bg)
					err := assert.AnError
					go func() { err = put(q, ctx) }()
					synctest.Wait()
					both(cancel, func() { _, _ = q.TryTake() })
					synctest.Wait()
					assert.Equal(t, err == nil, q.Len() == capacity, "%s: %v", name, err)
					assert.Equal(t, err == nil, q.Stats().Puts == uint64(capacity)+1, name)
					assert.True(t, err == nil || err == context.Canceled, err)
					q.CheckInvariants()
				})
			}
			for name, take := range map[string]wait{
				"Take":      takes["Take"],
				"TakeBatch": takes["TakeBatch"],
				"All": func(q *bqueue.Queue[int], ctx context.Context) error {
					for range q.All(ctx) {
						return nil
					}
					return ctx.Err()
				},
			} {
				synctest.Test(t, func(t *testing.T) {
					q := make()
					ctx, cancel := context.WithCancel(bg)
					err := assert.AnError
					go func() { err = take(q, ctx) }()
					synctest.Wait()
					both(cancel, func() { assert.NoError(t, q.TryPut(1)) })
					synctest.Wait()
					assert.Equal(t, err == nil, q.Len() == 0, "%s: %v", name, err)
					assert.True(t, err == nil || err == context.Canceled, err)
					q.CheckInvariants()
				})
			}
			synctest.Test(t, func(t *testing.T) {
				q := make()
				require.NoError(t, q.TryPut(1))
				_, _ = q.TryTake()
				ctx, cancel := context.WithCancel(bg)
				err := assert.AnError
				go func() { err = q.Join(ctx) }()
				synctest.Wait()
				both(cancel, q.TaskDone)
				synctest.Wait()
				assert.True(t, err == nil || err == context.Canceled, "Join: %v", err)
				assert.Zero(t, q.Joining())
			})
		}
	})
}

// TestWorkersContextEnds before, during and with the last job.
func TestWorkersContextEnds(t *testing.T) {
	forms(t, []int{1, 8}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			require.NoError(t, q.Put(bg, 1))
			ctx, cancel := context.WithTimeoutCause(bg, time.Second, assert.AnError)
			defer cancel()
			done := 0
			left, err := q.Workers(ctx, 1, func(ctx context.Context, _ int) error {
				<-ctx.Done()
				done++
				return nil
			})
			require.ErrorIs(t, err, assert.AnError)
			assert.Equal(t, 1, done)
			assert.Empty(t, left, "it returned nil, so it is finished")
			require.NoError(t, q.Join(bg), "the job that ran then is done")

			require.NoError(t, q.Put(bg, 2))
			_, err = q.Workers(ctx, 1, nil)
			require.ErrorIs(t, err, assert.AnError)
			assert.Equal(t, 1, q.Len(), "nothing is begun with a context that has ended")
		})
	})
}
