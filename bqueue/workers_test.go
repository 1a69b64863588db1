package bqueue_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/bqueue"
)

func TestWorkers(t *testing.T) {
	forms(t, capacities, func(t *testing.T, make func() *bqueue.Queue[int], _ int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			for _, n := range []int{0, -1, 1<<20 + 1, math.MaxInt} {
				_, err := q.Workers(bg, n, nil)
				require.ErrorIs(t, err, bqueue.ErrWorkers)
				require.EqualError(t, err, fmt.Sprintf("bqueue: Workers needs 1 to 1048576 workers, got %d", n))
			}
			sum := ints(100)
			ended := errors.New("not yet")
			go func() {
				_, ended = q.Workers(bg, 4, func(_ context.Context, v int) error {
					time.Sleep(time.Millisecond)
					sum <- v
					return nil
				})
			}()
			for i := range 100 {
				require.NoError(t, q.Put(bg, i))
			}
			require.NoError(t, q.Join(bg), "the return of the function is its TaskDone")
			assert.Len(t, sum, 100)
			q.Close()
			synctest.Wait()
			require.NoError(t, ended)
		})
	})
}

func TestWorkersStop(t *testing.T) {
	forms(t, []int{8}, func(t *testing.T, make func() *bqueue.Queue[int], _ int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			for i := range 8 {
				require.NoError(t, q.Put(bg, i))
			}
			third := ints(0)
			left, err := q.Workers(bg, 2, func(ctx context.Context, v int) error {
				switch v {
				case 2:
					<-third
					return assert.AnError
				case 3:
					close(third)
					<-ctx.Done() // the others are cancelled
					return ctx.Err()
				}
				return nil
			})
			require.ErrorIs(t, err, assert.AnError)
			slices.Sort(left)
			assert.Equal(t, []int{2, 3}, left, "taken, and not finished")
			assert.Equal(t, 4, q.Len(), "what was not begun stays")
			assert.Equal(t, 4, q.Unfinished(), "for Join the two are done")

			ctx, cancel := context.WithCancelCause(bg)
			q.DrainTo(slots(4))
			go func() {
				time.Sleep(time.Second)
				cancel(assert.AnError)
			}()
			_, err = q.Workers(ctx, 2, nil)
			require.ErrorIs(t, err, assert.AnError)

			// A cause that looks like the end of the queue does not count as one.
			ctx, cancel = context.WithCancelCause(bg)
			cancel(bqueue.ErrClosed)
			_, err = q.Workers(ctx, 2, nil)
			require.ErrorIs(t, err, bqueue.ErrClosed)
		})
	})
}

// TestJobsThatEndOtherwise: a job that panics or ends its goroutine counts as one that
// returns an error: the others stop, Workers returns it, its item is done, items that
// were not begun stay, and a producer whose context ends with Workers does not hang.
func TestJobsThatEndOtherwise(t *testing.T) {
	for name, c := range map[string]struct {
		end   func()
		check func(t *testing.T, err error)
	}{
		"Goexit": {runtime.Goexit, func(t *testing.T, err error) {
			assert.Equal(t, bqueue.ErrGoexit, err)
		}},
		"panic": {func() { panic("a bad job") }, func(t *testing.T, err error) {
			assert.ErrorContains(t, err, "bqueue: a job panicked: a bad job\n\ngoroutine ")
			assert.ErrorContains(t, err, "TestJobsThatEndOtherwise", "the stack of the job")
		}},
		"panic with an error": {func() { panic(fmt.Errorf("job: %w", io.ErrUnexpectedEOF)) }, func(t *testing.T, err error) {
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.ErrorContains(t, err, "bqueue: a job panicked: job: unexpected EOF\n\ngoroutine ")
		}},
		"panic of the runtime": {func() { _ = []int{}[len(t.Name()):][0] }, func(t *testing.T, err error) {
			var runtimeError runtime.Error
			assert.ErrorAs(t, err, &runtimeError)
		}},
		"panic with nil": {func() { panic(nil) }, func(t *testing.T, err error) { // on purpose
			var isNil *runtime.PanicNilError
			assert.ErrorAs(t, err, &isNil)
		}},
	} {
		for _, workers := range []int{1, 3} {
			forms(t, []int{1, 8}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
				synctest.Test(t, func(t *testing.T) {
					q := make()
					ctx, cancel := context.WithCancel(bg)
					accepted := ints(1)
					go func() {
						n, err := q.PutAll(ctx, slots(100))
						assert.ErrorIs(t, err, context.Canceled, "the producer ends")
						accepted <- n
					}()
					var begun atomic.Int32
					left, err := q.Workers(bg, workers, func(ctx context.Context, _ int) error {
						if begun.Add(1) == int32(workers) {
							c.end()
						}
						<-ctx.Done()
						return nil
					})
					cancel()
					c.check(t, err)
					assert.Len(t, left, 1, "the others return nil")
					n := <-accepted
					assert.EqualValues(t, workers, begun.Load(), name)
					assert.Equal(t, n-workers, q.Len(), "what was not begun stays")
					for range q.DrainTo(slots(100)) {
						q.TaskDone()
					}
					require.NoError(t, q.Join(bg), "the items of all jobs are done")
					require.PanicsWithValue(t, tooOften, q.TaskDone)
					q.CheckInvariants()
				})
			})
		}
	}
}

