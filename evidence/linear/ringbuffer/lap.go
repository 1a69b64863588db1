package ringbuffer

import (
	"fmt"
	"math/rand/v2"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/internal/lap"
)

func doLap(q *lap.Queue[int], in qcall) (out qresult) {
	r := lap.OK
	switch in.op {
	case "TryPush":
		r = q.TryPush(in.vs[0])
	case "TryPop":
		out.vs = []int{0}
		out.vs[0], r = q.TryPop()
	case "PushSlice":
		out.n, r = q.PushSlice(in.vs)
	case "PopInto":
		dst := make([]int, in.n)
		n := 0
		n, r = q.PopInto(dst)
		out.vs = dst[:n]
	case "Len":
		out.n = q.Len()
	case "Close":
		out.ok = q.Close()
	case "Closed":
		out.ok = q.Closed()
	}
	return lapResult(out, r)
}

// lapResult is the result with its reason: a lap.Queue reports why it stopped. 0 is OK.
func lapResult(out qresult, r lap.Result) qresult {
	out.n = out.n*10 + int(r)
	return out
}

// splitLap divides an operation on a slice into single operations. The last one fails,
// for the reason of the whole, unless that is OK.
func splitLap(in qcall, out qresult) (steps []history.Step[qcall, qresult]) {
	r := lap.Result(out.n % 10)
	switch in.op {
	case "PushSlice":
		for _, v := range in.vs[:out.n/10] {
			steps = append(steps, history.Step[qcall, qresult]{In: qcall{op: "TryPush", vs: []int{v}}, Out: lapResult(qresult{}, lap.OK)})
		}
		if r != lap.OK {
			steps = append(steps, history.Step[qcall, qresult]{In: qcall{op: "TryPush", vs: []int{0}}, Out: lapResult(qresult{}, r)})
		}
	case "PopInto":
		for _, v := range out.vs {
			steps = append(steps, history.Step[qcall, qresult]{In: qcall{op: "TryPop"}, Out: lapResult(qresult{vs: []int{v}}, lap.OK)})
		}
		if r != lap.OK {
			steps = append(steps, history.Step[qcall, qresult]{In: qcall{op: "TryPop"}, Out: lapResult(qresult{vs: []int{0}}, r)})
		}
	default:
		steps = []history.Step[qcall, qresult]{{In: in, Out: out}}
	}
	return steps
}

func stepLap(capacity int) func(s fifo, in qcall, out qresult) []fifo {
	return func(s fifo, in qcall, out qresult) []fifo {
		switch r := lap.Result(out.n % 10); in.op {
		case "TryPush":
			switch r {
			case lap.OK:
				return history.Is(!s.closed && len(s.vs) < capacity, s.push(in.vs[0]))
			case lap.Full:
				return history.Is(!s.closed && len(s.vs) == capacity, s)
			case lap.Closed:
				return history.Is(s.closed, s)
			}
		case "TryPop":
			switch r {
			case lap.OK:
				if len(s.vs) == 0 {
					return nil
				}
				return history.Is(out.vs[0] == s.vs[0], s.pop())
			case lap.Empty:
				return history.Is(!s.closed && len(s.vs) == 0, s)
			case lap.Closed:
				return history.Is(s.closed && len(s.vs) == 0, s)
			}
		case "Len":
			return history.Is(out.n/10 == len(s.vs), s)
		case "Close":
			return history.Is(out.ok == !s.closed, fifo{s.vs, true})
		case "Closed":
			return history.Is(out.ok == s.closed, s)
		}
		return nil
	}
}

// Lap is the histories of a lap.Queue of a capacity; its Do and its model.
func Lap(name string, capacity int) history.Type[*lap.Queue[int], qcall, qresult, fifo] {
	return history.Type[*lap.Queue[int], qcall, qresult, fifo]{
		Name: name,
		New: func(*rand.Rand) *lap.Queue[int] {
			q := new(lap.Queue[int])
			q.Init(capacity)
			return q
		},
		Do: doLap, Split: splitLap, Init: func() (s fifo) { return s }, Step: stepLap(capacity), Equal: equalFIFO, Describe: describeLap,
	}
}

// describeLap writes an operation of a lap.Queue: its input, its output, and why it
// stopped.
func describeLap(in qcall, out qresult) string {
	text := in.op
	if len(in.vs) > 0 {
		text += fmt.Sprint(in.vs)
	}
	switch in.op {
	case "Len":
		return fmt.Sprintf("%s → %d", text, out.n/10)
	case "Close", "Closed":
		return fmt.Sprintf("%s → %v", text, out.ok)
	}
	return fmt.Sprintf("%s → %v %s", text, out.vs, [...]string{"OK", "Full", "Empty", "Closed"}[out.n%10])
}
