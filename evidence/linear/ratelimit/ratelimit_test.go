// Package ratelimit checks recorded histories of ratelimit's limiters. Time stands
// still here (nothing is ever gained, or a window is an hour), for a clock that two
// takers read in one order and use in the other has no place in a sequential model;
// what time brings is bounded by the window inequality in the package's own tests.
package ratelimit

import (
	"math/rand/v2"
	"testing"
	"time"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/ratelimit"
)

type call struct {
	op string
	k  int
	n  int64
}

type state struct{ tokens, burst int64 }

const burst = 6

// wide is a burst that fits in no word.
const wide = 1 << 62

func take(s state, in call, out int64) []state {
	want, next := int64(0), s
	switch in.op {
	case "Allow", "Take":
		if in.n <= s.tokens && in.n <= s.burst {
			want, next.tokens = 1, s.tokens-in.n
		}
	case "TakeUpTo":
		want = min(in.n, max(s.tokens, 0))
		next.tokens -= want
	case "Refund":
		next.tokens = min(s.tokens+in.n, s.burst)
	case "Set":
		next.burst = burst
		if in.n == 1 {
			next.burst = wide
		}
		next.tokens = min(s.tokens, next.burst)
	case "Tokens":
		want = s.tokens
	case "Delete": // a bucket that is full need not be kept
		next = state{burst, burst}
		return history.Is(out == 1 || s == next, next)
	}
	return history.Is(out == want, next)
}

func bit(ok bool) int64 {
	if ok {
		return 1
	}
	return 0
}

func TestBucket(t *testing.T) {
	history.Check(t, history.Type[*ratelimit.Bucket, call, int64, state]{
		Name: "ratelimit.Bucket",
		New:  func(*rand.Rand) *ratelimit.Bucket { return ratelimit.New(ratelimit.Rate{}, burst) },
		Input: func(r *rand.Rand, _ int) call {
			ops := []string{"Allow", "Allow", "Allow", "Take", "TakeUpTo", "Refund", "Set", "Set", "Tokens"}
			return call{op: ops[r.IntN(len(ops))], n: 1 + r.Int64N(2)}
		},
		Do: func(b *ratelimit.Bucket, in call) int64 {
			switch in.op {
			case "Allow":
				return bit(b.AllowN(in.n))
			case "Take":
				return bit(b.Take(in.n).OK)
			case "TakeUpTo":
				return b.TakeUpTo(in.n)
			case "Refund":
				b.Refund(in.n)
			case "Set":
				size := int64(burst)
				if in.n == 1 {
					size = wide
				}
				_ = b.Set(ratelimit.Rate{}, size)
			case "Tokens":
				return int64(b.Tokens())
			}
			return 0
		},
		Init: func() state { return state{burst, burst} },
		Step: take,
	})
}

func TestKeyed(t *testing.T) {
	history.Check(t, history.Type[*ratelimit.Keyed[int], call, int64, state]{
		Name: "ratelimit.Keyed",
		New:  func(*rand.Rand) *ratelimit.Keyed[int] { return ratelimit.NewKeyed[int](ratelimit.Rate{}, burst) },
		Input: func(r *rand.Rand, _ int) call {
			ops := []string{"Allow", "Allow", "Allow", "Take", "Delete", "Tokens"}
			return call{op: ops[r.IntN(len(ops))], k: r.IntN(3), n: 1 + r.Int64N(3)}
		},
		Do: func(x *ratelimit.Keyed[int], in call) int64 {
			switch in.op {
			case "Allow", "Take":
				return bit(x.Take(in.k, in.n).OK)
			case "Delete":
				return bit(x.Delete(in.k))
			default:
				return x.Take(in.k, 0).Remaining
			}
		},
		Init: func() state { return state{burst, burst} },
		Step: take,
		Part: func(in call) int { return in.k },
	})
}

func TestSlidingLog(t *testing.T) {
	history.Check(t, history.Type[*ratelimit.SlidingLog, call, int64, state]{
		Name: "ratelimit.SlidingLog",
		New:  func(*rand.Rand) *ratelimit.SlidingLog { return ratelimit.NewSlidingLog(burst, time.Hour) },
		Input: func(r *rand.Rand, _ int) call {
			return call{op: []string{"Allow", "Take", "Tokens"}[r.IntN(3)], n: 1 + r.Int64N(2)}
		},
		Do: func(l *ratelimit.SlidingLog, in call) int64 {
			if in.op == "Tokens" {
				return l.Take(0).Remaining
			}
			return bit(l.Take(in.n).OK)
		},
		Init: func() state { return state{burst, burst} },
		Step: take,
	})
}
