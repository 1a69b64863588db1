// Package bqueue holds the rows that compare flatline's bqueue with Go's channels.
package bqueue

import (
	"context"
	"fmt"
	"sync"

	"example.com/flatline/bqueue"
	"example.com/flatline/evidence/internal/measure"
)

// A shape is how many goroutines put and how many take.
type shape struct{ putters, takers int }

func (s shape) String() string { return fmt.Sprintf("P%dC%d", s.putters, s.takers) }

var shapes = []shape{{1, 1}, {4, 4}, {1, 8}, {8, 1}}

// A target is the ratio that a queue of a capacity has to reach on a number of
// processors, and the reason if it is below 1 or below what another capacity reaches.
type target struct {
	procs, capacity  int
	channel, choose  float64 // against a channel, and against select
	note, chooseNote string  // of these two rows
}

// On one processor a Put and a Take cost two locked instructions, as in a channel, so that
// the most that can be asked is to be no slower. Against select, which has a context too,
// ours is to be at least as fast.
var targets = []target{
	{
		2, 1, 0.7, 1,
		"measures waits: one that Close or a context can end takes longer",
		"measures waits, here and there",
	},
	{2, 64, 1, 3, "both ends run at once and share cache lines; those of a channel take turns on one processor", ""},
	{2, 1024, 1, 3, "as at capacity 64", ""},
	{1, 1, 0.7, 1, "measures waits, as on 2 processors", "measures waits, as on 2 processors"},
	{
		1, 64, 0.85, 2,
		"two locked instructions each way, in both; the eight that wait yield before they park",
		"3 was the aim: select takes 2.5 to 3 times as long as a channel there, and ours as long as a channel, or longer if eight wait",
	},
	{
		1, 1024, 1, 2.5,
		"two locked instructions each way, in both",
		"3 was the aim: select takes 2.5 to 3 times as long as a channel there, and ours as long as a channel",
	},
}

// crowded is the target of one shape: four goroutines on each side, two processors,
// capacity 1.
var crowded = target{
	2, 1, 0.25, 0.5,
	"eight goroutines on two processors contend for one mutex: 0.3 to 0.9",
	"eight goroutines on two processors contend for one mutex: 0.4 to 1.5",
}

// of returns the target of a shape.
func (t target) of(s shape) target {
	if t.procs == 2 && t.capacity == 1 && s == (shape{4, 4}) {
		return crowded
	}
	return t
}

// Groups returns the rows.
func Groups() []measure.Group {
	var groups []measure.Group
	for _, t := range targets {
		for _, s := range shapes {
			groups = append(groups, items(t.of(s), s), cancellable(t.of(s), s))
		}
	}
	return append(groups, batches(), waits(), parked())
}

func name(what string, t target, s shape) string {
	return fmt.Sprintf("%s, %s, capacity %d, GOMAXPROCS %d", what, s, t.capacity, t.procs)
}

// move has the goroutines of a shape put and take n items.
func move(s shape, put, take func(m int)) measure.Side {
	return measure.Side{Run: func(n int) {
		n = max(n/8, 1) * 8 // divisible by every shape
		var wg sync.WaitGroup
		for range s.putters {
			wg.Go(func() { put(n / s.putters) })
		}
		for range s.takers {
			wg.Go(func() { take(n / s.takers) })
		}
		wg.Wait()
	}}
}

func ours(ctx context.Context, capacity int, s shape) measure.Side {
	q := bqueue.New[int](capacity)
	return move(s, func(m int) {
		for i := range m {
			_ = q.Put(ctx, i)
		}
	}, func(m int) {
		for range m {
			_, _ = q.Take(ctx)
		}
	})
}

// channel sends and receives items one by one, with no other way to end a wait.
func channel(capacity int, s shape) measure.Side {
	q := make(chan int, capacity)
	return move(s, func(m int) {
		for i := range m {
			q <- i
		}
	}, func(m int) {
		for range m {
			<-q
		}
	})
}

func items(t target, s shape) measure.Group {
	return measure.Group{
		Name: name("Put, Take", t, s), Unit: "ns/item wall", Procs: t.procs, Wall: true,
		Ours: func() measure.Side { return ours(context.Background(), t.capacity, s) },
		Peers: []measure.Peer{{
			Name: "channel", Target: t.channel, Note: t.note,
			New: func() measure.Side { return channel(t.capacity, s) },
		}},
	}
}

func cancellable(t target, s shape) measure.Group {
	within := func(build func(context.Context) measure.Side) func() measure.Side {
		return func() measure.Side {
			ctx, cancel := context.WithCancel(context.Background())
			side := build(ctx)
			side.Close = cancel
			return side
		}
	}
	return measure.Group{
		Name: name("Put, Take with a context that can end", t, s), Unit: "ns/item wall", Procs: t.procs, Wall: true,
		Ours: within(func(ctx context.Context) measure.Side { return ours(ctx, t.capacity, s) }),
		Peers: []measure.Peer{{
			Name: "select on a channel and ctx.Done()", Target: t.choose, Note: t.chooseNote,
			New: within(func(ctx context.Context) measure.Side {
				q := make(chan int, t.capacity)
				return move(s, func(m int) {
					for i := range m {
						select {
						case q <- i:
						case <-ctx.Done():
						}
					}
				}, func(m int) {
					for range m {
						select {
						case <-q:
						case <-ctx.Done():
						}
					}
				})
			}),
		}},
	}
}

// batches compares moving 64 items at a time with single items of a channel.
func batches() measure.Group {
	const size, capacity = 64, 1024
	s := shape{1, 1}
	return measure.Group{
		Name: "PutAll, TakeBatch of 64, P1C1, capacity 1024, GOMAXPROCS 2", Unit: "ns/item wall", Procs: 2, Wall: true,
		Ours: func() measure.Side {
			q := bqueue.New[int](capacity)
			ctx := context.Background()
			return move(s, func(m int) {
				var batch [size]int
				for ; m > 0; m -= size {
					_, _ = q.PutAll(ctx, batch[:min(m, size)])
				}
			}, func(m int) {
				var batch [size]int
				for m > 0 {
					n, _ := q.TakeBatch(ctx, batch[:min(m, size)])
					m -= n
				}
			})
		},
		Peers: []measure.Peer{{
			Name: "channel, item by item", Target: 2,
			Note: "each item still has a stamp that both sides write, by an atomic store",
			New:  func() measure.Side { return channel(capacity, s) },
		}},
	}
}

// waits counts allocations when every operation waits.
func waits() measure.Group {
	return measure.Group{
		Name: "Allocations an item, P4C4, capacity 1", Unit: "allocations",
		OursValue: func() float64 {
			side := ours(context.Background(), 1, shape{4, 4})
			side.Run(10_000)
			return float64(int(measure.Allocs(100_000, side.Run)*100)) / 100 // the goroutines themselves are not the queue's
		},
		Peers: []measure.Peer{measure.Bound(0)},
	}
}
