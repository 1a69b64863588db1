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

// puts and takes are all the ways to add one item and to remove one.
var (
	puts = map[string]func(q *bqueue.Queue[int], ctx context.Context) error{
		"Put":    func(q *bqueue.Queue[int], ctx context.Context) error { return q.Put(ctx, 1) },
		"TryPut": func(q *bqueue.Queue[int], _ context.Context) error { return q.TryPut(1) },
		"PutAll": func(q *bqueue.Queue[int], ctx context.Context) error {
			_, err := q.PutAll(ctx, []int{1})
			return err
		},
	}
	takes = map[string]func(q *bqueue.Queue[int], ctx context.Context) error{
		"Take": func(q *bqueue.Queue[int], ctx context.Context) error {
			_, err := q.Take(ctx)
			return err
		},
		"TryTake": func(q *bqueue.Queue[int], _ context.Context) error {
			_, err := q.TryTake()
			return err
		},
		"TakeBatch": func(q *bqueue.Queue[int], ctx context.Context) error {
			_, err := q.TakeBatch(ctx, slots(1))
			return err
		},
		"DrainTo": func(q *bqueue.Queue[int], _ context.Context) error {
			q.DrainTo(slots(1))
			return nil
		},
	}
)

// TestEveryPutWakesEveryTake: a waiter for an item is woken by any operation that adds
// one, and a waiter for space by any that removes one.
func TestEveryPutWakesEveryTake(t *testing.T) {
	forms(t, []int{1, 3, 8, 64}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		for putName, put := range puts {
			for takeName, take := range takes {
				synctest.Test(t, func(t *testing.T) {
					q := make()
					if takeName != "TryTake" && takeName != "DrainTo" {
						go func() { assert.NoError(t, take(q, bg)) }()
						synctest.Wait()
						require.Equal(t, 1, q.Stats().Parked)
						require.NoError(t, put(q, bg))
						synctest.Wait()
						assert.Zero(t, q.Stats().Parked, "%s wakes %s", putName, takeName)
						assert.Zero(t, q.Len())
					}
					for range capacity {
						require.NoError(t, q.TryPut(0))
					}
					if putName != "TryPut" {
						go func() { assert.NoError(t, put(q, bg)) }()
						synctest.Wait()
						require.Equal(t, 1, q.Stats().Parked)
						require.NoError(t, take(q, bg))
						synctest.Wait()
						assert.Zero(t, q.Stats().Parked, "%s wakes %s", takeName, putName)
						assert.Equal(t, capacity, q.Len())
					}
					q.Close()
				})
			}
		}
	})
}

// TestWaitersAreUsedAgain: the record of a waiter is kept for the next wait, however the
// wait ended.
func TestWaitersAreUsedAgain(t *testing.T) {
	forms(t, []int{1, 8, 64}, func(t *testing.T, make func() *bqueue.Queue[int], capacity int) {
		for _, end := range []string{"served", "cancelled", "closed"} {
			for putName, put := range puts {
				for takeName, take := range takes {
					if putName == "TryPut" || takeName == "TryTake" || takeName == "DrainTo" {
						continue // these do not wait
					}
					synctest.Test(t, func(t *testing.T) {
						q := make()
						const n = 3
						for range 2 { // the second time they find what the first time left
							wait := func(f func(*bqueue.Queue[int], context.Context) error) (ended func()) {
								ctx, cancel := context.WithCancel(bg)
								for range n {
									go func() { _ = f(q, ctx) }()
								}
								synctest.Wait()
								return cancel
							}
							cancel := wait(take)
							for range n {
								if end == "served" {
									require.NoError(t, q.TryPut(1))
									synctest.Wait()
								}
							}
							if end == "closed" {
								q.Close()
								synctest.Wait()
							}
							cancel()
							synctest.Wait()
							_, takers, _ := q.Spare()
							assert.Equal(t, n, takers, "%s, %s", takeName, end)
							if end == "closed" {
								q = make()
							}
							for range capacity {
								require.NoError(t, q.TryPut(0))
							}
							cancel = wait(put)
							for range n {
								if end == "served" {
									_, err := q.TryTake()
									require.NoError(t, err)
									synctest.Wait()
								}
							}
							if end == "closed" {
								q.Close()
								synctest.Wait()
							}
							cancel()
							synctest.Wait()
							putters, _, _ := q.Spare()
							assert.Equal(t, n, putters, "%s, %s", putName, end)
							if end == "closed" {
								q = make()
								continue
							}
							q.DrainTo(slots(capacity))
						}
					})
				}
			}
		}
	})
}

// TestOneIsOnItsWay: while a woken waiter has not looked at the queue yet, no other is
// woken, and operations do not look for waiters. With one processor the woken one looks
// when this goroutine yields; if the scheduler is faster in one round, the next round
// shows it.
func TestOneIsOnItsWay(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	seen := false
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			q := bqueue.New[int](64)
			for range 5 {
				go func() { _, _ = q.Take(bg) }()
			}
			synctest.Wait()
			assert.True(t, q.TakerWanted())
			for range 3 {
				require.NoError(t, q.TryPut(1))
			}
			seen = seen || q.Stats().Parked == 4 && !q.TakerWanted()
			q.Close()
			synctest.Wait()

			q = bqueue.New[int](64)
			go func() { _, _ = q.Take(bg) }()
			synctest.Wait()
			q.Close()
			assert.False(t, q.TakerWanted(), "all have been woken")
		})
	}
	assert.True(t, seen)
}
