// Package ratelimit checks recorded histories of ratelimit's limiters. Time stands still
// here (no token is ever gained, or a window is an hour), because a sequential model
// cannot describe a clock that two takers read in one order and use in the other. The
// tokens gained over time are checked by the window inequality in the package's own
// tests.
package ratelimit

import (
	"context"
	"math/rand/v2"
	"time"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/ratelimit"
)

type call struct {
	op     string
	k      int
	n      int64
	client int
}

type state struct {
	tokens, burst int64
	held          [3]int64 // by the reservation of each client
}

const burst = 6

// wide is a burst that does not fit in a word.
const wide = 1 << 62

// full is an unused limiter.
var full = state{tokens: burst, burst: burst}

func take(s state, in call, out int64) []state {
	want, next := int64(0), s
	switch in.op {
	case "Allow", "Take", "Key", "Wait", "Book":
		if in.n <= s.tokens && in.n <= s.burst {
			want, next.tokens = 1, s.tokens-in.n
		}
	case "TakeUpTo":
		want = min(in.n, max(s.tokens, 0))
		next.tokens -= want
	case "Reserve":
		if in.n <= s.tokens && in.n <= s.burst {
			want, next.tokens, next.held[in.client] = 1, s.tokens-in.n, in.n
		}
	case "Cancel": // others have taken since, so less may be returned
		all := s.held[in.client]
		next.held[in.client] = 0
		var any []state
		for n := range all + 1 {
			next.tokens = min(s.tokens+n, s.burst)
			any = append(any, next)
		}
		return any
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
		next = full
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

// Call is an operation for a key and n tokens; client is the holder of the reservation.
func Call(op string, k int, n int64, client int) call { return call{op, k, n, client} }

// Op returns the name, the key and the number of an operation.
func (in call) Op() (op string, k int, n int64) { return in.op, in.k, in.n }

// Type is the histories of a limiter of six tokens that gains none.
func Type[T any](name string, make func() T, do func(T, call) int64) history.Type[T, call, int64, state] {
	return history.Type[T, call, int64, state]{
		Name: name, New: func(*rand.Rand) T { return make() }, Do: do, Init: func() state { return full }, Step: take,
	}
}

// DoBucket does an operation on a Bucket.
func DoBucket(b *ratelimit.Bucket, in call) int64 {
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
}

// DoKeyed does an operation on a Keyed.
func DoKeyed(x *ratelimit.Keyed[int], in call) int64 {
	switch in.op {
	case "Allow":
		if in.n == 1 {
			return bit(x.Allow(in.k))
		}
		return bit(x.Take(in.k, in.n).OK)
	case "Take":
		return bit(x.Take(in.k, in.n).OK)
	case "Key":
		return bit(x.Key(in.k).Take(in.n).OK)
	case "Wait": // time stands still: the tokens are there now, or never
		if in.n == 1 {
			return bit(x.Wait(context.Background(), in.k) == nil)
		}
		return bit(x.WaitN(context.Background(), in.k, in.n) == nil)
	case "Book": // and never cancel
		_, ok := x.Reserve(in.k, in.n, time.Hour)
		return bit(ok)
	case "Refund":
		x.Refund(in.k, in.n)
		return 0
	case "Delete":
		return bit(x.Delete(in.k))
	default:
		return x.Take(in.k, 0).Remaining
	}
}

// In is an operation.
type In = call
