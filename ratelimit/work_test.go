package ratelimit

import (
	"context"
	"math"
	"testing"
	"time"

	"example.com/flatline/internal/bench"
)

// The benchmarks of this file are for counting: examples/study counts their work. The
// times of the same operations are measured in bench_test.go.

// promised returns a bucket that has made n promises, none of which falls due: its
// clock stands still.
func promised(n int) (*Bucket, []*Reservation) {
	now := time.Unix(0, 0)
	x := New(Every(time.Second), 1, Options{Now: func() time.Time { return now }})
	x.Allow()
	var all []*Reservation
	for range n {
		r, _ := x.Reserve(1, math.MaxInt64)
		all = append(all, r)
	}
	return x, all
}

// eachPromised calls op with a bucket that has made n promises.
func eachPromised(b *testing.B, op func(x *Bucket, all []*Reservation, i int)) {
	bench.Work(b, func(b *testing.B, n int) {
		x, all := promised(n)
		for i := 0; b.Loop(); i++ {
			op(x, all, i)
		}
	})
}

// No token is available while a promise is not due.
func BenchmarkBucket_AllowPromised(b *testing.B) {
	eachPromised(b, func(x *Bucket, _ []*Reservation, _ int) { x.Allow() })
}

func BenchmarkBucket_TakePromised(b *testing.B) {
	eachPromised(b, func(x *Bucket, _ []*Reservation, _ int) { x.Take(1) })
}

func BenchmarkBucket_TakeUpTo(b *testing.B) {
	eachPromised(b, func(x *Bucket, _ []*Reservation, _ int) { x.TakeUpTo(1) })
}

func BenchmarkBucket_Reserve(b *testing.B) {
	eachPromised(b, func(x *Bucket, _ []*Reservation, _ int) { x.Reserve(1, math.MaxInt64) })
}

func BenchmarkBucket_Tokens(b *testing.B) {
	eachPromised(b, func(x *Bucket, _ []*Reservation, _ int) { x.Tokens() })
}

// One promise of n is cancelled, and another one made.
func BenchmarkReservation_CancelReserve(b *testing.B) {
	eachPromised(b, func(x *Bucket, all []*Reservation, i int) {
		k := i % len(all)
		all[k].Cancel()
		all[k], _ = x.Reserve(1, math.MaxInt64)
	})
}

func BenchmarkBucket_RefundReserve(b *testing.B) {
	eachPromised(b, func(x *Bucket, _ []*Reservation, _ int) {
		x.Refund(1)
		x.Reserve(1, math.MaxInt64)
	})
}

func BenchmarkBucket_Set(b *testing.B) {
	eachPromised(b, func(x *Bucket, _ []*Reservation, i int) { _ = x.Set(Every(time.Second<<(i&1)), 1) })
}

// There is always a token, so no call waits; n is the burst.
func BenchmarkBucket_Wait(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		x := New(Every(1), int64(n))
		for b.Loop() {
			_ = x.Wait(context.Background())
		}
	})
}

func BenchmarkBucket_WaitN(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		x := New(Every(1), int64(n))
		for b.Loop() {
			_ = x.WaitN(context.Background(), 1)
		}
	})
}

// eachOfKeys calls op with n keys that are kept.
func eachOfKeys(b *testing.B, op func(x *Keyed[int], k int)) {
	bench.Work(b, func(b *testing.B, n int) {
		x, keys := NewKeyed[int](Every(time.Hour), math.MaxInt32), bench.Keys("uniform", n)
		for k := range n {
			x.Allow(k)
		}
		for i := 0; b.Loop(); i++ {
			op(x, keys[i&(len(keys)-1)])
		}
	})
}

func BenchmarkKeyed_Take(b *testing.B) {
	eachOfKeys(b, func(x *Keyed[int], k int) { x.Take(k, 1) })
}

// There is always a token.
func BenchmarkKeyed_Wait(b *testing.B) {
	eachOfKeys(b, func(x *Keyed[int], k int) { _ = x.Wait(context.Background(), k) })
}

func BenchmarkKeyed_WaitN(b *testing.B) {
	eachOfKeys(b, func(x *Keyed[int], k int) { _ = x.WaitN(context.Background(), k, 1) })
}

func BenchmarkKeyed_RefundTake(b *testing.B) {
	eachOfKeys(b, func(x *Keyed[int], k int) {
		x.Refund(k, 1)
		x.Take(k, 1)
	})
}

// The clock stands still, and each of n keys has a debt: no reservation falls due.
func BenchmarkKeyed_Reserve(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		now := time.Unix(0, 0)
		x, keys := NewKeyed(Every(time.Second), 1, KeyedOptions[int]{Now: func() time.Time { return now }}), bench.Keys("uniform", n)
		for k := range n {
			x.Allow(k)
		}
		for i := 0; b.Loop(); i++ {
			x.Reserve(keys[i&(len(keys)-1)], 1, math.MaxInt64)
		}
	})
}

// A key is deleted, and a token is taken for it again.
func BenchmarkKeyed_DeleteAllow(b *testing.B) {
	eachOfKeys(b, func(x *Keyed[int], k int) {
		x.Delete(k)
		x.Allow(k)
	})
}

func BenchmarkKeyed_Len(b *testing.B) {
	eachOfKeys(b, func(x *Keyed[int], _ int) { x.Len() })
}

func BenchmarkKeyed_All(b *testing.B) {
	eachOfKeys(b, func(x *Keyed[int], _ int) {
		for range x.All() {
		}
	})
}

// n is the number of tiers here.
func BenchmarkTakeEach(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		tiers := make([]Limiter, n)
		for i := range tiers {
			tiers[i] = New(Every(1), math.MaxInt32)
		}
		for b.Loop() {
			TakeEach(1, tiers...)
		}
	})
}
