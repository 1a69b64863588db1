package clock_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/internal/clock"
)

func TestInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.New(nil)
		assert.Zero(t, c.Now())
		time.Sleep(time.Hour)
		assert.EqualValues(t, time.Hour, c.Now())
	})
}

func TestOfACaller(t *testing.T) {
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	c := clock.New(func() time.Time { return at })
	assert.Zero(t, c.Now())
	at = at.Add(-time.Second)
	assert.EqualValues(t, -time.Second, c.Now(), "it may go backwards")
	at = at.AddDate(1000, 0, 0)
	assert.Equal(t, int64(math.MaxInt64), c.Now(), "as far as an int64 goes")
	assert.EqualValues(t, -time.Second, c.At(at.AddDate(-1000, 0, 0)))
}

func TestDoesNotAllocate(t *testing.T) {
	c := clock.New(nil)
	assert.Zero(t, testing.AllocsPerRun(100, func() { c.Now() }))
}
