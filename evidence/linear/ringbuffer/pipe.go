package ringbuffer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"example.com/flatline/evidence/internal/history"
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

// splitPipe divides a write into single bytes: they are written one by one, but with no
// other writer's bytes between them.
func splitPipe(in pcall, out presult) (steps []history.Step[pcall, presult]) {
	if in.kind() != "Write" {
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
		switch in.kind() {
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
		case "cancel":
			return history.Is(true, s)
		}
		panic(in.op)
	}
}

// PipeIn is an operation of a pipe.
type PipeIn = pcall

// PipeOut is its result.
type PipeOut = presult

// PipeCall is an operation: what a Write writes, and how many bytes a Read asks for.
func PipeCall(op, b string, n int) PipeIn { return pcall{op: op, b: b, n: n} }

// kind is the operation without the mark of one whose context may end.
func (in pcall) kind() string { return strings.TrimSuffix(in.op, "…") }

// Op returns the operation, and what it writes.
func (in pcall) Op() (op, b string) { return in.op, in.b }

// PipeResult is a result.
func PipeResult(b string, n int, err error) PipeOut { return presult{b, n, err} }

// Pipe is the histories of a pipe of some bytes, or of what has one.
func Pipe[T any](capacity int, create func(*rand.Rand) T, do func(T, PipeIn) PipeOut) history.Type[T, PipeIn, PipeOut, stream] {
	return history.Type[T, PipeIn, PipeOut, stream]{
		Name: fmt.Sprintf("ringbuffer.Pipe, capacity %d", capacity),
		New:  create, Do: do, Split: splitPipe,
		Init:  func() (s stream) { return s },
		Step:  stepPipe(capacity),
		Equal: func(a, b stream) bool { return a == b },
	}
}
