package ringbuffer

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/Workiva/go-datastructures/queue"
	"github.com/puzpuzpuz/xsync/v4"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/internal/pad"
	"example.com/flatline/ringbuffer"
)

// pipe runs the consumer in a new goroutine and the producer in this one; both move m
// items.
func pipe(produce, consume func(m int)) measure.Side {
	return loop(func(m int) {
		done := make(chan struct{})
		go func() {
			consume(m)
			close(done)
		}()
		produce(m)
		<-done
	})
}

// spsc is one producer and one consumer on two processors. Who finds the queue full or
// empty yields.
func spsc() measure.Group {
	return measure.Group{
		Name: "SPSC: an item from goroutine to goroutine, 2 processors, capacity 1024",
		Unit: "ns/item wall", Procs: 2, Wall: true,
		Ours: func() measure.Side {
			q := ringbuffer.NewSPSC[int](capacity)
			return pipe(func(m int) {
				for i := range m {
					for !q.TryPush(i) {
						runtime.Gosched()
					}
				}
			}, func(m int) {
				for range m {
					for {
						if _, ok := q.TryPop(); ok {
							break
						}
						runtime.Gosched()
					}
				}
			})
		},
		Peers: []measure.Peer{
			{Name: "channel", Target: 2, Note: "its goroutines block, so that one processor moves a whole buffer; in a loop that yields, both run, and each item moves between two caches, as in the two rows below", New: channelPipe},
			{Name: "two published indices", Target: 1, New: func() measure.Side {
				q := newIndices(capacity)
				return pipe(func(m int) {
					for i := range m {
						for !q.push(i) {
							runtime.Gosched()
						}
					}
				}, func(m int) {
					for range m {
						for {
							if _, ok := q.pop(); ok {
								break
							}
							runtime.Gosched()
						}
					}
				})
			}, Note: "Lamport's ring, each side remembering the other's index; written for this row, does not zero slots"},
			{Name: "xsync SPSCQueue", Target: 1, New: func() measure.Side {
				q := xsync.NewSPSCQueue[int](capacity)
				return pipe(func(m int) {
					for i := range m {
						for !q.TryEnqueue(i) {
							runtime.Gosched()
						}
					}
				}, func(m int) {
					for range m {
						for {
							if _, ok := q.TryDequeue(); ok {
								break
							}
							runtime.Gosched()
						}
					}
				})
			}},
		},
	}
}

func channelPipe() measure.Side {
	c := make(chan int, capacity)
	return pipe(func(m int) {
		for i := range m {
			c <- i
		}
	}, func(m int) {
		for range m {
			<-c
		}
	})
}

// indices is a ring whose sides publish one index each and cache the other's.
type indices struct {
	buf  []int
	_    pad.Gap
	tail atomic.Uint64
	head uint64 // as the producer last read it
	_    pad.Gap
	gone atomic.Uint64
	end  uint64 // as the consumer last read it
	_    pad.Gap
}

func newIndices(n int) *indices { return &indices{buf: make([]int, n)} }

func (q *indices) push(v int) bool {
	t := q.tail.Load()
	if t-q.head == uint64(len(q.buf)) {
		if q.head = q.gone.Load(); t-q.head == uint64(len(q.buf)) {
			return false
		}
	}
	q.buf[t&uint64(len(q.buf)-1)] = v
	q.tail.Store(t + 1)
	return true
}

func (q *indices) pop() (v int, ok bool) {
	h := q.gone.Load()
	if h == q.end {
		if q.end = q.tail.Load(); h == q.end {
			return 0, false
		}
	}
	v = q.buf[h&uint64(len(q.buf)-1)]
	q.gone.Store(h + 1)
	return v, true
}

const batch = 64

// batched moves items in slices of 64.
func batched() measure.Side {
	q := ringbuffer.NewSPSC[int](capacity)
	src, dst := make([]int, batch), make([]int, batch)
	return pipe(func(m int) {
		for sent := 0; sent < m; {
			n := q.PushSlice(src[:min(batch, m-sent)])
			if sent += n; n == 0 {
				runtime.Gosched()
			}
		}
	}, func(m int) {
		for got := 0; got < m; {
			n := q.PopInto(dst[:min(batch, m-got)])
			if got += n; n == 0 {
				runtime.Gosched()
			}
		}
	})
}

func spscBatch() measure.Group {
	return measure.Group{
		Name: "SPSC: slices of 64 from goroutine to goroutine, 2 processors, capacity 1024",
		Unit: "ns/item wall", Procs: 2, Wall: true,
		Ours:  batched,
		Peers: []measure.Peer{{Name: "channel, item by item", New: channelPipe}},
	}
}

// batchBound compares the same with a bound.
func batchBound() measure.Group {
	return measure.Group{
		Name: "SPSC: slices of 64, 2 processors, bound of 3 ns an item", Unit: "ns/item wall", Procs: 2,
		OursValue: func() float64 {
			var times []float64
			side := batched()
			for range 9 {
				const n = 5_000_000
				start := time.Now()
				side.Run(n)
				times = append(times, float64(time.Since(start))/n)
			}
			return measure.Quantile(times, 0.5)
		},
		Peers: []measure.Peer{measure.Bound(3)},
	}
}

// mpmc is two producers and two consumers. A goroutine that finds the queue full or
// empty yields.
func mpmc() measure.Group {
	four := func(push func(int) bool, pop func() bool) measure.Side {
		return loop(func(m int) {
			measure.Parallel(4, 2*m, func(w, n int) {
				// If workers 0 and 1 have one more to do, that is one push and one pop.
				for range n {
					if w%2 == 0 {
						for !push(w) {
							runtime.Gosched()
						}
						continue
					}
					for !pop() {
						runtime.Gosched()
					}
				}
			})
		})
	}
	return measure.Group{
		Name: "MPMC: 2 producers, 2 consumers, 2 processors, capacity 1024",
		Unit: "ns/item wall", Procs: 2, Wall: true,
		Ours: func() measure.Side {
			q := ringbuffer.NewMPMC[int](capacity)
			return four(q.TryPush, func() bool { _, ok := q.TryPop(); return ok })
		},
		Peers: []measure.Peer{
			{Name: "channel", New: func() measure.Side {
				c := make(chan int, capacity)
				return four(func(v int) bool { c <- v; return true }, func() bool { <-c; return true })
			}},
			{Name: "xsync MPMCQueue", Note: "an enqueue may fail though there is room", New: func() measure.Side {
				q := xsync.NewMPMCQueue[int](capacity)
				return four(q.TryEnqueue, func() bool { _, ok := q.TryDequeue(); return ok })
			}},
			{Name: "Workiva RingBuffer", Note: "values are held as interfaces", New: func() measure.Side {
				q := queue.NewRingBuffer(capacity)
				return four(
					func(v int) bool { ok, err := q.Offer(v); return ok && err == nil },
					func() bool { _, err := q.Poll(time.Second); return err == nil },
				)
			}},
		},
	}
}
