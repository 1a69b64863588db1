package task

// Task 10. A token bucket that adds up: the tokens are computed from the time that has
// passed. Time that goes back is no time.
type Bucket struct {
	size, tokens int64
	last         int64
}

// NewBucket returns a full bucket that gains a token for each tick, up to size.
func NewBucket(size int) *Bucket { return &Bucket{size: int64(size), tokens: int64(size)} }

// Allow takes a token at a time, in ticks, and reports whether there was one.
func (b *Bucket) Allow(now int64) bool {
	if now > b.last {
		b.tokens = min(b.size, b.tokens+now-b.last)
		b.last = now
	}
	if b.tokens == 0 {
		return false
	}
	b.tokens--
	return true
}
