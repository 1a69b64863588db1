package main

import (
	"math/rand/v2"
	"slices"

	"example.com/flatline/evidence/internal/history"
	ringmodel "example.com/flatline/evidence/linear/ringbuffer"
	"example.com/flatline/internal/lap"
	"example.com/flatline/ringbuffer"
)

// subjects are all types that are explored, in the order of a run.
func subjects() []subject {
	return slices.Concat(lapSubjects(), ringSubjects(), mapSubjects(), queueSubjects(), limitSubjects(), cacheSubjects(), otherSubjects())
}

// letter is an operation with a unique value.
func letter[In any](text string, in func(v int) In) op[In] { return op[In]{text, in} }

// fixed is an operation without a unique value.
func fixed[In any](text string, in In) op[In] { return op[In]{text, func(int) In { return in }} }

// one is the only alphabet.
func one[In any](ops ...op[In]) [][]op[In] { return [][]op[In]{ops} }

// newPlan returns the plan of a type.
func newPlan[T, In, Out, St any](pkg string, ty history.Type[T, In, Out, St], roles [][]op[In], final []op[In], quick, whole []string) *plan[T, In, Out, St] {
	return &plan[T, In, Out, St]{Type: ty, pkg: pkg, roles: roles, final: final, quick: quick, whole: whole}
}

func lapSubjects() []subject {
	call := ringmodel.QueueCall
	push := letter("TryPush", func(v int) ringmodel.QueueIn { return call("TryPush", 0, v) })
	push2 := letter("PushSlice(2)", func(v int) ringmodel.QueueIn { return call("PushSlice", 2, v, v+100) })
	pop, pop2 := fixed("TryPop", call("TryPop", 0)), fixed("PopInto(2)", call("PopInto", 2))
	length, closing := fixed("Len", call("Len", 0)), fixed("Close", call("Close", 0))
	final := []op[ringmodel.QueueIn]{length, closing, fixed("PopInto(3)", call("PopInto", 3))}
	one1, one2 := ringmodel.Lap("lap.Queue, capacity 1", 1), ringmodel.Lap("lap.Queue, capacity 2", 2)
	prefilled := ringmodel.Lap("lap.Queue, capacity 2, after a lap", 2)
	empty := prefilled.New
	prefilled.New = func(r *rand.Rand) *lap.Queue[int] {
		q := empty(r)
		for range 3 {
			q.TryPush(0)
			q.TryPop()
		}
		return q
	}
	return []subject{
		newPlan("internal/lap", one1, one(push, pop, length, closing), final, []string{"1+1", "2+1", "2+2"}, []string{"1+1+1", "2+1+1"}),
		newPlan("internal/lap", one2, one(push, push2, pop, pop2, length), final, []string{"1+1", "2+1", "2+2"}, []string{"1+1+1"}),
		newPlan("internal/lap", prefilled, one(push, pop, pop2, closing), final, []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"}),
	}
}

func ringSubjects() []subject {
	call := ringmodel.QueueCall
	push := letter("TryPush", func(v int) ringmodel.QueueIn { return call("TryPush", 0, v) })
	push2 := letter("PushSlice(2)", func(v int) ringmodel.QueueIn { return call("PushSlice", 2, v, v+100) })
	pop, pop2 := fixed("TryPop", call("TryPop", 0)), fixed("PopInto(2)", call("PopInto", 2))
	length := fixed("Len", call("Len", 0))
	final := []op[ringmodel.QueueIn]{length, fixed("PopInto(3)", call("PopInto", 3))}
	// The producer, the consumer, and goroutines that only read.
	roles := [][]op[ringmodel.QueueIn]{{push, push2}, {pop, pop2}, {length}}
	spsc := func(name string, capacity, gone int) subject {
		ty := ringmodel.Queue(name, capacity, func() *ringbuffer.SPSC[int] {
			q := ringbuffer.NewSPSC[int](capacity)
			for range gone {
				q.TryPush(0)
				q.TryPop()
			}
			return q
		})
		return newPlan("ringbuffer", ty, roles, final, []string{"1+1", "2+1", "2+2", "1+1+1", "2+2+1"}, []string{"3+3", "3+2+1"})
	}
	overwrite := letter("PushEvict", func(v int) ringmodel.QueueIn { return call("PushEvict", 0, v) })
	mpmc := func(name string, capacity int) subject {
		ty := ringmodel.Queue(name, capacity, func() *ringbuffer.MPMC[int] { return ringbuffer.NewMPMC[int](capacity) })
		if capacity == 1 { // full after one push, so that the next one evicts
			return newPlan("ringbuffer", ty, one(push, overwrite, pop, pop2, length), final, []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"})
		}
		return newPlan("ringbuffer", ty, one(push, push2, pop, pop2, length), final, []string{"1+1", "2+1"}, []string{"2+2"})
	}
	item := letter("Push", func(v int) ringmodel.SyncIn { return ringmodel.SyncCall("Push", v, 0) })
	evict := letter("PushEvict", func(v int) ringmodel.SyncIn { return ringmodel.SyncCall("PushEvict", v, 0) })
	sync := func(op string) op[ringmodel.SyncIn] { return fixed(op, ringmodel.SyncCall(op, 0, 0)) }
	syncFinal := []op[ringmodel.SyncIn]{sync("All"), sync("Numbers"), sync("Dropped"), sync("Len")}
	syncOps := one(item, evict, letter("PushSlice", func(v int) ringmodel.SyncIn { return ringmodel.SyncCall("PushSlice", v, 0) }),
		sync("Pop"), sync("PopInto"), sync("Len"), sync("All"), sync("Clear"), fixed("Since(1)", ringmodel.SyncCall("Since", 0, 1)))
	fill := func(name string, p ringbuffer.Policy) subject {
		ty := ringmodel.Sync(name, p)
		return newPlan("ringbuffer", ty, syncOps, syncFinal, []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"})
	}
	return []subject{
		spsc("ringbuffer.SPSC, capacity 1", 1, 0), spsc("ringbuffer.SPSC, capacity 3, two landmarks", 3, 1),
		mpmc("ringbuffer.MPMC, capacity 2", 2), mpmc("ringbuffer.MPMC, evicting", 1),
		fill("ringbuffer.Sync, Reject", ringbuffer.Reject), fill("ringbuffer.Sync, OverwriteOldest", ringbuffer.OverwriteOldest), followSubject(),
		pipeSubject(1), pipeSubject(2),
	}
}
