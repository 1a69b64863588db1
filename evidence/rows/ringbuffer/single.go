// Package ringbuffer holds the rows that compare flatline's ringbuffer with other rings
// and queues.
package ringbuffer

import (
	"container/ring"
	"fmt"
	"sync"

	"github.com/Workiva/go-datastructures/queue"
	"github.com/gammazero/deque"
	"github.com/puzpuzpuz/xsync/v4"
	smallnest "github.com/smallnest/ringbuffer"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/ringbuffer"
)

const capacity = 1024

// Groups returns the rows.
func Groups() []measure.Group {
	return []measure.Group{
		pushPop(), overwrite(), bulk(64, 1/1.3), bulk(1024, 0), bytes(), mpmcAlone(),
		spsc(), spscBatch(), batchBound(), mpmc(), pipes(), allocs(),
	}
}

// Sink gets the values that the sides read, so that the compiler keeps the reads.
var Sink int

// loop makes a side of a function that does one operation m times.
func loop(run func(m int)) measure.Side { return measure.Side{Run: run} }

func pushPop() measure.Group {
	return measure.Group{
		Name: "Ring: Push and Pop of an int, one goroutine, capacity 1024",
		Ours: func() measure.Side {
			r := ringbuffer.New[int](capacity)
			return loop(func(m int) {
				for i := range m {
					_ = r.Push(i)
					v, _ := r.Pop()
					Sink += v
				}
			})
		},
		Peers: []measure.Peer{
			{Name: "array floor", Target: 0.4, Note: "an array and two indices in a struct: no limit, nothing checked", New: func() measure.Side {
				r := &floor{buf: make([]int, capacity)}
				return loop(func(m int) {
					for i := range m {
						r.push(i)
						Sink += r.pop()
					}
				})
			}},
			{Name: "gammazero/deque", Target: 2, Note: "unbounded; the array floor is at 2.6", New: func() measure.Side {
				var q deque.Deque[int]
				q.Grow(capacity)
				return loop(func(m int) {
					for i := range m {
						q.PushBack(i)
						Sink += q.PopFront()
					}
				})
			}},
			{Name: "channel", Target: 10, New: func() measure.Side {
				c := make(chan int, capacity)
				return loop(func(m int) {
					for i := range m {
						c <- i
						Sink += <-c
					}
				})
			}},
			{Name: "xsync SPSCQueue", New: func() measure.Side {
				q := xsync.NewSPSCQueue[int](capacity)
				return loop(func(m int) {
					for i := range m {
						q.TryEnqueue(i)
						v, _ := q.TryDequeue()
						Sink += v
					}
				})
			}},
			{Name: "textbook ring behind a mutex", New: func() measure.Side {
				var mu sync.Mutex
				buf := make([]int, capacity)
				head, count := 0, 0
				return loop(func(m int) {
					for i := range m {
						mu.Lock()
						if count < len(buf) {
							buf[(head+count)%len(buf)] = i
							count++
						}
						mu.Unlock()
						mu.Lock()
						Sink += buf[head]
						head = (head + 1) % len(buf)
						count--
						mu.Unlock()
					}
				})
			}},
			{Name: "container/ring", Note: "values are held as interfaces", New: func() measure.Side {
				r := ring.New(capacity)
				head := r
				return loop(func(m int) {
					for i := range m {
						r.Value = i
						r = r.Next()
						Sink += head.Value.(int)
						head.Value = nil
						head = head.Next()
					}
				})
			}},
			{Name: "smallnest/ringbuffer", Note: "a byte instead of an int, one mutex", New: func() measure.Side {
				r := smallnest.New(capacity)
				return loop(func(m int) {
					for i := range m {
						_ = r.WriteByte(byte(i))
						c, _ := r.ReadByte()
						Sink += int(c)
					}
				})
			}},
			{Name: "Workiva RingBuffer", Note: "values are held as interfaces", New: func() measure.Side {
				r := queue.NewRingBuffer(capacity)
				return loop(func(m int) {
					for i := range m {
						_ = r.Put(i)
						v, _ := r.Get()
						Sink += v.(int)
					}
				})
			}},
		},
	}
}

type floor struct {
	buf        []int
	head, tail uint
}

func (f *floor) push(v int) {
	f.buf[f.tail%capacity] = v
	f.tail++
}

func (f *floor) pop() int {
	v := f.buf[f.head%capacity]
	f.head++
	return v
}

// overwrite pushes into a full ring that overwrites its oldest item.
func overwrite() measure.Group {
	return measure.Group{
		Name: "Ring: Push that overwrites the oldest, capacity 1024",
		Ours: func() measure.Side {
			r := ringbuffer.New[int](capacity, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest})
			r.PushSlice(make([]int, capacity))
			return loop(func(m int) {
				for i := range m {
					_ = r.Push(i)
				}
			})
		},
		Peers: []measure.Peer{
			{Name: "gammazero/deque, a pop before each push", New: func() measure.Side {
				var q deque.Deque[int]
				for i := range capacity {
					q.PushBack(i)
				}
				return loop(func(m int) {
					for i := range m {
						q.PopFront()
						q.PushBack(i)
					}
				})
			}},
			{Name: "container/ring", Note: "values are held as interfaces", New: func() measure.Side {
				r := ring.New(capacity)
				return loop(func(m int) {
					for i := range m {
						r.Value = i
						r = r.Next()
					}
				})
			}},
		},
	}
}

