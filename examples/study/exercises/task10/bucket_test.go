//go:build exercise

package task

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func TestTask10Bucket(t *testing.T) {
	defer lab.Recovered(t)
	b := NewBucket(2)
	allowed := 0
	for _, now := range []int64{100, 100, 100, 50, 100, 50, 100} {
		if b.Allow(now) {
			allowed++
		}
	}
	if allowed != 2 {
		t.Errorf("%d are allowed although no time has passed, want 2", allowed)
	}

	const size = 5
	b = NewBucket(size)
	tokens, last := size, int64(0)
	r := rand.New(rand.NewPCG(10, 10))
	for now := int64(0); now < 3000; now += r.Int64N(4) - r.Int64N(2) {
		if now > last {
			tokens, last = min(size, tokens+int(now-last)), now
		}
		for range 1 + r.IntN(2) {
			if got := b.Allow(now); got != (tokens > 0) {
				t.Fatalf("allowed: %v, with %d tokens", got, tokens)
			}
			tokens = max(0, tokens-1)
		}
	}
}
