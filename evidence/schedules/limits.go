package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"example.com/flatline/evidence/internal/history"
	limitmodel "example.com/flatline/evidence/linear/ratelimit"
	"example.com/flatline/internal/weave/sched"
	"example.com/flatline/ratelimit"
)

func limitSubjects() []subject {
	n := func(op string, n int64) op[limitmodel.In] {
		return fixed(fmt.Sprintf("%s(%d)", op, n), limitmodel.Call(op, 0, n, 0))
	}
	final := []op[limitmodel.In]{n("Tokens", 0)}
	bucket := limitmodel.Type("ratelimit.Bucket", func() *ratelimit.Bucket { return ratelimit.New(ratelimit.Rate{}, 6) }, limitmodel.DoBucket)
	newKeyed := func() *ratelimit.Keyed[int] { return ratelimit.NewKeyed[int](ratelimit.Rate{}, 6) }
	keyed := limitmodel.Type("ratelimit.Keyed", newKeyed, limitmodel.DoKeyed)
	// A key that a caller has to wait for moves to its own bucket, and back.
	promised := limitmodel.Type("ratelimit.Keyed, promised", newKeyed, limitmodel.DoKeyed)
	log := limitmodel.Type("ratelimit.SlidingLog", func() window { return ratelimit.NewSlidingLog(6, time.Hour) }, doWindow)
	counter := limitmodel.Type("ratelimit.SlidingCounter", func() window { return ratelimit.NewSlidingCounter(6, time.Hour) }, doWindow)
	windows := one(n("Allow", 1), n("Take", 3), n("Take", 6), n("Tokens", 0))
	return []subject{
		newPlan("ratelimit", bucket, one(n("Allow", 1), n("Take", 4), n("TakeUpTo", 4), n("Refund", 2), n("Set", 1), n("Set", 2), n("Tokens", 0)),
			final, []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"}),
		newPlan("ratelimit", keyed, one(n("Allow", 1), n("Take", 4), n("Key", 3), n("Delete", 0)), final, []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"}),
		newPlan("ratelimit", promised, one(fixed("Wait", limitmodel.Call("Wait", 0, 1, 0)), fixed("WaitN(4)", limitmodel.Call("Wait", 0, 4, 0)), n("Take", 4), n("Refund", 2), n("Delete", 0)),
			final, []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"}),
		newPlan("ratelimit", log, windows, final, []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"}),
		newPlan("ratelimit", counter, windows, final, []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"}),
		waitSubject(),
	}
}

type window interface {
	Allow() bool
	Take(n int64) ratelimit.Decision
}

func doWindow(l window, in limitmodel.In) int64 {
	switch op, _, n := in.Op(); {
	case op == "Tokens":
		return l.Take(0).Remaining
	case op == "Allow":
		if l.Allow() {
			return 1
		}
	case l.Take(n).OK:
		return 1
	}
	return 0
}

// A waiting is a Bucket of one token per second, empty at the start, with the clock of
// the run.
type waiting struct {
	b     *ratelimit.Bucket
	ctx   *sched.Context
	begun time.Time
}

type waitState struct {
	tokens int64 // tokens granted so far
	seen   int64 // the latest second at which a token was granted
	ended  bool
}

type waitResult struct {
	ok bool
	at int64 // second of the return
}

func (w *waiting) do(op string) (out waitResult) {
	switch op {
	case "Wait":
		out.ok = w.b.Wait(context.Background()) == nil
	case "Wait…":
		out.ok = w.b.Wait(w.ctx) == nil
	case "Allow":
		out.ok = w.b.Allow()
	case "Refund":
		w.b.Refund(1)
	case "Set":
		out.ok = w.b.Set(ratelimit.Every(time.Second/2), 2) == nil
	case "cancel":
		w.ctx.Cancel(context.Canceled)
	case "second":
		sched.Advance(time.Second)
	}
	out.at = int64(sched.Now().Sub(w.begun) / time.Second)
	return out
}

// waitSubject has the sleepers, whose timers fire when no goroutine can go on. Each
// sleeper wakes. At any second no more tokens have been granted than existed: one per
// second, twice as many after a Set, and those that a Refund returned.
func waitSubject() subject {
	zero := int64(0)
	ty := history.Type[*waiting, string, waitResult, waitState]{
		Name: "ratelimit.Bucket, Wait",
		New: func(*rand.Rand) *waiting {
			return &waiting{
				b:   ratelimit.New(ratelimit.Every(time.Second), 2, ratelimit.Options{Initial: &zero}),
				ctx: sched.WithCancel(context.Background()), begun: sched.Now(),
			}
		},
		Do:   (*waiting).do,
		Init: func() (s waitState) { return s },
		Step: func(s waitState, op string, out waitResult) []waitState {
			switch op {
			case "Wait", "Wait…", "Allow":
				if !out.ok {
					return history.Is(op != "Wait" && (op != "Wait…" || s.ended), s)
				}
				s.tokens++
				s.seen = max(s.seen, out.at)
				return history.Is(s.tokens <= s.seen, s)
			case "Refund":
				s.tokens--
			case "Set": // from now on at most twice as many: counted from the start, so as not to be too strict
				s.tokens -= 1 << 20
			case "cancel":
				s.ended = true
			}
			return history.Is(true, s)
		},
	}
	ops := func(names ...string) (ops []op[string]) {
		for _, name := range names {
			ops = append(ops, fixed(name, name))
		}
		return ops
	}
	return newPlan("ratelimit", ty, one(ops("Wait", "Wait…", "Allow", "cancel", "Refund", "second", "Set")...), nil,
		[]string{"1+1", "2+1"}, []string{"2+2", "1+1+1"})
}
