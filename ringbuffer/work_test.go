package ringbuffer

import (
	"bytes"
	"context"
	"io"
	"testing"

	"example.com/flatline/internal/bench"
)

// The benchmarks of this file are for counting: examples/study counts their work. The
// times of the same operations are measured in bench_test.go.

// sink discards what is written to it. (The name of a row has the operations that it
// calls, and Discard is one.)
var sink = io.Discard

// eachRing calls op with a full ring of n that overwrites the oldest item.
func eachRing(b *testing.B, op func(r *Ring[int], n, i int)) {
	bench.Work(b, func(b *testing.B, n int) {
		r := New[int](n, Options{OnFull: OverwriteOldest})
		r.PushSlice(make([]int, n))
		for i := 0; b.Loop(); i++ {
			op(r, n, i)
		}
	})
}

func BenchmarkRing_Peek(b *testing.B)    { eachRing(b, func(r *Ring[int], _, _ int) { r.Peek() }) }
func BenchmarkRing_At(b *testing.B)      { eachRing(b, func(r *Ring[int], n, i int) { r.At(i % n) }) }
func BenchmarkRing_Len(b *testing.B)     { eachRing(b, func(r *Ring[int], _, _ int) { r.Len() }) }
func BenchmarkRing_Cap(b *testing.B)     { eachRing(b, func(r *Ring[int], _, _ int) { r.Cap() }) }
func BenchmarkRing_Dropped(b *testing.B) { eachRing(b, func(r *Ring[int], _, _ int) { r.Dropped() }) }

func BenchmarkRing_Readable(b *testing.B) { eachRing(b, func(r *Ring[int], _, _ int) { r.Readable() }) }

func BenchmarkRing_Writable(b *testing.B) { eachRing(b, func(r *Ring[int], _, _ int) { r.Writable() }) }

// One item is written in place, and popped.
func BenchmarkRing_CommitPop(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		r := New[int](n)
		r.PushSlice(make([]int, n/2))
		for b.Loop() {
			r.Commit(1)
			r.Pop()
		}
	})
}

// refilled empties a ring of n with op and fills it again.
func refilled(b *testing.B, op func(r *Ring[int], n int)) {
	bench.Work(b, func(b *testing.B, n int) {
		r, vs := New[int](n), make([]int, n)
		r.PushSlice(vs)
		for b.Loop() {
			op(r, n)
			r.PushSlice(vs)
		}
	})
}

func BenchmarkRing_DiscardPushSlice(b *testing.B) {
	refilled(b, func(r *Ring[int], n int) { r.Discard(n) })
}

func BenchmarkRing_ClearPushSlice(b *testing.B) {
	refilled(b, func(r *Ring[int], _ int) { r.Clear() })
}

func BenchmarkRing_DrainPushSlice(b *testing.B) {
	refilled(b, func(r *Ring[int], _ int) {
		for range r.Drain() {
		}
	})
}

func BenchmarkRing_All(b *testing.B) {
	eachRing(b, func(r *Ring[int], _, _ int) {
		for range r.All() {
		}
	})
}

func BenchmarkRing_Backward(b *testing.B) {
	eachRing(b, func(r *Ring[int], _, _ int) {
		for range r.Backward() {
		}
	})
}

// The capacity of a ring of n items is doubled and halved.
func BenchmarkRing_Resize(b *testing.B) {
	eachRing(b, func(r *Ring[int], n, _ int) {
		_ = r.Resize(2 * n)
		_ = r.Resize(n)
	})
}

func BenchmarkSync_All(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := NewSync[int](n)
		s.PushSlice(make([]int, n))
		for b.Loop() {
			for range s.All() {
			}
		}
	})
}

func BenchmarkSync_Backward(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := NewSync[int](n)
		s.PushSlice(make([]int, n))
		for b.Loop() {
			for range s.Backward() {
			}
		}
	})
}

// n bytes are read from a source, and written.
func BenchmarkBytes_ReadFromWriteTo(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		r, p := NewBytes(n+1), bytes.NewReader(make([]byte, n))
		for b.Loop() {
			_, _ = p.Seek(0, io.SeekStart)
			_, _ = r.ReadFrom(p)
			_, _ = r.WriteTo(sink)
		}
	})
}

func BenchmarkSync_Refused(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := NewSync[int](n)
		for b.Loop() {
			s.Refused()
		}
	})
}

// The item is there.
func BenchmarkSync_Wait(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := NewSync[int](n)
		s.PushSlice(make([]int, n))
		ctx := context.Background()
		for i := 0; b.Loop(); i++ {
			_, _ = s.Wait(ctx, uint64(i%n))
		}
	})
}

func BenchmarkSync_Numbers(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := NewSync[int](n)
		s.PushSlice(make([]int, n))
		for b.Loop() {
			s.Numbers()
		}
	})
}

func BenchmarkPipe_WriteContextReadContext(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		q, p := NewPipe(n), make([]byte, n)
		for b.Loop() {
			_, _ = q.WriteContext(context.Background(), p)
			_, _ = q.ReadContext(context.Background(), p)
		}
	})
}

// n bytes are read from a source and read back; one byte stays free, so that ReadFrom
// need not wait to see the end.
func BenchmarkPipe_ReadFromRead(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		q, p := NewPipe(n+1), make([]byte, n)
		src := bytes.NewReader(p)
		for b.Loop() {
			src.Reset(p)
			_, _ = q.ReadFrom(src)
			_, _ = q.Read(p)
		}
	})
}

func open(capacity int) *Pipe { return NewPipe(capacity) }

// WriteTo ends with the pipe: each turn makes one.
func BenchmarkPipe_WriteCloseWriteTo(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		p := make([]byte, n)
		for b.Loop() {
			q := open(n)
			_, _ = q.Write(p)
			_ = q.Close()
			_, _ = q.WriteTo(sink)
		}
	})
}

// The first call closes the pipe; later ones cost no more.
func BenchmarkPipe_CloseWithError(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		q := NewPipe(n)
		for b.Loop() {
			_ = q.CloseWithError(nil)
		}
	})
}

func BenchmarkBytes_WriteStringRead(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		r, p := NewBytes(n), make([]byte, n)
		text := string(p)
		for b.Loop() {
			_, _ = r.WriteString(text)
			_, _ = r.Read(p)
		}
	})
}

func BenchmarkBytes_Peek(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		r := NewBytes(n)
		_, _ = r.Write(make([]byte, n))
		for b.Loop() {
			r.Peek(n)
		}
	})
}
