package ratelimit

import (
	"math/rand/v2"
	"testing"
	"time"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/ratelimit"
)

func TestBucket(t *testing.T) {
	history.Check(t, history.Type[*ratelimit.Bucket, call, int64, state]{
		Name: "ratelimit.Bucket",
		New:  func(*rand.Rand) *ratelimit.Bucket { return ratelimit.New(ratelimit.Rate{}, burst) },
		Input: func(r *rand.Rand, _ int) call {
			ops := []string{"Allow", "Allow", "Allow", "Take", "TakeUpTo", "Refund", "Set", "Set", "Tokens"}
			return call{op: ops[r.IntN(len(ops))], n: 1 + r.Int64N(2)}
		},
		Do:   DoBucket,
		Init: func() state { return full },
		Step: take,
	})
}

func TestKeyed(t *testing.T) {
	history.Check(t, history.Type[*ratelimit.Keyed[int], call, int64, state]{
		Name: "ratelimit.Keyed",
		New:  func(*rand.Rand) *ratelimit.Keyed[int] { return ratelimit.NewKeyed[int](ratelimit.Rate{}, burst) },
		Input: func(r *rand.Rand, _ int) call {
			ops := []string{"Allow", "One", "Key", "Take", "Wait", "Book", "Refund", "Delete", "Tokens"}
			in := call{op: ops[r.IntN(len(ops))], k: r.IntN(3), n: 1 + r.Int64N(3)}
			if in.op == "One" {
				in.op, in.n = "Allow", 1
			}
			return in
		},
		Do:   DoKeyed,
		Init: func() state { return full },
		Step: take,
		Part: func(in call) int { return in.k },
	})
}

// window has the methods that SlidingLog and SlidingCounter share. Within an hour both
// are exact.
type window interface {
	Allow() bool
	Take(n int64) ratelimit.Decision
}

func checkWindow(t *testing.T, name string, make func() window) {
	history.Check(t, history.Type[window, call, int64, state]{
		Name: name,
		New:  func(*rand.Rand) window { return make() },
		Input: func(r *rand.Rand, _ int) call {
			return call{op: []string{"Allow", "Take", "Tokens"}[r.IntN(3)], n: 1 + r.Int64N(2)}
		},
		Do: func(l window, in call) int64 {
			switch {
			case in.op == "Tokens":
				return l.Take(0).Remaining
			case in.op == "Allow" && in.n == 1:
				return bit(l.Allow())
			}
			return bit(l.Take(in.n).OK)
		},
		Init: func() state { return full },
		Step: take,
	})
}

func TestSlidingLog(t *testing.T) {
	checkWindow(t, "ratelimit.SlidingLog", func() window { return ratelimit.NewSlidingLog(burst, time.Hour) })
}

func TestSlidingCounter(t *testing.T) {
	checkWindow(t, "ratelimit.SlidingCounter", func() window { return ratelimit.NewSlidingCounter(burst, time.Hour) })
}
