package main

import (
	"context"
	"errors"
	"math/rand/v2"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/internal/weave/sched"
	"example.com/flatline/ringbuffer"
)

// Followers wait for items of a ring of one by number. A Wait returns the item, or says
// that it was overwritten, or that its context ended; none goes on waiting for an item that
// was pushed.

type followed struct {
	*ringbuffer.Sync[int]
	ctx *sched.Context // of what can be cancelled
}

// A followCall is an operation: Wait with a context that ends has the name "Wait…".
type followCall struct {
	op     string
	v, seq int
}

type followResult struct {
	v                   int
	overwritten, gaveUp bool
}

// A followState is the ring: the number of the item that is in it or comes next.
type followState struct {
	first, n, v int
	cancelled   bool
}

func (f *followed) do(in followCall) (out followResult) {
	ctx := context.Background()
	switch in.op {
	case "Push":
		seq, _ := f.Push(in.v)
		out.v = int(seq)
	case "Clear":
		f.Clear()
	case "cancel":
		f.ctx.Cancel(context.Canceled)
	case "Wait…", "Wait":
		if in.op == "Wait…" {
			ctx = f.ctx
		}
		var lost *ringbuffer.OverwrittenError
		v, err := f.Wait(ctx, uint64(in.seq))
		out = followResult{v, errors.As(err, &lost), errors.Is(err, context.Canceled)}
	}
	return out
}

func followStep(st followState, in followCall, out followResult) []followState {
	next := st
	switch in.op {
	case "Push":
		next.first, next.n, next.v = st.first+st.n, 1, in.v
		return history.Is(out.v == next.first, next)
	case "Clear":
		next.first, next.n = st.first+st.n, 0
	case "cancel":
		next.cancelled = true
	default:
		switch {
		case out.gaveUp:
			return history.Is(in.op == "Wait…" && st.cancelled, st)
		case out.overwritten:
			return history.Is(in.seq < st.first, st)
		}
		return history.Is(st.n == 1 && in.seq == st.first && out.v == st.v, st)
	}
	return history.Is(true, next)
}

func followSubject() subject {
	wait := func(text, op string, seq int) op[followCall] { return fixed(text, followCall{op, 0, seq}) }
	push := letter("Push", func(v int) followCall { return followCall{"Push", v, 0} })
	cancel, empty := fixed("cancel", followCall{op: "cancel"}), fixed("Clear", followCall{op: "Clear"})
	ty := history.Type[*followed, followCall, followResult, followState]{
		Name: "ringbuffer.Sync, followed",
		New: func(*rand.Rand) *followed {
			return &followed{ringbuffer.NewSync[int](1, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest}), sched.WithCancel(context.Background())}
		},
		Do:   (*followed).do,
		Init: func() (st followState) { return st },
		Step: followStep,
	}
	p := newPlan("ringbuffer", ty, one(push, wait("Wait(0)", "Wait", 0), wait("Wait(0)…", "Wait…", 0), wait("Wait(1)", "Wait", 1), cancel, empty), nil,
		[]string{"1+1", "2+1"}, []string{"2+2", "1+1+1"})
	p.stuck = func(f *followed, waiting []followCall) string {
		_, next := f.Numbers()
		for _, in := range waiting {
			switch {
			case uint64(in.seq) < next:
				return "its item was pushed"
			case in.op == "Wait…" && f.ctx.Ended():
				return "its context has ended"
			}
		}
		return ""
	}
	p.rescue = []op[followCall]{cancel, push, push}
	return p
}
