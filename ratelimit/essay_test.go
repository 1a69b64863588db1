package ratelimit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestExampleOfTheEssay is the calculation in its section Idea.
func TestExampleOfTheEssay(t *testing.T) {
	for z, tokens := range map[int64]int64{70: 3, 50: 5, 40: 5} {
		c := &fakeClock{ns: z * int64(time.Second)}
		b := New(Every(10*time.Second), 5, Options{Now: c.Now, Initial: ptr(0)})
		c.ns = 100 * int64(time.Second)
		assert.EqualValues(t, tokens, b.Tokens())
		if z != 70 {
			continue
		}
		assert.EqualValues(t, 1, b.Take(2).Remaining)
		d := b.Take(2)
		assert.False(t, d.OK)
		assert.Equal(t, 10*time.Second, d.RetryAfter)
	}
}
