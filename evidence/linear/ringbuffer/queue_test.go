package ringbuffer

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/ringbuffer"
)

// batches draws operations, of which those on slices have up to most items.
func batches(ops func(client int) []string, most int) func(r *rand.Rand, client int) qcall {
	return func(r *rand.Rand, client int) qcall {
		in := qcall{op: ops(client)[r.IntN(len(ops(client)))], n: 1 + r.IntN(most)}
		switch in.op {
		case "TryPush", "PushEvict":
			in.vs = []int{r.IntN(1000)}
		case "PushSlice":
			for range in.n {
				in.vs = append(in.vs, r.IntN(1000))
			}
		}
		return in
	}
}

func checkQueue(t *testing.T, name string, sizes []int, make func(capacity int) queue, ops func(client int) []string) {
	for _, capacity := range sizes {
		t.Run(fmt.Sprint("capacity=", capacity), func(t *testing.T) {
			history.Check(t, history.Type[queue, qcall, qresult, fifo]{
				Name:  fmt.Sprintf("ringbuffer.%s, capacity %d", name, capacity),
				New:   func(r *rand.Rand) queue { return advanced(make(capacity), r.IntN(70+2*capacity)) },
				Input: batches(ops, capacity*2/3+2),
				Do:    doQueue,
				Split: split,
				Init:  func() (s fifo) { return s },
				Step:  stepQueue(capacity),
				Equal: equalFIFO,
			})
		})
	}
}

// TestSPSC has a producer, a consumer, and a client that calls Len. Above 32 items the
// queue has several groups of slots.
func TestSPSC(t *testing.T) {
	roles := [][]string{{"TryPush", "TryPush", "PushSlice"}, {"TryPop", "TryPop", "PopInto"}, {"Len", "Len", "Len", "Cap"}}
	checkQueue(t, "SPSC", []int{1, 2, 3, 40, 70}, func(n int) queue { return ringbuffer.NewSPSC[int](n) },
		func(client int) []string { return roles[client] })
}

func TestMPMC(t *testing.T) {
	all := []string{"TryPush", "TryPush", "PushSlice", "PushEvict", "PushEvict", "TryPop", "TryPop", "PopInto", "Len"}
	checkQueue(t, "MPMC", []int{1, 2, 3}, func(n int) queue { return ringbuffer.NewMPMC[int](n) },
		func(int) []string { return all })
}
