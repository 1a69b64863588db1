package timeline

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"

	"example.com/flatline/lru"
	"example.com/flatline/ringbuffer"
)

// Keep is how many ids a timeline usually has at most: its newest.
const Keep = 800

// list is a timeline in memory.
type list struct {
	mu      sync.Mutex
	token   uint64
	version uint64
	filled  ID                   // from here on it is complete, but for what was lost
	lost    ID                   // the newest that was overwritten
	ring    *ringbuffer.Ring[ID] // in ascending order
}

// Timelines is a Cache in memory, with the timelines of the readers who have read last:
// those of inactive readers are dropped, and a push to them is one look-up.
type Timelines struct {
	all  *lru.Sharded[string, *list]
	keep int
}

// NewTimelines returns a cache of so many timelines, which have at most so many ids each.
func NewTimelines(readers, keep int) *Timelines {
	return &Timelines{all: lru.NewSharded[string, *list](readers), keep: keep}
}

// Len returns how many timelines there are.
func (c *Timelines) Len() int { return c.all.Len() }

// Get implements Cache. O(ids).
func (c *Timelines) Get(_ context.Context, reader string) (Timeline, bool, error) {
	l, ok := c.all.Get(reader)
	if !ok {
		return Timeline{}, false, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t := Timeline{Version: l.version, Floor: l.floor(), IDs: make([]ID, 0, l.ring.Len())}
	for _, id := range l.ring.Backward() {
		t.IDs = append(t.IDs, id)
	}
	return t, true, nil
}

// floor returns the id from which on the timeline is complete. l.mu is held.
func (l *list) floor() ID {
	if l.lost == 0 {
		return l.filled
	}
	return max(l.filled, l.lost+1)
}

// Begin implements Cache.
func (c *Timelines) Begin(_ context.Context, reader string, version uint64) (uint64, error) {
	token := rand.Uint64()
	c.all.Put(reader, &list{token: token, version: version, filled: Newest, ring: ringbuffer.New[ID](c.keep)})
	return token, nil
}

// Fill implements Cache. O(ids).
func (c *Timelines) Fill(_ context.Context, reader string, token uint64, ids []ID, floor ID) error {
	l, ok := c.all.Peek(reader)
	if !ok {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.token == token {
		l.filled = min(l.filled, floor)
		l.merge(ids)
	}
	return nil
}

// Push implements Cache. O(readers), while ids arrive in order; one that is older than the
// newest takes O(ids). It does not count as a use: a timeline that is only written to is
// the next to be dropped.
func (c *Timelines) Push(_ context.Context, readers []string, id ID) error {
	for _, r := range readers {
		if l, ok := c.all.Peek(r); ok {
			l.push(id)
		}
	}
	return nil
}

// Drop implements Cache.
func (c *Timelines) Drop(_ context.Context, readers ...string) error {
	for _, r := range readers {
		c.all.Delete(r)
	}
	return nil
}

func (l *list) push(id ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.ring.Len(); n > 0 && l.ring.At(n-1) >= id {
		l.merge([]ID{id})
		return
	}
	l.put(id)
}

// put appends the newest id. The floor rises above one that is overwritten, also while the
// timeline is yet to be filled.
func (l *list) put(id ID) {
	if old, full := l.ring.PushEvict(id); full {
		l.lost = max(l.lost, old)
	}
}

// merge adds ids in any order, but for those that are there. l.mu is held.
func (l *list) merge(ids []ID) {
	all := slices.Clone(ids)
	for id := range l.ring.Drain() {
		all = append(all, id)
	}
	slices.Sort(all)
	for _, id := range slices.Compact(all) {
		l.put(id)
	}
}
