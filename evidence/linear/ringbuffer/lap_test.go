package ringbuffer

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/internal/lap"
)

// TestLap tests the queue below MPMC and bqueue, which can be closed.
func TestLap(t *testing.T) {
	const capacity = 3
	ops := []string{
		"TryPush", "TryPush", "TryPush", "PushSlice", "PushSlice", "TryPop", "TryPop", "TryPop", "PopInto", "PopInto", "Len", "Closed", "Close",
	}
	draw := batches(func(int) []string { return ops }, 4)
	history.Check(t, history.Type[*lap.Queue[int], qcall, qresult, fifo]{
		Name: "lap.Queue",
		New: func(*rand.Rand) *lap.Queue[int] {
			q := new(lap.Queue[int])
			q.Init(capacity)
			return q
		},
		Input: func(r *rand.Rand, client int) qcall {
			in := draw(r, client)
			if in.op == "Close" && r.IntN(4) > 0 {
				in.op = "Len"
			}
			return in
		},
		Do:    doLap,
		Split: splitLap,
		Init:  func() (s fifo) { return s },
		Step:  stepLap(capacity),
		Equal: equalFIFO,
	})
}
