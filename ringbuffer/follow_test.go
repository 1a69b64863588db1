package ringbuffer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWait: a follower waits for the next item, however it is pushed; an item that is in
// the ring is returned at once, and for one that no longer is the error has the oldest
// item left.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSync[int](3, Options{OnFull: OverwriteOldest})
		for i, push := range []func(v int){
			func(v int) { _, _ = s.Push(v) }, func(v int) { s.PushEvict(v) }, func(v int) { s.PushSlice([]int{v}) },
		} {
			got := make([]int, 3)
			for g := range got {
				go func() {
					v, err := s.Wait(context.Background(), uint64(i))
					assert.NoError(t, err)
					got[g] = v
				}()
			}
			synctest.Wait()
			assert.Equal(t, []int{0, 0, 0}, got)
			push(10 + i)
			synctest.Wait()
			assert.Equal(t, []int{10 + i, 10 + i, 10 + i}, got)
		}
		v, err := s.Wait(t.Context(), 0)
		require.NoError(t, err)
		assert.Equal(t, 10, v)
		s.Pop()
		_, err = s.Wait(t.Context(), 0)
		var gone *OverwrittenError
		require.ErrorAs(t, err, &gone)
		assert.Equal(t, OverwrittenError{Seq: 0, Oldest: 1}, *gone)
		require.ErrorIs(t, err, ErrOverwritten)

		done := false
		go func() { // it keeps waiting while other items are pushed
			_, err := s.Wait(context.Background(), 5)
			assert.NoError(t, err)
			done = true
		}()
		for _, want := range []bool{false, false, true} {
			_, _ = s.Push(0)
			synctest.Wait()
			assert.Equal(t, want, done)
		}
		go func() { // it is overwritten before the follower runs
			_, err := s.Wait(context.Background(), 6)
			assert.Equal(t, &OverwrittenError{Seq: 6, Oldest: 7}, err)
		}()
		synctest.Wait()
		s.mu.Lock()
		_ = s.r.Push(1)
		s.r.Clear()
		s.wake()
		s.mu.Unlock()
		synctest.Wait()
	})
}

// TestWaitRaces: a push that comes while a follower looks wakes it up.
func TestWaitRaces(t *testing.T) {
	rounds := 2_000
	if testing.Short() {
		rounds = 500
	}
	synctest.Test(t, func(t *testing.T) { // where a follower that sleeps on is a deadlock
		s := NewSync[int](1, Options{OnFull: OverwriteOldest})
		for i := range rounds {
			done := make(chan int)
			go func() {
				v, _ := s.Wait(context.Background(), uint64(i))
				done <- v
			}()
			_, _ = s.Push(i)
			require.Equal(t, i, <-done)
		}
	})
}

// TestWaitEnds with its context, before the call and during it.
func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSync[int](2)
		_, _ = s.Push(1)
		v, err := s.Wait(cancelled, 0)
		assert.Equal(t, assert.AnError, err, "an ended context wins")
		assert.Zero(t, v)
		ctx, cancel := context.WithCancelCause(context.Background())
		go func() {
			_, err = s.Wait(ctx, 1)
		}()
		synctest.Wait()
		cancel(assert.AnError)
		synctest.Wait()
		assert.Equal(t, assert.AnError, err)
		var gone *OverwrittenError
		assert.False(t, errors.As(err, &gone))
	})
}

// TestRefused: what Reject refuses is counted, what the other policies lose is not.
func TestRefused(t *testing.T) {
	for policy, want := range map[Policy][2]uint64{Reject: {4, 0}, OverwriteOldest: {0, 4}, DropNewest: {0, 4}} {
		s := NewSync[int](2, Options{OnFull: policy})
		for i := range 3 {
			seq, err := s.Push(i)
			assert.Equal(t, policy == Reject && i == 2, err == ErrFull)
			assert.EqualValues(t, i, seq)
		}
		s.PushSlice([]int{1, 2, 3})
		s.Clear()
		assert.Equal(t, want, [2]uint64{s.Refused(), s.Dropped()}, policy)
	}
}