// TestEveryJobEndsItsGoroutine: when every worker ends at once there is one error, and
// other workers can drain the queue.
func TestEveryJobEndsItsGoroutine(t *testing.T) {
	forms(t, []int{1, 8}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		q := make()
		for i := range capacity {
			require.NoError(t, q.Put(bg, i))
		}
		q.Close()
		left, err := q.Workers(bg, capacity, func(context.Context, int) error { runtime.Goexit(); return nil })
		require.ErrorIs(t, err, bqueue.ErrGoexit)
		assert.NotEmpty(t, left)
		left, err = q.Workers(bg, 2, func(context.Context, int) error { return nil })
		require.NoError(t, err)
		assert.Empty(t, left)
		require.NoError(t, q.Join(bg))
	})
}

// TestJobsMayUseTheQueue: a job may take, put, and run further workers.
func TestJobsMayUseTheQueue(t *testing.T) {
	forms(t, []int{2, 8}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		q := make()
		require.NoError(t, q.Put(bg, 3))
		sum := 0
		_, err := q.Workers(bg, 1, func(ctx context.Context, v int) error {
			sum += v
			if v > 0 {
				assert.NoError(t, q.Put(ctx, v-1))
				return nil
			}
			q.Close()
			_, err := q.Workers(ctx, 1, nil)
			return err
		})
		require.NoError(t, err)
		assert.Equal(t, 6, sum)
		q.CheckInvariants()
	})
}

// TestPutFromAJob: if every worker waits in Put for space, no item is taken and all wait,
// until the context ends; then their items are returned.
func TestPutFromAJob(t *testing.T) {
	forms(t, []int{1, 8}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			for i := range capacity {
				require.NoError(t, q.Put(bg, i))
			}
			ctx, cancel := context.WithCancelCause(bg)
			var left []int
			var err error
			go func() {
				left, err = q.Workers(ctx, 2, func(ctx context.Context, v int) error {
					for {
						if err := q.Put(ctx, v+100); err != nil {
							return err
						}
					}
				})
			}()
			synctest.Wait()
			assert.Equal(t, 2, q.Stats().Parked, "both wait")
			cancel(assert.AnError)
			synctest.Wait()
			require.ErrorIs(t, err, assert.AnError)
			assert.NotEmpty(t, left)
			q.CheckInvariants()
		})
	})
}

// TestCloseFinishes: after Close, as on SIGINT, the workers finish what was accepted.
func TestCloseFinishes(t *testing.T) {
	forms(t, []int{1, 8}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		synctest.Test(t, func(t *testing.T) {
			q := make()
			for i := range capacity {
				require.NoError(t, q.Put(bg, i))
			}
			var done atomic.Int32
			var left []int
			err := assert.AnError
			go func() {
				left, err = q.Workers(bg, 1, func(context.Context, int) error {
					time.Sleep(time.Second)
					done.Add(1)
					return nil
				})
			}()
			synctest.Wait()
			q.Close()
			require.NoError(t, q.Join(bg))
			synctest.Wait()
			require.NoError(t, err)
			assert.Empty(t, left)
			assert.EqualValues(t, capacity, done.Load())
			assert.Zero(t, q.Unfinished())
		})
	})
}
