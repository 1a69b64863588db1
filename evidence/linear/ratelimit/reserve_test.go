package ratelimit

import (
	"context"
	"math/rand/v2"
	"runtime"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/ratelimit"
)

// A reserving is a Bucket, and the reservation that each client holds.
type reserving struct {
	b    *ratelimit.Bucket
	held [3]*ratelimit.Reservation
}

func (x *reserving) do(in call) (out int64) {
	switch r := &x.held[in.client]; in.op {
	case "Reserve":
		got, ok := x.b.Reserve(in.n, 0)
		if ok {
			*r = got
		}
		return bit(ok)
	case "Cancel":
		if *r != nil {
			(*r).Cancel()
			if (*r).Delay() != 0 {
				return -1
			}
			*r = nil
		}
	case "Allow":
		return bit(x.b.AllowN(in.n))
	case "Tokens":
		return int64(x.b.Tokens())
	}
	return 0
}

// TestReservation: reserved tokens are taken, and a Cancel returns no more than was
// reserved.
func TestReservation(t *testing.T) {
	history.Check(t, history.Type[*reserving, call, int64, state]{
		Name: "ratelimit.Reservation",
		New:  func(*rand.Rand) *reserving { return &reserving{b: ratelimit.New(ratelimit.Rate{}, burst)} },
		Input: func(r *rand.Rand, client int) call {
			ops := []string{"Reserve", "Reserve", "Cancel", "Cancel", "Allow", "Tokens"}
			return call{op: ops[r.IntN(len(ops))], n: 1 + r.Int64N(3), client: client}
		},
		Do:   (*reserving).do,
		Init: func() state { return full },
		Step: take,
	})
}

// TestPacer: time stands still, so there is at most one turn. Set adds none.
func TestPacer(t *testing.T) {
	history.Check(t, history.Type[*ratelimit.Pacer, string, bool, bool]{
		Name: "ratelimit.Pacer",
		Ops:  3,
		New:  func(*rand.Rand) *ratelimit.Pacer { return ratelimit.NewPacer(ratelimit.Rate{}, 0) },
		Input: func(r *rand.Rand, _ int) string {
			return []string{"TryNext", "Wait", "Set"}[r.IntN(3)]
		},
		Do: func(p *ratelimit.Pacer, op string) (ok bool) {
			switch op {
			case "TryNext":
				_, ok = p.TryNext()
			case "Wait":
				ctx, cancel := context.WithCancel(context.Background())
				go func() {
					for range 20 {
						runtime.Gosched()
					}
					cancel()
				}()
				ok = p.Wait(ctx) == nil
			case "Set":
				p.Set(ratelimit.Rate{})
			}
			return ok
		},
		Init: func() bool { return true },
		Step: func(turn bool, op string, ok bool) []bool {
			switch {
			case op == "TryNext":
				return history.Is(ok == turn, false)
			case op == "Wait" && ok:
				return history.Is(turn, false)
			}
			return history.Is(!ok, turn) // a Wait that gave up changes nothing
		},
	})
}
