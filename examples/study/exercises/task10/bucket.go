package task

// Task 10. A token bucket that adds a token for each tick since the last call, one by
// one. A clock that goes back and forth fills it.
type Bucket struct {
	size, tokens int
	last         int64
}

// NewBucket returns a full bucket that gains a token for each tick, up to size.
func NewBucket(size int) *Bucket { return &Bucket{size: size, tokens: size} }

// Allow takes a token at a time, in ticks, and reports whether there was one.
func (b *Bucket) Allow(now int64) bool {
	for ; b.last < now; b.last++ {
		if b.tokens < b.size {
			b.tokens++
		}
	}
	b.last = now
	if b.tokens == 0 {
		return false
	}
	b.tokens--
	return true
}
