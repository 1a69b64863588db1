package main

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/gatelimit/gate"
	"example.com/flatline/examples/gatelimit/gate/gatetest"
	"example.com/flatline/ratelimit"
	"example.com/flatline/ratelimit/remote"
)

// open returns stores on s that end with the test.
func open(t testing.TB, s *server, nodes int, o Options) (all []gate.Store) {
	o.Addr = s.Addr
	for range nodes {
		r := Open(o)
		t.Cleanup(func() { _ = r.Close() })
		all = append(all, r)
	}
	return all
}

func TestRedisIsAStore(t *testing.T) {
	s := redisServer(t)
	gatetest.Run(t, func(t *testing.T, nodes int) []gate.Store {
		require.NoError(t, s.client().FlushAll(t.Context()).Err())
		return open(t, s, nodes, Options{})
	})
	for _, k := range s.client().Keys(t.Context(), "gate:*").Val() {
		if k != "gate:rules" {
			assert.NotEqual(t, time.Duration(-1), s.client().PTTL(t.Context(), k).Val(), "%s expires", k) // it may have, by now
		}
	}
}

// TestClockSetBack: events that the server recorded with a clock ten minutes ahead block
// for at most one window, whether they fill the log or not.
func TestClockSetBack(t *testing.T) {
	s := redisServer(t)
	st := open(t, s, 1, Options{})[0]
	tier := gate.Tier{Name: "route", Key: "route /login", Limit: gate.Limit{Rate: ratelimit.Per(3, time.Minute), Burst: 3, Window: "exact"}}
	for ahead := range 4 {
		c := s.client()
		require.NoError(t, c.FlushAll(t.Context()).Err())
		now, err := c.Time(t.Context()).Result()
		require.NoError(t, err)
		for i := range ahead {
			at := now.Add(10*time.Minute + time.Duration(i)*time.Second)
			require.NoError(t, c.ZAdd(t.Context(), "gate:log:route /login", redis.Z{Score: float64(at.UnixMicro()), Member: i}).Err())
		}
		each, err := st.Take(t.Context(), []gate.Tier{tier})
		require.NoError(t, err)
		d := each[0]
		assert.Equal(t, ahead < 3, d.OK, "%d events ahead", ahead)
		assert.LessOrEqual(t, d.RetryAfter, time.Minute, "%d events ahead", ahead)
		assert.LessOrEqual(t, d.ResetAfter, time.Minute, "%d events ahead", ahead)
		left, err := c.PTTL(t.Context(), "gate:log:route /login").Result()
		require.NoError(t, err)
		assert.LessOrEqual(t, left, time.Minute+time.Millisecond)
	}
}