// bulk pushes a slice and pops it.
func bulk(n int, target float64) measure.Group {
	return measure.Group{
		Name: fmt.Sprintf("Ring: PushSlice and PopInto of %d ints, capacity 2048", n),
		Ours: func() measure.Side {
			r := ringbuffer.New[int](2 * capacity)
			src, dst := make([]int, n), make([]int, n)
			return loop(func(m int) {
				for range m {
					r.PushSlice(src)
					r.PopInto(dst)
				}
			})
		},
		Peers: []measure.Peer{
			{Name: "copy in, copy out", Target: target, Note: "no limit, no state, no end of the array", New: func() measure.Side {
				buf := make([]int, 2*capacity)
				src, dst := make([]int, n), make([]int, n)
				at := 0
				return loop(func(m int) {
					for range m {
						copy(buf[at:], src)
						copy(dst, buf[at:])
						at = (at + n) % len(buf)
					}
				})
			}},
			{Name: "Ring, one by one", Note: "our own", New: func() measure.Side {
				r := ringbuffer.New[int](2 * capacity)
				src, dst := make([]int, n), make([]int, n)
				return loop(func(m int) {
					for range m {
						for _, v := range src {
							_ = r.Push(v)
						}
						for i := range dst {
							dst[i], _ = r.Pop()
						}
					}
				})
			}},
		},
	}
}

func bytes() measure.Group {
	const size, piece = 1 << 16, 4096
	return measure.Group{
		Name: "Bytes: Write and Read of 4 KiB, capacity 64 KiB",
		Ours: func() measure.Side {
			b := ringbuffer.NewBytes(size)
			p := make([]byte, piece)
			return loop(func(m int) {
				for range m {
					_, _ = b.Write(p)
					_, _ = b.Read(p)
				}
			})
		},
		Peers: []measure.Peer{
			{Name: "smallnest/ringbuffer", Target: 1.3, Note: "has a mutex", New: func() measure.Side {
				b := smallnest.New(size)
				p := make([]byte, piece)
				return loop(func(m int) {
					for range m {
						_, _ = b.Write(p)
						_, _ = b.Read(p)
					}
				})
			}},
			{Name: "copy in, copy out", New: func() measure.Side {
				buf, p := make([]byte, size), make([]byte, piece)
				at := 0
				return loop(func(m int) {
					for range m {
						copy(buf[at:], p)
						copy(p, buf[at:])
						at = (at + piece) % size
					}
				})
			}},
		},
	}
}

func mpmcAlone() measure.Group {
	return measure.Group{
		Name: "MPMC: TryPush and TryPop, one goroutine, capacity 1024",
		Ours: func() measure.Side {
			q := ringbuffer.NewMPMC[int](capacity)
			return loop(func(m int) {
				for i := range m {
					q.TryPush(i)
					v, _ := q.TryPop()
					Sink += v
				}
			})
		},
		Peers: []measure.Peer{
			{Name: "xsync MPMCQueue", Note: "an enqueue may fail though there is room", New: func() measure.Side {
				q := xsync.NewMPMCQueue[int](capacity)
				return loop(func(m int) {
					for i := range m {
						q.TryEnqueue(i)
						v, _ := q.TryDequeue()
						Sink += v
					}
				})
			}},
			{Name: "channel", New: func() measure.Side {
				c := make(chan int, capacity)
				return loop(func(m int) {
					for i := range m {
						c <- i
						Sink += <-c
					}
				})
			}},
		},
	}
}

// allocs counts the allocations of one push and one pop of every type, 0 of 0.
func allocs() measure.Group {
	return measure.Group{
		Name: "allocations of a push and a pop, all six types", Unit: "allocs/op",
		OursValue: func() float64 {
			r, s := ringbuffer.New[int](8), ringbuffer.NewSync[int](8)
			p, q := ringbuffer.NewSPSC[int](8), ringbuffer.NewMPMC[int](8)
			b, w := ringbuffer.NewBytes(8), ringbuffer.NewPipe(8)
			one := make([]byte, 1)
			return measure.Allocs(10_000, func(n int) {
				for i := range n {
					_, _, _ = r.Push(i), p.TryPush(i), q.TryPush(i)
					_, _ = s.Push(i)
					_ = b.WriteByte(1)
					_, _ = w.Write(one)
					r.Pop()
					s.Pop()
					p.TryPop()
					q.TryPop()
					_, _ = b.ReadByte()
					_, _ = w.Read(one)
				}
			})
		},
		Peers: []measure.Peer{measure.Bound(0)},
	}
}
