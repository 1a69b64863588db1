package ringbuffer

import (
	"runtime"
	"testing"

	"example.com/flatline/internal/bench"
)

// The rings are half full, so that the benchmarks go round; a push and a pop are one
// operation, since one cannot go on without the other.

func BenchmarkRing_Push(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		r := New[int](n, Options{OnFull: OverwriteOldest})
		for i := range n {
			_ = r.Push(i)
		}
		m := bench.Steps(b, &r.steps)
		for i := 0; b.Loop(); i++ {
			_ = r.Push(i)
			m.Op()
		}
		m.Report()
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		r := newTextbook[int](n, OverwriteOldest)
		for i := range n {
			_ = r.Push(i)
		}
		for i := 0; b.Loop(); i++ {
			_ = r.Push(i)
		}
	})
}

func BenchmarkRing_Pop(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		r := New[int](n)
		r.PushSlice(make([]int, n/2))
		m := bench.Steps(b, &r.steps)
		for i := 0; b.Loop(); i++ {
			_ = r.Push(i)
			r.Pop()
			m.Op()
		}
		m.Report()
	})
}

// n is the length of the slice here, pushed and popped.
func BenchmarkRing_PushSlice(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		r := New[int](n)
		vs := make([]int, n)
		m := bench.Steps(b, &r.steps)
		for b.Loop() {
			r.PushSlice(vs)
			r.PopInto(vs)
			m.Op()
		}
		m.Report()
	})
}

func BenchmarkSync_Push(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		s := NewSync[int](n, Options{OnFull: OverwriteOldest})
		s.PushSlice(make([]int, n))
		m := bench.Steps(b, &s.r.steps)
		for i := 0; b.Loop(); i++ {
			_ = s.Push(i)
			m.Op()
		}
		m.Report()
	})
}

// n is the number of items that are replayed.
func BenchmarkSync_Since(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		s := NewSync[int](n)
		s.PushSlice(make([]int, n))
		m := bench.Steps(b, &s.r.steps)
		sum := 0
		for b.Loop() {
			seq, _ := s.Since(0)
			for _, v := range seq {
				sum += v
			}
			m.Op()
		}
		m.Report()
	})
}

func BenchmarkSPSC_TryPushTryPop(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		q := NewSPSC[int](n)
		q.PushSlice(make([]int, n/2))
		m := bench.Steps(b, &q.steps)
		for i := 0; b.Loop(); i++ {
			q.TryPush(i)
			q.TryPop()
			m.Op()
		}
		m.Report()
	})
}

func BenchmarkMPMC_TryPushTryPop(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		q := NewMPMC[int](n)
		q.PushSlice(make([]int, n/2))
		m := bench.Steps(b, &q.q.Steps)
		for i := 0; b.Loop(); i++ {
			q.TryPush(i)
			q.TryPop()
			m.Op()
		}
		m.Report()
	})
}

// Two goroutines: the time of one item from end to end, with the processors as busy as
// they can be.
func BenchmarkSPSC_Stream(b *testing.B) {
	bench.Sweep(b, "pair", func(b *testing.B, n int) {
		q := NewSPSC[int](n)
		stream(b, q.TryPush, q.TryPop)
	})
	b.Run("impl=channel/n=2048", func(b *testing.B) {
		c := make(chan int, 2048)
		stream(b, func(v int) bool { c <- v; return true }, func() (int, bool) { return <-c, true })
	})
}

func stream(b *testing.B, push func(int) bool, pop func() (int, bool)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if v, ok := pop(); !ok {
				runtime.Gosched()
			} else if v < 0 {
				return
			}
		}
	}()
	send := func(v int) {
		for !push(v) {
			runtime.Gosched()
		}
	}
	for b.Loop() {
		send(1)
	}
	send(-1)
	<-done
}

// n is the length of what is written and read.
func BenchmarkBytes_Write(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		r := NewBytes(n)
		p := make([]byte, n)
		b.SetBytes(int64(n))
		m := bench.Steps(b, &r.r.steps)
		for b.Loop() {
			_, _ = r.Write(p)
			_, _ = r.Read(p)
			m.Op()
		}
		m.Report()
	})
}

func BenchmarkBytes_WriteByte(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		r := NewBytes(n)
		_, _ = r.Write(make([]byte, n/2))
		m := bench.Steps(b, &r.r.steps)
		for b.Loop() {
			_ = r.WriteByte('x')
			_, _ = r.ReadByte()
			m.Op()
		}
		m.Report()
	})
}
