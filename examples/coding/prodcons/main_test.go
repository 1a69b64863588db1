package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/bqueue"
	"example.com/flatline/examples/coding/internal/golden"
)

func TestTranscript(t *testing.T) { golden.Check(t, run) }

func TestShowsTheTrap(t *testing.T) {
	golden.Shows(t, run,
		"wrong, wait until the queue is empty: 2 of 3 jobs done",
		"right, Join:                          3 of 3 jobs done, error <nil>")
}

func TestEveryJobOnce(t *testing.T) {
	const producers, each = 4, 500
	jobs := make([][]int, producers)
	for p := range jobs {
		for i := range each {
			jobs[p] = append(jobs[p], p*each+i)
		}
	}
	var times [producers * each]atomic.Int64
	done, err := Process(t.Context(), jobs, 3, 5, func(_ context.Context, n int) error {
		times[n].Add(1)
		return nil
	})
	assert.NoError(t, err)
	assert.EqualValues(t, producers*each, done)
	for n := range times {
		assert.EqualValues(t, 1, times[n].Load(), "job %d", n)
	}
}

// TestJoinIsNotEmpty: one trap. Two jobs take an hour each, one after the other. The
// queue is empty after one hour, when the second is taken; the work ends after two.
func TestJoinIsNotEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := bqueue.New[int](2)
		begin := time.Now()
		for i := range 2 {
			assert.NoError(t, q.TryPut(i))
		}
		q.Close()
		go func() {
			for range q.All(t.Context()) {
				time.Sleep(time.Hour)
				q.TaskDone()
			}
		}()
		waitUntilEmpty(q, time.Minute)
		assert.Equal(t, time.Hour, time.Since(begin).Truncate(time.Hour), "empty, not done")
		assert.NoError(t, q.Join(t.Context()))
		assert.Equal(t, 2*time.Hour, time.Since(begin))
	})
}

// TestNobodyIsLeftWaiting: the other trap. Workers fail or are cancelled while producers
// wait for space: Process returns, and synctest fails if a goroutine stays behind.
func TestNobodyIsLeftWaiting(t *testing.T) {
	jobs := [][]int{make([]int, 100), make([]int, 100)}
	t.Run("failure", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			broken := errors.New("broken")
			_, err := Process(t.Context(), jobs, 1, 2, func(context.Context, int) error { return broken })
			assert.ErrorIs(t, err, broken)
		})
	})
	t.Run("cancelled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := Process(ctx, jobs, 1, 2, func(ctx context.Context, _ int) error {
				<-ctx.Done()
				return nil
			})
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		})
	})
	t.Run("no workers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, err := Process(t.Context(), jobs, 1, 0, func(context.Context, int) error { return nil })
			assert.Error(t, err)
		})
	})
}
