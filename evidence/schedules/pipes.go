package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	ringmodel "example.com/flatline/evidence/linear/ringbuffer"
	"example.com/flatline/internal/weave/sched"
	"example.com/flatline/ringbuffer"
)

// A piped is a pipe in a program.
type piped struct {
	*ringbuffer.Pipe
	ctx    *sched.Context // of what can be cancelled
	closed bool
}

func (p *piped) do(in ringmodel.PipeIn) ringmodel.PipeOut {
	op, text := in.Op()
	op, soon := strings.CutSuffix(op, "…")
	ctx := context.Background()
	if soon {
		ctx = p.ctx
	}
	switch op {
	case "Write":
		n, err := p.WriteContext(ctx, []byte(text))
		return ringmodel.PipeResult("", n, err)
	case "Read":
		b := make([]byte, 2)
		n, err := p.ReadContext(ctx, b)
		return ringmodel.PipeResult(string(b[:n]), 0, err)
	case "Len":
		return ringmodel.PipeResult("", p.Len(), nil)
	case "Close":
		_ = p.Close()
		p.closed = true
	case "cancel":
		p.ctx.Cancel(context.Canceled)
	}
	return ringmodel.PipeOut{}
}

// stuck says why one of the operations that wait should not.
func (p *piped) stuck(waiting []ringmodel.PipeIn) string {
	for _, in := range waiting {
		switch op, _ := in.Op(); {
		case strings.HasSuffix(op, "…") && p.ctx.Ended():
			return "its context has ended"
		case p.closed:
			return "the pipe is closed"
		case strings.HasPrefix(op, "Write") && p.Len() < p.Cap():
			return "there is room"
		case strings.HasPrefix(op, "Read") && p.Len() > 0:
			return "there are bytes"
		}
	}
	return ""
}

func pipeSubject(capacity int) subject {
	call := func(op string) op[ringmodel.PipeIn] { return fixed(op, ringmodel.PipeCall(op, "", 2)) }
	// What is written is one letter, or two that nothing comes between.
	write := func(op string, n int) op[ringmodel.PipeIn] {
		return letter(fmt.Sprintf("%s(%d)", op, n), func(v int) ringmodel.PipeIn {
			return ringmodel.PipeCall(op, string([]rune{'a' + rune(v), 'A' + rune(v)}[:n]), n)
		})
	}
	ty := ringmodel.Pipe(capacity, func(*rand.Rand) *piped {
		return &piped{Pipe: ringbuffer.NewPipe(capacity), ctx: sched.WithCancel(context.Background())}
	}, (*piped).do)
	ops := one(write("Write", 1), write("Write", 2), write("Write…", 2), call("Read"), call("Read…"), call("Len"), call("Close"), call("cancel"))
	p := newPlan("ringbuffer", ty, ops, []op[ringmodel.PipeIn]{call("Len")}, []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"})
	p.stuck = (*piped).stuck
	p.rescue = []op[ringmodel.PipeIn]{call("cancel"), call("Close")}
	return p
}
