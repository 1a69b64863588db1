package ringbuffer

import (
	"math/rand/v2"
	"slices"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/ringbuffer"
)

// queue has the methods that the two queues share.
type queue interface {
	TryPush(v int) bool
	TryPop() (int, bool)
	PushSlice(vs []int) int
	PopInto(dst []int) int
	Len() int
	Cap() int
}

// A qcall is one operation of a queue.
type qcall struct {
	op string
	vs []int // the items to push
	n  int   // the number of items to pop
}

type qresult struct {
	vs []int // that were popped, or evicted
	n  int   // how many were pushed, or the length, or the reason
	ok bool
}

// fifo is the model of a queue that refuses.
type fifo struct {
	vs     []int
	closed bool
}

func (s fifo) push(v int) fifo { return fifo{append(slices.Clone(s.vs), v), s.closed} }

func (s fifo) pop() fifo { return fifo{s.vs[1:], s.closed} }

func equalFIFO(a, b fifo) bool { return slices.Equal(a.vs, b.vs) && a.closed == b.closed }

func doQueue(q queue, in qcall) (out qresult) {
	switch in.op {
	case "TryPush":
		out.ok = q.TryPush(in.vs[0])
	case "PushEvict":
		v, ok := q.(*ringbuffer.MPMC[int]).PushEvict(in.vs[0])
		out.vs, out.ok = []int{v}, ok
	case "TryPop":
		v, ok := q.TryPop()
		out.vs, out.ok = []int{v}, ok
	case "PushSlice":
		out.n = q.PushSlice(in.vs)
	case "PopInto":
		dst := make([]int, in.n)
		out.vs = dst[:q.PopInto(dst)]
	case "Len":
		out.n = q.Len()
	case "Cap":
		out.n = q.Cap()
	}
	return out
}

// split divides an operation on a slice into single operations. The last one fails if the
// slice was not filled, or not emptied.
func split(in qcall, out qresult) (steps []history.Step[qcall, qresult]) {
	switch in.op {
	case "PushSlice":
		for i, v := range in.vs[:min(out.n+1, len(in.vs))] {
			steps = append(steps, history.Step[qcall, qresult]{In: qcall{op: "TryPush", vs: []int{v}}, Out: qresult{ok: i < out.n}})
		}
	case "PopInto":
		for _, v := range out.vs {
			steps = append(steps, history.Step[qcall, qresult]{In: qcall{op: "TryPop"}, Out: qresult{vs: []int{v}, ok: true}})
		}
		if len(out.vs) < in.n {
			steps = append(steps, history.Step[qcall, qresult]{In: qcall{op: "TryPop"}, Out: qresult{vs: []int{0}}})
		}
	default:
		steps = []history.Step[qcall, qresult]{{In: in, Out: out}}
	}
	return steps
}

func stepQueue(capacity int) func(s fifo, in qcall, out qresult) []fifo {
	return func(s fifo, in qcall, out qresult) []fifo {
		switch in.op {
		case "TryPush":
			if !out.ok {
				return history.Is(len(s.vs) == capacity, s)
			}
			return history.Is(len(s.vs) < capacity, s.push(in.vs[0]))
		case "TryPop":
			if !out.ok {
				return history.Is(len(s.vs) == 0 && out.vs[0] == 0, s)
			}
			if len(s.vs) == 0 {
				return nil
			}
			return history.Is(out.vs[0] == s.vs[0], s.pop())
		case "PushEvict":
			if !out.ok {
				return history.Is(len(s.vs) < capacity && out.vs[0] == 0, s.push(in.vs[0]))
			}
			if len(s.vs) < capacity {
				return nil
			}
			return history.Is(out.vs[0] == s.vs[0], s.pop().push(in.vs[0]))
		case "Len":
			return history.Is(out.n == len(s.vs), s)
		case "Cap":
			return history.Is(out.n == capacity, s)
		}
		panic(in.op)
	}
}

// advanced returns q after n items have passed through it, so that a history begins at
// any offset of the array and wraps around its end.
func advanced(q queue, n int) queue {
	for i := range n {
		q.TryPush(i)
		q.TryPop()
	}
	return q
}

// QueueCall is an operation of a queue: the items to push, or how many to pop.
func QueueCall(op string, n int, vs ...int) qcall { return qcall{op: op, n: n, vs: vs} }

// Queue is the histories of an SPSC or MPMC of a capacity.
func Queue[Q queue](name string, capacity int, make func() Q) history.Type[Q, qcall, qresult, fifo] {
	return history.Type[Q, qcall, qresult, fifo]{
		Name: name, New: func(*rand.Rand) Q { return make() },
		Do:    func(q Q, in qcall) qresult { return doQueue(q, in) },
		Split: split, Init: func() (s fifo) { return s }, Step: stepQueue(capacity), Equal: equalFIFO,
	}
}

// QueueIn is an operation.
type QueueIn = qcall
