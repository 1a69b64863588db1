package bqueue

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"example.com/flatline/bqueue"
	"example.com/flatline/evidence/internal/measure"
)

// parked is the processor time that waiting takes, in milliseconds of 100.
func parked() measure.Group {
	return measure.Group{
		Name: "Processor time of 8 takers of an empty queue", Unit: "ms CPU in 100 ms",
		OursValue: func() float64 {
			return busy(func(q *bqueue.Queue[int]) { _, _ = q.Take(context.Background()) })
		},
		Peers: []measure.Peer{{
			Name: "polling with TryTake and Gosched", Target: 10,
			Value: func() float64 {
				return busy(func(q *bqueue.Queue[int]) {
					for {
						if _, err := q.TryTake(); !errors.Is(err, bqueue.ErrEmpty) {
							return
						}
						runtime.Gosched()
					}
				})
			},
		}},
	}
}

func busy(take func(*bqueue.Queue[int])) float64 {
	q := bqueue.New[int](64)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { take(q) })
	}
	time.Sleep(10 * time.Millisecond)
	before := cpuTime()
	time.Sleep(100 * time.Millisecond)
	used := cpuTime() - before
	q.Close()
	wg.Wait()
	return float64(used) / float64(time.Millisecond)
}
