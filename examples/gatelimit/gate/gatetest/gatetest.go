// Package gatetest checks implementations of gate.Store: every store passes the same
// test.
package gatetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/gatelimit/gate"
	"example.com/flatline/ratelimit"
)

// Run checks the stores that open returns, one for each node, which share what they
// count and begin empty.
func Run(t *testing.T, open func(t *testing.T, nodes int) []gate.Store) {
	for name, test := range map[string]func(*testing.T, []gate.Store){
		"bound":        bound,
		"exact":        exactBound,
		"all or none":  allOrNothing,
		"keeps":        keeps,
		"exact keeps":  exactKeeps,
		"isolation":    isolation,
		"rules":        rules,
		"no lost rule": noLostRule,
		"bad input":    badInput,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t, 3)) })
	}
}

// Tier returns a tier of a name and a key that are the same.
func Tier(key string, r ratelimit.Rate, burst int64) gate.Tier {
	return gate.Tier{Name: key, Key: key, Limit: gate.Limit{Rate: r, Burst: burst}}
}

// OK reports whether every tier granted.
func OK(each []ratelimit.Decision) bool {
	for _, d := range each {
		if !d.OK {
			return false
		}
	}
	return true
}

func take(t testing.TB, s gate.Store, tiers ...gate.Tier) []ratelimit.Decision {
	t.Helper()
	each, err := s.Take(t.Context(), tiers)
	require.NoError(t, err)
	require.Len(t, each, len(tiers))
	return each
}

// Flood takes from all stores at once, several goroutines each, until enough is granted,
// and returns how much was granted and the bound: burst + rate*time, for a time that is
// longer than the one the store saw.
func Flood(t testing.TB, stores []gate.Store, enough int64, limit gate.Limit, tiers ...gate.Tier) (granted, most int64) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	begin := time.Now()
	var n atomic.Int64
	var wg sync.WaitGroup
	for _, s := range stores {
		for range 4 {
			wg.Go(func() {
				for n.Load() < enough {
					each, err := s.Take(ctx, tiers)
					if err != nil {
						t.Error(err)
						return
					}
					if OK(each) {
						n.Add(1)
					}
				}
			})
		}
	}
	wg.Wait()
	events, per := limit.Rate.Fraction()
	return n.Load(), limit.Burst + int64(math.Ceil(float64(events)*float64(time.Since(begin))/float64(per)))
}

// bound: nodes that flood one bucket get at most its burst plus the tokens gained in that
// time; and they do get enough, since the flood ends.
func bound(t *testing.T, stores []gate.Store) {
	b := Tier("all", ratelimit.Per(1000, time.Second), 50)
	granted, most := Flood(t, stores, 300, b.Limit, b)
	assert.LessOrEqual(t, granted, most)
	assert.GreaterOrEqual(t, granted, int64(300))
	still := Tier("still", ratelimit.Every(24*time.Hour), 40)
	granted, most = Flood(t, stores, 40, still.Limit, still)
	assert.EqualValues(t, 40, granted, "to the last token")
	for _, s := range stores {
		assert.False(t, OK(take(t, s, still)))
	}
	assert.LessOrEqual(t, most, int64(41))
}

// exactBound: a sliding log never grants more than its burst in a window, on whatever
// nodes.
func exactBound(t *testing.T, stores []gate.Store) {
	login := Tier("login", ratelimit.Per(20, time.Hour), 20)
	login.Window = "exact"
	granted, _ := Flood(t, stores, 20, login.Limit, login)
	assert.EqualValues(t, 20, granted)
	for _, s := range stores {
		d := take(t, s, login)[0]
		assert.False(t, d.OK)
		assert.Zero(t, d.Remaining)
		assert.Greater(t, d.RetryAfter, 59*time.Minute, "until the first leaves the window; a bucket would be through in 3")
		assert.LessOrEqual(t, d.RetryAfter, time.Hour)
	}
	short := Tier("short", ratelimit.Per(10, 200*time.Millisecond), 10)
	short.Window = "exact"
	var at []time.Time // each grant lies before its time, and after the one before it
	for len(at) < 25 {
		if before := time.Now(); OK(take(t, stores[len(at)%len(stores)], short)) {
			if i := len(at) - 10; i >= 0 {
				assert.Greater(t, time.Since(at[i]), 199*time.Millisecond, "grants %d and %d", i, len(at))
			}
			at = append(at, before)
		}
	}
}

// allOrNothing: a tier that refuses takes nothing from the others, whatever its position,
// and reports that it refused.
func allOrNothing(t *testing.T, stores []gate.Store) {
	wide, log := Tier("wide", ratelimit.Every(24*time.Hour), 10), Tier("log", ratelimit.Per(10, 24*time.Hour), 10)
	log.Window = "exact"
	for _, narrow := range []gate.Tier{Tier("narrow", ratelimit.Every(24*time.Hour), 1), {
		Name: "narrow", Key: "exact", Limit: gate.Limit{Rate: ratelimit.Every(24 * time.Hour), Burst: 1, Window: "exact"},
	}} {
		for i, s := range stores {
			for _, tiers := range [][]gate.Tier{{wide, log, narrow}, {narrow, wide, log}} {
				each := take(t, s, tiers...)
				for j, d := range each {
					if tiers[j].Name == "narrow" {
						assert.Equal(t, i == 0 && tiers[0].Name == "wide", d.OK)
					} else {
						assert.True(t, d.OK)
					}
				}
			}
		}
	}
	for _, tier := range []gate.Tier{wide, log} {
		left := 0
		for OK(take(t, stores[0], tier)) {
			left++
		}
		assert.Equal(t, 8, left, "%s lost what the two grants took, and nothing to the refusals", tier.Name)
	}
	a, b := Tier("a", ratelimit.Every(24*time.Hour), 100), Tier("b", ratelimit.Every(24*time.Hour), 50)
	granted, _ := Flood(t, stores, 50, b.Limit, a, b)
	assert.EqualValues(t, 50, granted)
	granted, _ = Flood(t, stores, 50, a.Limit, a)
	assert.EqualValues(t, 50, granted, "what the refusals left")
}

