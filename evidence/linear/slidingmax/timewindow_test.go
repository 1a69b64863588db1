package slidingmax

import (
	"math/rand/v2"
	"testing"
	"time"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/slidingmax"
)

// length is the length of the window in seconds; there are only a few more times, so that
// values leave.
const (
	length = 2
	times  = 5
)

// timed is the largest value of each second, 0 for none, and the newest second.
type timed struct {
	vs  [times]int
	now int
}

func (s timed) max() (out result) {
	for t := max(0, s.now-length+1); t <= s.now; t++ {
		out.v = max(out.v, s.vs[t])
	}
	out.ok = out.v > 0
	return out
}

type timedCall struct {
	op   string
	t, v int
}

// TestSyncTimeWindow: late values, a newest time that any client advances, and Clear.
func TestSyncTimeWindow(t *testing.T) {
	at := func(t int) time.Time { return time.Unix(int64(t), 0) }
	history.Check(t, history.Type[*slidingmax.SyncTimeWindow[int], timedCall, result, timed]{
		Name: "slidingmax.SyncTimeWindow",
		New: func(*rand.Rand) *slidingmax.SyncTimeWindow[int] {
			return slidingmax.NewSyncTimeWindow[int](length * time.Second)
		},
		Input: func(r *rand.Rand, _ int) timedCall {
			return timedCall{[]string{"Push", "Push", "Push", "Max", "Max", "Clear"}[r.IntN(6)], r.IntN(times), 1 + r.IntN(4)}
		},
		Do: func(w *slidingmax.SyncTimeWindow[int], in timedCall) (out result) {
			switch in.op {
			case "Push":
				out.ok = w.Push(at(in.t), in.v)
			case "Max":
				out.v, out.ok = w.Max(at(in.t))
			case "Clear":
				w.Clear()
			}
			return out
		},
		Init: func() timed { return timed{} },
		Step: func(s timed, in timedCall, out result) []timed {
			if in.op == "Clear" {
				return history.Is(out == result{}, timed{})
			}
			s.now = max(s.now, in.t)
			for t := 0; t <= s.now-length; t++ {
				s.vs[t] = 0 // it has left
			}
			if in.op == "Max" {
				return history.Is(out == s.max(), s)
			}
			inTime := s.now-in.t < length
			if inTime {
				s.vs[in.t] = max(s.vs[in.t], in.v)
			}
			return history.Is(out == result{ok: inTime}, s)
		},
	})
}
