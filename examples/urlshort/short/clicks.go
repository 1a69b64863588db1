package short

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"example.com/flatline/bqueue"
	"example.com/flatline/lfu"
	"example.com/flatline/slidingmax"
)

// Flush is how often clicks are stored. A crash loses at most the clicks since the last
// time.
const Flush = 200 * time.Millisecond

// Clicks counts redirects and stores the counts in batches. Add never waits: when storage
// does not keep up and the queue is full, a click is dropped, and that is counted.
type Clicks struct {
	store Store
	node  string
	queue *bqueue.Queue[string]
	stop  context.CancelFunc
	done  chan struct{}

	mu      sync.Mutex
	number  int64
	pending map[Count]int64 // what is in the next batch; N is 0 in the keys
	waiting int64           // clicks in pending
	stored  int64
	dropped int64
	failing string
	began   time.Time
	second  int64     // which is being counted, from 60
	seconds [60]int64 // the last minute
	peak    *slidingmax.TimeWindow[int64]
	busy    *lfu.Cache[string, *int64] // the busiest links stay
}

// NewClicks returns a counter and starts its goroutine, which Close ends. Its node's name is
// drawn, so that batches of an earlier process are not taken for its own.
func NewClicks(store Store) *Clicks {
	ctx, stop := context.WithCancel(context.Background())
	c := &Clicks{
		store: store, node: rand.Text(), queue: bqueue.New[string](1 << 17), stop: stop, done: make(chan struct{}),
		pending: map[Count]int64{}, began: time.Now(), second: 60,
		peak: slidingmax.NewTimeWindow[int64](time.Minute), busy: lfu.New[string, *int64](1024),
	}
	go c.run(ctx)
	return c
}

// Add counts a click. O(1), no allocation.
func (c *Clicks) Add(code string) {
	if c.queue.TryPut(code) != nil {
		c.mu.Lock()
		c.dropped++
		c.mu.Unlock()
	}
}

// run stores what has come every Flush, and the rest at the end.
func (c *Clicks) run(ctx context.Context) {
	defer close(c.done)
	t := time.NewTicker(Flush)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			c.Flush(last) // the batch that failed, if there is one
			c.Flush(last)
			cancel()
			return
		case <-t.C:
			c.Flush(ctx)
		}
	}
}

// Close stores what is left and stops. It gives up after two seconds.
func (c *Clicks) Close() {
	c.stop()
	<-c.done
}

// Flush stores the clicks so far. If the store fails they stay, in a batch with the same
// number and the same clicks: the store may have it already. It is for one goroutine.
func (c *Clicks) Flush(ctx context.Context) {
	c.mu.Lock()
	if len(c.pending) == 0 {
		c.collect()
	}
	b := c.batch()
	c.mu.Unlock()
	if len(b.Counts) == 0 {
		return
	}
	err := c.store.Count(ctx, b)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.failing = err.Error()
		return
	}
	c.failing = ""
	c.stored += c.waiting
	c.waiting = 0
	clear(c.pending)
}

// batch returns what is pending, in an order that is the same for every node. c.mu is held.
func (c *Clicks) batch() Batch {
	b := Batch{Node: c.node, Number: c.number}
	for k, n := range c.pending {
		k.N = n
		b.Counts = append(b.Counts, k)
	}
	slices.SortFunc(b.Counts, func(x, y Count) int {
		return cmp.Or(cmp.Compare(x.Code, y.Code), cmp.Compare(x.Minute, y.Minute))
	})
	return b
}

// collect makes the next batch of what is in the queue. c.mu is held.
func (c *Clicks) collect() {
	c.advance()
	var buf [1024]string
	minute := time.Now().Unix() / 60
	c.number++
	for n := len(buf); n == len(buf); {
		n = c.queue.DrainTo(buf[:])
		for _, code := range buf[:n] {
			c.pending[Count{Code: code, Minute: minute}]++
			hits, _ := c.busy.GetOrPut(code, new(int64))
			*hits++
		}
		c.waiting += int64(n)
		c.seconds[c.second%60] += int64(n)
	}
}

// advance closes the seconds that have passed, at most 60. c.mu is held.
func (c *Clicks) advance() {
	now := 60 + int64(time.Since(c.began)/time.Second)
	for c.second = max(c.second, now-60); c.second < now; c.second++ {
		c.peak.Push(time.Unix(c.second, 0), c.seconds[c.second%60])
		c.seconds[(c.second+1)%60] = 0
	}
}

// traffic is what the page shows of the clicks.
type traffic struct {
	Now     int64   `json:"now"`  // redirects in the last whole second
	Peak    int64   `json:"peak"` // in a second of the last minute
	Seconds []int64 `json:"seconds"`
	Stored  int64   `json:"stored"`
	Waiting int64   `json:"waiting"` // what a crash now would lose
	Dropped int64   `json:"dropped"`
	Failing string  `json:"failing,omitempty"`
	Busiest []Count `json:"busiest"`
}

func (c *Clicks) traffic() (t traffic) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance()
	t = traffic{Stored: c.stored, Waiting: c.waiting + int64(c.queue.Len()), Dropped: c.dropped, Failing: c.failing, Busiest: []Count{}}
	for at := c.second - 59; at < c.second; at++ {
		t.Seconds = append(t.Seconds, c.seconds[at%60])
	}
	t.Now = t.Seconds[len(t.Seconds)-1]
	t.Peak, _ = c.peak.Max(time.Unix(c.second, 0))
	for code, n := range c.busy.All() {
		if t.Busiest = append(t.Busiest, Count{Code: code, N: *n}); len(t.Busiest) == 8 {
			break
		}
	}
	slices.SortStableFunc(t.Busiest, func(x, y Count) int { return cmp.Compare(y.N, x.N) })
	return t
}
