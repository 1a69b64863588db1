package ringbuffer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/ringbuffer"
)

func drawPipe(r *rand.Rand, client int) pcall {
	ops := []string{"Write", "Read", "Write", "Read", "Len"}
	ops = append(ops, [][]string{{"Write", "Write"}, {"Read", "Read"}, {"Write", "Read"}}[client]...)
	in := pcall{op: ops[r.IntN(len(ops))], n: 1 + r.IntN(4), within: r.IntN(200)}
	for range in.n {
		in.b += string(rune('a' + r.IntN(26)))
	}
	if r.IntN(60) == 0 {
		in.op = "Close"
	}
	return in
}

func doPipe(p *ringbuffer.Pipe, in pcall) (out presult) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if in.op == "Write" || in.op == "Read" {
		go func() {
			for range in.within {
				runtime.Gosched()
			}
			cancel()
		}()
	}
	switch in.op {
	case "Write":
		out.n, out.err = p.WriteContext(ctx, []byte(in.b))
	case "Read":
		b := make([]byte, in.n)
		n, err := p.ReadContext(ctx, b)
		out.b, out.err = string(b[:n]), err
	case "Len":
		out.n = p.Len()
	case "Close":
		if in.n%2 == 0 {
			_ = p.CloseWithError(nil)
		} else {
			_ = p.Close()
		}
	}
	return out
}

// TestPipe has writers, readers, and a Close at any time. The tests of the package cover
// ReadFrom: it has no context, and a history has to end.
func TestPipe(t *testing.T) {
	for _, capacity := range []int{1, 2, 3} {
		t.Run(fmt.Sprint("capacity=", capacity), func(t *testing.T) {
			ty := Pipe(capacity, func(r *rand.Rand) *ringbuffer.Pipe {
				p := ringbuffer.NewPipe(capacity)
				for range r.IntN(4) { // a history begins at any offset of the buffer
					_, _ = p.Write([]byte{0})
					_, _ = p.Read(make([]byte, 1))
				}
				return p
			}, doPipe)
			ty.Input = drawPipe
			history.Check(t, ty)
		})
	}
}