// TestLostRules: a server that comes back without its data gets the rules back from the
// nodes, and the version numbers continue from there.
func TestLostRules(t *testing.T) {
	s := redisServer(t)
	all := open(t, s, 2, Options{})
	var want []gate.Version
	for i := range int64(3) {
		v, err := all[0].Publish(t.Context(), i, gate.Version{By: fmt.Sprint(i), Rules: gate.DefaultRules()})
		require.NoError(t, err)
		want = append(want, v)
	}
	for _, st := range all {
		got, err := st.Versions(t.Context(), 0)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	s.Kill()
	s.restart()
	var wg sync.WaitGroup
	for _, st := range all {
		wg.Go(func() {
			require.Eventually(t, func() bool { // the first answer may be a connection that has died
				got, err := st.Versions(t.Context(), 3)
				return err == nil && assert.Empty(t, got)
			}, time.Minute, time.Millisecond)
		})
	}
	wg.Wait()
	v, err := all[1].Publish(t.Context(), 3, gate.Version{By: "after", Rules: gate.DefaultRules()})
	require.NoError(t, err)
	fresh := open(t, s, 1, Options{})[0]
	got, err := fresh.Versions(t.Context(), 0)
	require.NoError(t, err)
	assert.Equal(t, append(want, v), got, "each once")
}

// TestBrokenRules: foreign data in the list is an error, not a panic.
func TestBrokenRules(t *testing.T) {
	s := redisServer(t)
	require.NoError(t, s.client().RPush(t.Context(), "gate:rules", "junk").Err())
	_, err := open(t, s, 1, Options{})[0].Versions(t.Context(), 0)
	assert.ErrorContains(t, err, "gatelimit: version 1 in gate:rules: ")
}

// An outage counts the outcomes of requests in the three parts of a run: before, during
// and after the outage of the server.
type outage struct{ granted, refused, failed [3]int64 }

// drive floods one tier from three nodes, kills the server when enough was granted,
// starts it again when enough requests have met that, and ends when enough was granted
// after that.
func drive(t *testing.T, s *server, all []gate.Store, tier gate.Tier) (o outage, took time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var mu sync.Mutex
	phase, open := 0, map[string]bool{}
	begin := time.Now()
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for _, st := range all {
		for range 2 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(time.Millisecond):
					}
					mu.Lock()
					at := phase
					mu.Unlock()
					each, err := st.Take(ctx, []gate.Tier{tier})
					mu.Lock()
					open[st.State()] = true
					if at == 1 {
						at = phase // perhaps the server was back before it was asked
					}
					switch {
					case err != nil:
						assert.ErrorIs(t, err, gate.ErrUnavailable)
						o.failed[phase]++
					case gatetest.OK(each):
						o.granted[at]++ // asked before the kill is granted before it
					default:
						o.refused[at]++
					}
					mu.Unlock()
				}
			})
		}
	}
	until := func(what string, f func() bool) {
		require.Eventually(t, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return f()
		}, time.Minute, time.Millisecond, what)
	}
	to := func(n int) {
		mu.Lock()
		phase = n
		mu.Unlock()
	}
	until("before", func() bool { return o.granted[0] > 60 && o.refused[0] > 0 })
	s.Kill()
	to(1)
	until("down", func() bool { return o.failed[1]+o.granted[1]+o.refused[1] > 200 && open["open"] })
	to(2)
	s.restart()
	until("after", func() bool {
		for _, st := range all {
			if st.State() != "closed" {
				return false
			}
		}
		return o.granted[2] > 30
	})
	close(stop)
	wg.Wait()
	return o, time.Since(begin)
}

// TestKilled: the server is killed in the middle and comes back. In each mode what is
// granted in the whole run keeps the bound that the mode promises, the nodes come back
// by themselves, and the breaker shows what happened.
func TestKilled(t *testing.T) {
	r, burst := ratelimit.Per(200, time.Second), int64(50)
	for name, tc := range map[string]struct {
		mode   remote.Failure
		bursts int64 // how many the bound has
	}{
		"closed": {remote.FailClosed, 1},
		"local":  {remote.FailLocal, 3}, // the nodes' own buckets are full when it begins, and the server's has filled when it ends
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redisServer(t, "--appendonly", "yes", "--appendfsync", "always")
			all := open(t, s, 3, Options{OnFailure: tc.mode, Nodes: 3, Trip: 3, Cooldown: 50 * time.Millisecond})
			o, took := drive(t, s, all, gatetest.Tier("client ann", r, burst))
			sum := o.granted[0] + o.granted[1] + o.granted[2]
			bound := tc.bursts*burst + int64(math.Ceil(200*took.Seconds()))
			t.Logf("granted %v, refused %v, failed %v in %v, bound %d", o.granted, o.refused, o.failed, took, bound)
			assert.LessOrEqual(t, sum, bound)
			if tc.mode == remote.FailClosed {
				assert.Positive(t, o.failed[1])
				assert.Zero(t, o.granted[1], "none is granted while the store is away")
			} else {
				assert.Positive(t, o.granted[1], "each node has its share")
				assert.Zero(t, o.failed[1])
			}
		})
	}
}

// TestOpenSaysSo: open grants everything while the store is away, as it promises, except
// for a sliding log.
func TestOpenSaysSo(t *testing.T) {
	s := redisServer(t)
	st := open(t, s, 1, Options{OnFailure: remote.FailOpen, Trip: 1, Cooldown: time.Minute})[0]
	s.Kill()
	tier := gatetest.Tier("client ann", ratelimit.Every(time.Hour), 1)
	for range 20 {
		each, err := st.Take(t.Context(), []gate.Tier{tier})
		require.NoError(t, err)
		assert.True(t, gatetest.OK(each))
	}
	assert.Equal(t, "open", st.State())
	tier.Window = "exact"
	_, err := st.Take(t.Context(), []gate.Tier{tier})
	assert.ErrorIs(t, err, gate.ErrUnavailable)
	assert.ErrorContains(t, err, "the breaker is open")
}
