package ratelimit

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// exactFloor is floor in numbers of any size, for a bucket without sleepers.
func exactFloor(b *Bucket, s *state, now int128) *big.Int {
	full := s.cost(s.burst).big()
	least := new(big.Int).Sub(now.big(), full)
	later := new(big.Int)
	for e := b.reserved.Back(); e != nil; e = e.Prev() {
		q := e.Value.(*promise)
		_, due := q.instant()
		if !now.less(due) {
			break
		}
		later.Add(later, s.cost(q.n).big())
		if bound := new(big.Int).Sub(new(big.Int).Add(due.big(), later), full); bound.Cmp(least) > 0 {
			least = bound
		}
	}
	return least
}

// TestFloorWraps: the sums of floor may exceed 128 bits, after a Set that makes each of several
// reservations of almost 2^63 tokens as slow as can be. They decide nothing then: a bound that
// is not below z has been found before, since each reservation fits into the bucket.
func TestFloorWraps(t *testing.T) {
	wrapped := 0
	rapid.Check(t, func(t *rapid.T) {
		burst := rapid.SampledFrom([]int64{1 << 61, 1 << 62, math.MaxInt64}).Draw(t, "burst")
		c := new(fakeClock)
		b := New(Per(burst, time.Nanosecond), burst, Options{Now: c.Now})
		var all []*Reservation
		for range rapid.IntRange(5, 40).Draw(t, "reservations") {
			n := rapid.Int64Range(1, burst).Draw(t, "n")
			if rapid.Bool().Draw(t, "all") {
				n = burst
			}
			if r, ok := b.Reserve(n, math.MaxInt64); ok {
				all = append(all, r)
			}
		}
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			per := time.Duration(rapid.SampledFrom([]int64{1, 1000, 1 << 40, math.MaxInt64 - 1, math.MaxInt64}).Draw(t, "per"))
			require.NoError(t, b.Set(Every(per), rapid.SampledFrom([]int64{burst, math.MaxInt64}).Draw(t, "new burst")))
			for range rapid.IntRange(1, 4).Draw(t, "cancels") {
				b.mu.Lock()
				s, now := b.current()
				z, got, want := s.load(), b.floor(s, now), exactFloor(b, s, now)
				b.mu.Unlock()
				if got.big().Cmp(want) != 0 {
					wrapped++
				}
				if want.Cmp(z.big()) > 0 {
					want = z.big()
				}
				require.Equal(t, want.String(), got.min(z).big().String(), "how far z may move back")
				i := rapid.IntRange(0, len(all)-1).Draw(t, "which")
				all[i].Cancel()
			}
		}
	})
	require.Positive(t, wrapped, "no sum exceeded 128 bits")
}
