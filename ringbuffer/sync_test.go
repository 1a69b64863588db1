package ringbuffer

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// errOf is the error of a Push.
func errOf(_ uint64, err error) error { return err }

func since(t *testing.T, s *Sync[int], seq uint64) (vs []int) {
	t.Helper()
	seqs, err := s.Since(seq)
	require.NoError(t, err)
	for _, v := range seqs {
		vs = append(vs, v)
	}
	return vs
}

func TestSinceThroughEveryChange(t *testing.T) {
	s := NewSync[int](3, Options{OnFull: OverwriteOldest})
	require.Empty(t, since(t, s, 0), "nothing yet")
	require.Empty(t, since(t, s, 100), "not yet")
	s.PushSlice([]int{0, 1})
	require.Equal(t, []int{0, 1}, since(t, s, 0))
	require.Equal(t, []int{1}, since(t, s, 1))
	require.Empty(t, since(t, s, 2))

	s.PushSlice([]int{2, 3, 4, 5, 6, 7}) // more than the ring can hold in total
	_, err := s.Since(4)
	require.ErrorIs(t, err, ErrOverwritten)
	require.EqualError(t, err, "ringbuffer: overwritten: item 4, the oldest left is 5")
	require.Equal(t, []int{5, 6, 7}, since(t, s, 5))

	s.Pop()
	_, err = s.Since(5)
	require.ErrorIs(t, err, ErrOverwritten, "popped")
	require.NoError(t, s.Resize(9))
	require.Equal(t, []int{6, 7}, since(t, s, 6))
	s.Clear()
	_, err = s.Since(7)
	require.ErrorIs(t, err, ErrOverwritten, "cleared")
	require.NoError(t, errOf(s.Push(8)))
	require.Equal(t, []int{8}, since(t, s, 8), "Clear does not start the numbers again")
	oldest, next := s.Numbers()
	require.Equal(t, []uint64{8, 9}, []uint64{oldest, next})
}

func TestSinceErrorYieldsNothing(t *testing.T) {
	s := NewSync[int](1, Options{OnFull: OverwriteOldest})
	s.PushSlice([]int{0, 1})
	seq, err := s.Since(0)
	require.Error(t, err)
	for range seq {
		t.Fatal("there is nothing to yield")
	}
}

func TestRefusedItemsGetNoNumber(t *testing.T) {
	for _, policy := range []Policy{Reject, DropNewest} {
		s := NewSync[int](2, Options{OnFull: policy})
		for i := range 5 {
			_, _ = s.Push(i)
		}
		require.Equal(t, []int{0, 1}, since(t, s, 0))
		s.Pop()
		require.NoError(t, errOf(s.Push(9)))
		require.Equal(t, []int{9}, since(t, s, 2))
	}
}

// The body of a loop may call the ring, and sees what was there when the loop began.
func TestSyncLoopsAreSnapshots(t *testing.T) {
	s := NewSync[int](3, Options{OnFull: OverwriteOldest})
	s.PushSlice([]int{1, 2, 3})
	var got []int
	for i, v := range s.All() {
		require.Equal(t, len(got), i)
		got = append(got, v)
		s.Clear()
		s.PushSlice([]int{7, 8, 9})
	}
	require.Equal(t, []int{1, 2, 3}, got)
	got = nil
	for i, v := range s.Backward() {
		require.Equal(t, 2-i, len(got))
		got = append(got, v)
		s.Pop()
	}
	require.Equal(t, []int{9, 8, 7}, got)
	seqs, err := s.Since(6)
	require.ErrorIs(t, err, ErrOverwritten)
	require.NotNil(t, seqs)
	s.PushSlice([]int{10, 11, 12})
	_, next := s.Numbers()
	seqs, err = s.Since(next - 3)
	require.NoError(t, err)
	s.Clear()
	for range 2 { // any number of times
		got = nil
		for _, v := range seqs {
			got = append(got, v)
		}
		require.Equal(t, []int{10, 11, 12}, got)
	}
	s.PushSlice([]int{1, 2, 3})
	got = nil
	for v := range s.Drain() {
		if got = append(got, v); v < 3 {
			_, _ = s.Push(v + 3)
		}
	}
	require.Equal(t, []int{1, 2, 3, 4, 5}, got)
}

// Several readers follow one writer at their own pace: each item arrives once and in
// order, or the reader learns how many it missed.
func TestReplay(t *testing.T) {
	items := 20_000
	if testing.Short() {
		items = 2_000
	}
	s := NewSync[int](64, Options{OnFull: OverwriteOldest})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			var seq uint64
			seen, missed := 0, 0
			for int(seq) < items {
				seqs, err := s.Since(seq)
				if err != nil {
					oldest, _ := s.Numbers()
					missed += int(oldest - seq)
					seq = oldest
					continue
				}
				for n, v := range seqs {
					if int(n) != v || n != seq {
						t.Errorf("item %d has number %d, after %d", v, n, seq)
						return
					}
					seen++
					seq = n + 1
				}
				runtime.Gosched()
			}
			if seen+missed != items {
				t.Errorf("%d seen and %d missed of %d", seen, missed, items)
			}
		})
	}
	for i := range items {
		_, _ = s.Push(i)
	}
	wg.Wait()
}

// Everything works inside a bubble; the loop that waits belongs to the caller.
func TestSynctest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p, m := NewSync[int](2), NewSPSC[int](2), NewMPMC[int](2)
		done := make(chan []int)
		go func() {
			var got []int
			for len(got) < 300 {
				for _, pop := range []func() (int, bool){s.Pop, p.TryPop, m.TryPop} {
					if v, ok := pop(); ok {
						got = append(got, v)
					}
				}
				runtime.Gosched()
			}
			done <- got
		}()
		for i := range 100 {
			for errOf(s.Push(i)) != nil {
				runtime.Gosched()
			}
			for !p.TryPush(i) {
				runtime.Gosched()
			}
			for !m.TryPush(i) {
				runtime.Gosched()
			}
		}
		got := <-done
		slices.Sort(got)
		for i, v := range got {
			require.Equal(t, i/3, v)
		}
	})
}
