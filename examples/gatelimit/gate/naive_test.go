package gate_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/gatelimit/gate"
	"example.com/flatline/examples/gatelimit/gate/gatetest"
	"example.com/flatline/ratelimit"
)

// taker returns a function that takes one from tiers of m and reports whether it could.
func taker(t *testing.T, m *gate.Memory, tiers ...gate.Tier) func() bool {
	return func() bool {
		each, err := m.Take(t.Context(), tiers)
		require.NoError(t, err)
		return gatetest.OK(each)
	}
}

// admitted counts how many of n tries at once succeed.
func admitted(n int, take func() bool) (got int) {
	for range n {
		if take() {
			got++
		}
	}
	return got
}

// TestNaiveFixedWindow: a counter that starts again each second admits twice the limit
// within a moment. A bucket of 50 that gains 50 per second admits at most 100 in any
// second; so does a sliding log of 100, without halving.
func TestNaiveFixedWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, window, count := time.Now(), int64(0), 0
		fixed := func() bool {
			if w := int64(time.Since(begin) / time.Second); w != window {
				window, count = w, 0
			}
			count++
			return count <= 100
		}
		m := gate.NewMemory(10)
		bucket := taker(t, m, gatetest.Tier("bucket", ratelimit.Per(50, time.Second), 50))
		exact := gatetest.Tier("log", ratelimit.Per(100, time.Second), 100)
		exact.Window = "exact"
		log := taker(t, m, exact)
		var sum [3]int
		time.Sleep(995 * time.Millisecond)
		for range 2 { // in the last 5 ms of one second and the first 5 of the next
			for i, take := range []func() bool{fixed, bucket, log} {
				sum[i] += admitted(500, take)
			}
			time.Sleep(10 * time.Millisecond)
		}
		assert.Equal(t, [3]int{200, 50, 100}, sum)
	})
}

// TestNaiveIncrExpire: INCR followed by EXPIRE, where each call renews the expiry,
// permanently blocks a client of 3.3 per second under a limit of 5 per second.
func TestNaiveIncrExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		count, expires := 0, time.Time{}
		incr := func() bool {
			if time.Now().After(expires) {
				count = 0
			}
			count++
			expires = time.Now().Add(time.Second)
			return count <= 5
		}
		bucket := taker(t, gate.NewMemory(10), gatetest.Tier("client", ratelimit.Per(5, time.Second), 5))
		naive, ours := 0, 0
		for range 100 {
			naive += admitted(1, incr)
			ours += admitted(1, bucket)
			time.Sleep(300 * time.Millisecond)
		}
		assert.Equal(t, 5, naive)
		assert.Equal(t, 100, ours)
	})
}

// TestNaiveTierByTier: taking from one tier after the other costs the first tier tokens
// for what the last refuses.
func TestNaiveTierByTier(t *testing.T) {
	client, global := gatetest.Tier("client", ratelimit.Every(time.Hour), 10), gatetest.Tier("global", ratelimit.Every(time.Hour), 1)
	left := func(take func(*gate.Memory) bool) int {
		m := gate.NewMemory(10)
		for range 5 {
			take(m)
		}
		return admitted(20, taker(t, m, client))
	}
	assert.Equal(t, 5, left(func(m *gate.Memory) bool { return taker(t, m, client)() && taker(t, m, global)() }), "four were taken in vain")
	assert.Equal(t, 9, left(func(m *gate.Memory) bool { return taker(t, m, client, global)() }))
}

// TestNaivePerNode: nodes that count by themselves admit the limit each.
func TestNaivePerNode(t *testing.T) {
	tier := gatetest.Tier("client", ratelimit.Every(time.Hour), 10)
	shared := gate.NewMemory(10)
	own, together := 0, 0
	for range 3 {
		own += admitted(20, taker(t, gate.NewMemory(10), tier))
		together += admitted(20, taker(t, shared, tier))
	}
	assert.Equal(t, 30, own)
	assert.Equal(t, 10, together)
}
