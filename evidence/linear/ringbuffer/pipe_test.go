package ringbuffer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/ringbuffer"
)

// A pcall is one operation of a pipe.
type pcall struct {
	op     string
	b      string // the bytes to write
	n      int    // the number of bytes to read
	within int    // how long it may wait: a number of yields of another goroutine
}

type presult struct {
	b   string // the bytes that were read
	n   int    // how many bytes were written, or the length
	err error
}

// A stream is the model: the bytes in the pipe.
type stream struct {
	b      string
	closed bool
}

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

// splitPipe divides a write into single bytes: they are written one by one, but with no
// other writer's bytes between them.
func splitPipe(in pcall, out presult) (steps []history.Step[pcall, presult]) {
	if in.op != "Write" {
		return []history.Step[pcall, presult]{{In: in, Out: out}}
	}
	for _, c := range in.b[:out.n] {
		steps = append(steps, history.Step[pcall, presult]{In: pcall{op: "Write", b: string(c)}, Out: presult{n: 1}})
	}
	if out.n < len(in.b) || out.err != nil {
		steps = append(steps, history.Step[pcall, presult]{In: pcall{op: "Write"}, Out: presult{err: out.err}})
	}
	return steps
}

func stepPipe(capacity int) func(s stream, in pcall, out presult) []stream {
	return func(s stream, in pcall, out presult) []stream {
		if errors.Is(out.err, context.Canceled) {
			return history.Is(out.b == "", s)
		}
		switch in.op {
		case "Write":
			if out.err != nil {
				return history.Is(s.closed && out.err == io.ErrClosedPipe, s)
			}
			return history.Is(!s.closed && len(s.b) < capacity, stream{s.b + in.b, s.closed})
		case "Read":
			if out.err != nil {
				return history.Is(out.err == io.EOF && s.closed && s.b == "" && out.b == "", s)
			}
			k := len(out.b)
			return history.Is(k > 0 && k <= len(s.b) && s.b[:min(k, len(s.b))] == out.b, stream{s.b[min(k, len(s.b)):], s.closed})
		case "Len":
			return history.Is(out.n == len(s.b), s)
		case "Close":
			return history.Is(true, stream{s.b, true})
		}
		panic(in.op)
	}
}

// TestPipe has writers, readers, and a Close at any time. The tests of the package cover
// ReadFrom: it has no context, and a history has to end.
func TestPipe(t *testing.T) {
	for _, capacity := range []int{1, 2, 3} {
		t.Run(fmt.Sprint("capacity=", capacity), func(t *testing.T) {
			history.Check(t, history.Type[*ringbuffer.Pipe, pcall, presult, stream]{
				Name: fmt.Sprintf("ringbuffer.Pipe, capacity %d", capacity),
				New: func(r *rand.Rand) *ringbuffer.Pipe {
					p := ringbuffer.NewPipe(capacity)
					for range r.IntN(4) { // a history begins at any offset of the buffer
						_, _ = p.Write([]byte{0})
						_, _ = p.Read(make([]byte, 1))
					}
					return p
				},
				Input: drawPipe,
				Do:    doPipe,
				Split: splitPipe,
				Init:  func() (s stream) { return s },
				Step:  stepPipe(capacity),
				Equal: func(a, b stream) bool { return a == b },
			})
		})
	}
}
