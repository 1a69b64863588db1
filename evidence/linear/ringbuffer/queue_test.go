package ringbuffer

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/internal/lap"
	"example.com/flatline/ringbuffer"
)

// queue is what the two queues have in common.
type queue interface {
	TryPush(v int) bool
	TryPop() (int, bool)
	Len() int
}

// fifo is the model of a queue that refuses: a history has fewer operations than slots.
type fifo struct {
	vs     [24]int
	n      int
	closed bool
}

func (s fifo) push(v int) fifo {
	s.vs[s.n] = v
	s.n++
	return s
}

func (s fifo) pop() fifo {
	copy(s.vs[:], s.vs[1:])
	s.n--
	s.vs[s.n] = 0
	return s
}

func doQueue(q queue, in call) (out result) {
	switch in.op {
	case "TryPush":
		out.ok = q.TryPush(in.v)
	case "TryPop":
		out.v, out.ok = q.TryPop()
	case "Len":
		out.v = q.Len()
	}
	return out
}

func stepQueue(capacity int) func(s fifo, in call, out result) []fifo {
	return func(s fifo, in call, out result) []fifo {
		next, want := s, result{}
		switch in.op {
		case "TryPush":
			if s.n < capacity {
				want.ok = true
				next = s.push(in.v)
			}
		case "TryPop":
			if s.n > 0 {
				want = result{v: s.vs[0], ok: true}
				next = s.pop()
			}
		case "Len":
			want.v = s.n
		}
		return history.Is(out == want, next)
	}
}

func checkQueue(t *testing.T, name string, sizes []int, make func(capacity int) queue, ops func(client int) []string) {
	for _, capacity := range sizes {
		t.Run(fmt.Sprint("capacity=", capacity), func(t *testing.T) {
			history.Check(t, history.Type[queue, call, result, fifo]{
				Name: fmt.Sprintf("ringbuffer.%s, capacity %d", name, capacity),
				New:  func(r *rand.Rand) queue { return advanced(make(capacity), r.IntN(70)) },
				Input: func(r *rand.Rand, client int) call {
					ops := ops(client)
					return call{op: ops[r.IntN(len(ops))], v: 1 + r.IntN(50)}
				},
				Do:   doQueue,
				Init: func() (s fifo) { return s },
				Step: stepQueue(capacity),
			})
		})
	}
}

// advanced returns q after n items have gone through it, so that a history begins
// anywhere in the array and goes over its ends.
func advanced(q queue, n int) queue {
	for i := range n {
		q.TryPush(i)
		q.TryPop()
	}
	return q
}

// TestSPSC has a producer, a consumer, and one who asks for the length.
func TestSPSC(t *testing.T) {
	roles := [][]string{{"TryPush"}, {"TryPop"}, {"Len"}}
	checkQueue(t, "SPSC", []int{1, 2, 3}, func(n int) queue { return ringbuffer.NewSPSC[int](n) },
		func(client int) []string { return roles[client] })
}

func TestMPMC(t *testing.T) {
	all := []string{"TryPush", "TryPush", "TryPush", "TryPop", "TryPop", "TryPop", "Len"}
	checkQueue(t, "MPMC", []int{1, 2, 3}, func(n int) queue { return ringbuffer.NewMPMC[int](n) },
		func(int) []string { return all })
}

// TestLap is the queue below MPMC and bqueue, which can be closed.
func TestLap(t *testing.T) {
	const capacity = 2
	ops := []string{"TryPush", "TryPush", "TryPush", "TryPop", "TryPop", "TryPop", "Len", "Close"}
	history.Check(t, history.Type[*lap.Queue[int], call, result, fifo]{
		Name: "lap.Queue",
		New: func(*rand.Rand) *lap.Queue[int] {
			q := new(lap.Queue[int])
			q.Init(capacity)
			return q
		},
		Input: func(r *rand.Rand, _ int) call {
			i := r.IntN(len(ops))
			if ops[i] == "Close" && r.IntN(4) > 0 {
				i = 0
			}
			return call{op: ops[i], v: 1 + r.IntN(50)}
		},
		Do: func(q *lap.Queue[int], in call) (out result) {
			var r lap.Result
			switch in.op {
			case "TryPush":
				r = q.TryPush(in.v)
			case "TryPop":
				out.v, r = q.TryPop()
			case "Len":
				out.v = q.Len()
			case "Close":
				out.ok = q.Close()
			}
			out.vs[0] = int(r)
			return out
		},
		Init: func() (s fifo) { return s },
		Step: func(s fifo, in call, out result) []fifo {
			next, want, r := s, result{}, lap.OK
			switch {
			case in.op == "TryPush" && s.closed:
				r = lap.Closed
			case in.op == "TryPush" && s.n == capacity:
				r = lap.Full
			case in.op == "TryPush":
				next = s.push(in.v)
			case in.op == "TryPop" && s.n > 0:
				want.v = s.vs[0]
				next = s.pop()
			case in.op == "TryPop" && s.closed:
				r = lap.Closed
			case in.op == "TryPop":
				r = lap.Empty
			case in.op == "Len":
				want.v = s.n
			case in.op == "Close":
				want.ok = !s.closed
				next.closed = true
			}
			want.vs[0] = int(r)
			return history.Is(out == want, next)
		},
	})
}
