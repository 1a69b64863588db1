package ringbuffer

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/ringbuffer"
)

func checkSync(t *testing.T, onFull ringbuffer.Policy) {
	ops := []string{"Push", "Push", "Push", "PushEvict", "PushSlice", "Pop", "Pop", "Peek", "PopInto", "Since", "Since", "Wait", "Wait", "Numbers", "Len", "Dropped", "Refused", "Clear", "All", "Backward", "Cap"}
	history.Check(t, history.Type[*ringbuffer.Sync[int], call, result, state]{
		Name: "ringbuffer.Sync, " + onFull.String(),
		New: func(*rand.Rand) *ringbuffer.Sync[int] {
			return ringbuffer.NewSync[int](capacity, ringbuffer.Options{OnFull: onFull})
		},
		Input: func(r *rand.Rand, _ int) call {
			return call{op: ops[r.IntN(len(ops))], v: 1 + r.IntN(50), n: r.IntN(8)}
		},
		Do:   do,
		Init: func() (s state) { return s },
		Step: step(onFull),
	})
}

func TestSyncReject(t *testing.T) { checkSync(t, ringbuffer.Reject) }

func TestSyncOverwriteOldest(t *testing.T) { checkSync(t, ringbuffer.OverwriteOldest) }

func TestSyncDropNewest(t *testing.T) { checkSync(t, ringbuffer.DropNewest) }