// keeps: a bucket keeps its tokens under another limit, and nodes that disagree share it.
func keeps(t *testing.T, stores []gate.Store) {
	old, now := Tier("k", ratelimit.Every(24*time.Hour), 10), Tier("k", ratelimit.Every(12*time.Hour), 20)
	for range 6 {
		assert.True(t, OK(take(t, stores[0], old)))
	}
	assert.EqualValues(t, 3, take(t, stores[1], now)[0].Remaining, "4 were left, and a higher limit is no present")
	assert.EqualValues(t, 2, take(t, stores[2], old)[0].Remaining, "a node that has not heard")
	assert.EqualValues(t, 0, take(t, stores[1], Tier("k", ratelimit.Every(12*time.Hour), 1))[0].Remaining)
	for _, s := range stores {
		assert.False(t, OK(take(t, s, now)))
	}
	faster := Tier("k", ratelimit.Per(100, time.Second), 20)
	require.Eventually(t, func() bool { return OK(take(t, stores[0], faster)) }, time.Minute, time.Millisecond, "and then it fills at the new rate")
}

// exactKeeps: a sliding log remembers its events when its limit changes.
func exactKeeps(t *testing.T, stores []gate.Store) {
	with := func(n int64) gate.Tier {
		return gate.Tier{Name: "l", Key: "l", Limit: gate.Limit{Rate: ratelimit.Per(n, 24*time.Hour), Burst: n, Window: "exact"}}
	}
	for range 4 {
		assert.True(t, OK(take(t, stores[0], with(5))))
	}
	assert.False(t, OK(take(t, stores[1], with(3))))
	assert.False(t, OK(take(t, stores[1], with(4))))
}

// isolation: clients do not feel each other.
func isolation(t *testing.T, stores []gate.Store) {
	for i := range 50 {
		c := Tier(fmt.Sprintf("client %d}{", i), ratelimit.Every(24*time.Hour), 2)
		for _, want := range []bool{true, true, false} {
			assert.Equal(t, want, OK(take(t, stores[i%3], c)), c.Key)
		}
	}
}

func version(by string) gate.Version {
	return gate.Version{By: by, Note: "a note", Rules: gate.DefaultRules()}
}

// rules: all nodes see what one publishes, in order, and a rollback is a new version.
func rules(t *testing.T, stores []gate.Store) {
	ctx := t.Context()
	all, err := stores[0].Versions(ctx, 0)
	require.NoError(t, err)
	require.Empty(t, all)
	one, err := stores[0].Publish(ctx, 0, version("ann"))
	require.NoError(t, err)
	assert.EqualValues(t, 1, one.Number)
	assert.WithinDuration(t, time.Now(), one.At, time.Minute)
	v := version("bob")
	v.Rules.Global.Burst = 7
	two, err := stores[1].Publish(ctx, 1, v)
	require.NoError(t, err)
	three, err := stores[2].Publish(ctx, 2, one)
	require.NoError(t, err)
	for _, s := range stores {
		all, err = s.Versions(ctx, 0)
		require.NoError(t, err)
		assert.Equal(t, []gate.Version{one, two, three}, all)
		all, err = s.Versions(ctx, 2)
		require.NoError(t, err)
		assert.Equal(t, []gate.Version{three}, all)
		for _, after := range []int64{3, 99, -1} {
			all, err = s.Versions(ctx, after)
			require.NoError(t, err)
			assert.Empty(t, all, after)
		}
	}
	assert.Equal(t, one.Rules, three.Rules)
	_, err = stores[0].Publish(ctx, 1, v)
	assert.ErrorIs(t, err, gate.ErrConflict)
	_, err = stores[0].Publish(ctx, 4, v)
	assert.ErrorIs(t, err, gate.ErrConflict)
}

// noLostRule: of many that publish after one version, one wins, and the others get
// ErrConflict.
func noLostRule(t *testing.T, stores []gate.Store) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := map[int64]string{}
	conflicts := 0
	for i := range 6 {
		wg.Go(func() {
			for base := range int64(10) {
				v, err := stores[i%3].Publish(t.Context(), base, version(fmt.Sprint(i)))
				mu.Lock()
				if errors.Is(err, gate.ErrConflict) {
					conflicts++
				} else if assert.NoError(t, err) {
					assert.Empty(t, won[v.Number], "version %d has two authors", v.Number)
					won[v.Number] = v.By
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	all, err := stores[0].Versions(t.Context(), 0)
	require.NoError(t, err)
	assert.Len(t, all, len(won))
	assert.Equal(t, 60, len(won)+conflicts)
	for i, v := range all {
		assert.EqualValues(t, i+1, v.Number)
		assert.Equal(t, won[v.Number], v.By)
	}
}

// badInput: invalid input is refused or harmless.
func badInput(t *testing.T, stores []gate.Store) {
	each, err := stores[0].Take(t.Context(), nil)
	assert.NoError(t, err, "no limits")
	assert.Empty(t, each)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tier := Tier("x", ratelimit.Every(24*time.Hour), 1)
	_, err = stores[0].Take(ctx, []gate.Tier{tier})
	assert.ErrorIs(t, err, context.Canceled)
	assert.True(t, OK(take(t, stores[0], tier)), "which took nothing")
	assert.Equal(t, "closed", stores[0].State())
}
