package ringbuffer

import (
	"runtime"
	"testing"

	"example.com/flatline/internal/bench"
)

// A name has each method that one iteration of the loop calls. Where a push needs a pop
// to continue, the ring is half full and the two are measured together.

func BenchmarkRing_Push(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		r := New[int](n, Options{OnFull: OverwriteOldest})
		for i := range n {
			_ = r.Push(i)
		}
		for i := 0; b.Loop(); i++ {
			_ = r.Push(i)
		}
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

func BenchmarkRing_PushEvict(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		r := New[int](n)
		r.PushSlice(make([]int, n))
		for i := 0; b.Loop(); i++ {
			r.PushEvict(i)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		r := newTextbook[int](n, Reject)
		r.pushSlice(make([]int, n))
		for i := 0; b.Loop(); i++ {
			r.PushEvict(i)
		}
	})
}

func BenchmarkRing_PushPop(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		r := New[int](n)
		r.PushSlice(make([]int, n/2))
		for i := 0; b.Loop(); i++ {
			_ = r.Push(i)
			r.Pop()
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		r := newTextbook[int](n, Reject)
		r.pushSlice(make([]int, n/2))
		for i := 0; b.Loop(); i++ {
			_ = r.Push(i)
			r.Pop()
		}
	})
}

// n is the length of the slices. The textbook type moves its items one by one.
func BenchmarkRing_PushSlicePopInto(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		r := New[int](n)
		vs := make([]int, n)
		for b.Loop() {
			r.PushSlice(vs)
			r.PopInto(vs)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		r := newTextbook[int](n, Reject)
		vs := make([]int, n)
		for b.Loop() {
			r.pushSlice(vs)
			r.popInto(vs)
		}
	})
}

func BenchmarkSync_Push(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		s := NewSync[int](n, Options{OnFull: OverwriteOldest})
		s.PushSlice(make([]int, n))
		for i := 0; b.Loop(); i++ {
			_, _ = s.Push(i)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		r := newTextbook[int](n, OverwriteOldest)
		r.pushSlice(make([]int, n))
		for i := 0; b.Loop(); i++ {
			_ = r.Push(i)
		}
	})
}

// n is the number of items that are replayed.
func BenchmarkSync_Since(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := NewSync[int](n)
		s.PushSlice(make([]int, n))
		sum := 0
		for b.Loop() {
			seq, _ := s.Since(0)
			for _, v := range seq {
				sum += v
			}
		}
	})
}

func BenchmarkSPSC_TryPushTryPop(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		q := NewSPSC[int](n)
		q.PushSlice(make([]int, n/2))
		for i := 0; b.Loop(); i++ {
			q.TryPush(i)
			q.TryPop()
		}
	})
	// Two goroutines: the time of one item from end to end, with both processors busy.
	bench.Sweep(b, "pair", func(b *testing.B, n int) {
		q := NewSPSC[int](n)
		stream(b, q.TryPush, q.TryPop)
	})
	b.Run("impl=channel/n=2048", func(b *testing.B) {
		c := make(chan int, 2048)
		stream(b, func(v int) bool { c <- v; return true }, func() (int, bool) { return <-c, true })
	})
}

func BenchmarkMPMC_TryPushTryPop(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		q := NewMPMC[int](n)
		q.PushSlice(make([]int, n/2))
		for i := 0; b.Loop(); i++ {
			q.TryPush(i)
			q.TryPop()
		}
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

// The queue is full, so that each turn evicts.
func BenchmarkMPMC_PushEvict(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		q := NewMPMC[int](n)
		q.PushSlice(make([]int, n))
		for i := 0; b.Loop(); i++ {
			q.PushEvict(i)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		r := newTextbook[int](n, Reject)
		r.pushSlice(make([]int, n))
		for i := 0; b.Loop(); i++ {
			r.PushEvict(i)
		}
	})
}

// n is the number of bytes written and read.
func BenchmarkBytes_WriteRead(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		r := NewBytes(n)
		p := make([]byte, n)
		b.SetBytes(int64(n))
		for b.Loop() {
			_, _ = r.Write(p)
			_, _ = r.Read(p)
		}
	})
}

func BenchmarkBytes_WriteByteReadByte(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		r := NewBytes(n)
		_, _ = r.Write(make([]byte, n/2))
		for b.Loop() {
			_ = r.WriteByte('x')
			_, _ = r.ReadByte()
		}
	})
}

// n is the number of bytes written and read. The rivals have no row at these sizes:
// io.Pipe has no buffer, so that one goroutine cannot do both.
func BenchmarkPipe_WriteRead(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		q := NewPipe(n)
		p := make([]byte, n)
		b.SetBytes(int64(n))
		for b.Loop() {
			_, _ = q.Write(p)
			_, _ = q.Read(p)
		}
	})
}
