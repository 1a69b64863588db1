package redisstore_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/valkey-io/valkey-go"

	"example.com/flatline/ratelimit"
	"example.com/flatline/ratelimit/redisstore"
	"example.com/flatline/ratelimit/remote"
)

// stores returns an Eval by each client.
func stores(t testing.TB, s *server) map[string]remote.Eval {
	r, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.addr}, DisableCache: true, ForceSingleClient: true})
	require.NoError(t, err)
	t.Cleanup(r.Close)
	v, err := valkey.NewClient(valkey.ClientOption{InitAddress: []string{s.addr}, DisableCache: true, ForceSingleClient: true})
	require.NoError(t, err)
	t.Cleanup(v.Close)
	return map[string]remote.Eval{"go-redis": redisstore.GoRedis(s.client(t)), "rueidis": redisstore.Rueidis(r), "valkey-go": redisstore.Valkey(v)}
}

func take(t testing.TB, l *remote.Limiter, key string, n int64) ratelimit.Decision {
	d, err := l.Take(context.Background(), key, n)
	require.NoError(t, err)
	return d
}

// TestClients: each client loads the script where the server does not know it, and
// decides alike; all share one bucket.
func TestClients(t *testing.T) {
	s := start(t)
	admin := s.client(t)
	shared := 0
	for name, eval := range stores(t, s) {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, admin.ScriptFlush(t.Context()).Err())
			l := remote.New(eval, ratelimit.Every(time.Hour), 5)
			key := name + "}{ odd"
			d := take(t, l, key, 4)
			assert.True(t, d.OK)
			assert.EqualValues(t, 1, d.Remaining)
			assert.Equal(t, 4*time.Hour, d.ResetAfter)
			d = take(t, l, key, 2)
			assert.False(t, d.OK)
			assert.InDelta(t, float64(time.Hour), float64(d.RetryAfter), float64(time.Second))
			assert.LessOrEqual(t, d.RetryAfter, time.Hour)
			assert.Equal(t, ratelimit.Never, take(t, l, key, 6).RetryAfter)

			third := remote.New(eval, ratelimit.Per(1_000_003, time.Hour), 100) // ticks of a fraction of a microsecond
			d = take(t, third, key, 100)
			assert.True(t, d.OK)
			assert.Equal(t, 359999*time.Microsecond, d.ResetAfter)
			require.Eventually(t, func() bool { return take(t, third, key, 50).OK }, time.Minute, time.Millisecond)

			all := remote.New(eval, ratelimit.Every(time.Hour), 7)
			for take(t, all, "shared", 1).OK {
				shared++
			}
			day := remote.New(eval, ratelimit.Every(24*time.Hour), 2)
			second := remote.New(eval, ratelimit.Every(time.Minute), 3)
			d, err := remote.TakeAll(t.Context(), key, 2, second, day)
			require.NoError(t, err)
			assert.Equal(t, ratelimit.Decision{OK: true, Limit: 2, ResetAfter: 48 * time.Hour}, d)
			d, err = remote.TakeAll(t.Context(), key, 1, second, day)
			require.NoError(t, err)
			assert.False(t, d.OK)
			assert.EqualValues(t, 0, take(t, second, key, 1).Remaining, "the refusal took nothing")
		})
	}
	assert.Equal(t, 7, shared)
	for _, k := range admin.Keys(t.Context(), "*").Val() {
		assert.NotEqual(t, forever, admin.PTTL(t.Context(), k).Val(), "I3: %s expires", k)
		_, tag, _ := strings.Cut(k, "{")
		assert.True(t, strings.HasPrefix(tag, ":"), "%s has a hash tag that is not empty", k)
	}
}

// forever is the PTTL of a key that does not expire. The PTTL of a key that has expired
// meanwhile is different.
const forever = time.Duration(-1)

// TestKeep: a bucket keeps its tokens when rate and burst change, on the server too; and
// one call takes from several tiers with different keys.
func TestKeep(t *testing.T) {
	s := start(t)
	admin := s.client(t)
	for name, eval := range stores(t, s) {
		t.Run(name, func(t *testing.T) {
			slow := remote.New(eval, ratelimit.Every(time.Hour), 10, remote.Options{Keep: true, Prefix: name})
			fast := slow.With(ratelimit.Per(7, 10*time.Millisecond), 20) // ticks of a fraction of a microsecond
			small := slow.With(ratelimit.Every(time.Hour), 2)
			assert.EqualValues(t, 4, take(t, slow, "k", 6).Remaining)
			assert.True(t, take(t, slow, "shrunk", 5).OK)
			assert.EqualValues(t, 0, take(t, small, "shrunk", 2).Remaining, "5 were there, 2 have room")
			d := take(t, fast, "k", 20)
			assert.False(t, d.OK)
			assert.EqualValues(t, 4, d.Remaining)
			require.Eventually(t, func() bool { return take(t, fast, "k", 19).OK }, time.Minute, time.Millisecond, "the refusal began the new rate")
			assert.False(t, take(t, slow, "shrunk", 1).OK, "shared with who has not heard")
			d, each, err := remote.TakeEach(t.Context(), 3, remote.Tier{Limiter: slow, Key: "a"}, remote.Tier{Limiter: small.With(ratelimit.Every(time.Hour), 4), Key: "b"})
			require.NoError(t, err)
			assert.True(t, d.OK)
			assert.EqualValues(t, 7, each[0].Remaining)
			d, each, err = remote.TakeEach(t.Context(), 2, remote.Tier{Limiter: slow, Key: "a"}, remote.Tier{Limiter: small.With(ratelimit.Every(time.Hour), 4), Key: "b"})
			require.NoError(t, err)
			assert.False(t, d.OK)
			assert.True(t, each[0].OK)
			assert.False(t, each[1].OK)
			assert.EqualValues(t, 7, each[0].Remaining)
		})
	}
	for _, k := range admin.Keys(t.Context(), "*").Val() {
		assert.NotEqual(t, forever, admin.PTTL(t.Context(), k).Val(), "I3: %s expires", k)
	}
}

// TestExpires: a full bucket is not stored, and a server without memory for it would
// answer the same.
func TestExpires(t *testing.T) {
	s := start(t)
	admin := s.client(t)
	slow := remote.New(redisstore.GoRedis(admin), ratelimit.Per(10, time.Hour), 10)
	fast := remote.New(redisstore.GoRedis(admin), ratelimit.Per(100, time.Second), 10)
	for i := range 50 {
		require.True(t, take(t, slow, fmt.Sprint("slow", i), 10).OK)
		require.True(t, take(t, fast, fmt.Sprint("fast", i), 10).OK)
	}
	require.Eventually(t, func() bool { return admin.DBSize(t.Context()).Val() == 50 }, time.Minute, 10*time.Millisecond)
	assert.Len(t, admin.Keys(t.Context(), "*slow*").Val(), 50)
	assert.True(t, take(t, fast, "fast1", 10).OK)
}

// A clerk records grants with the time before they were asked for and the time
// after: each happened in between.
type clerk struct {
	mu     sync.Mutex
	begin  time.Time
	grants []grant
}

type grant struct{ from, to time.Duration }

func (c *clerk) take(t testing.TB, l *remote.Limiter) (ok bool, err error) {
	from := time.Since(c.begin)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	d, err := l.Take(ctx, "k", 1)
	if d.OK {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.grants = append(c.grants, grant{from, time.Since(c.begin)})
	}
	return d.OK, err
}

// granted returns how many grants there are so far.
func (c *clerk) granted() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.grants)
}

// check asserts that in no window more than burst + rate*time was granted. It counts the
// grants that certainly lie in the window.
func (c *clerk) check(t testing.TB, r ratelimit.Rate, burst int64) {
	slices.SortFunc(c.grants, func(a, b grant) int { return int(a.to - b.to) })
	n, d := r.Fraction()
	for i := range c.grants {
		begin, sure := c.grants[i].from, int64(0)
		for _, g := range c.grants {
			if g.from < begin {
				continue
			}
			sure++
			// The grants that end by g.to certainly lie in [begin, g.to].
			bound := burst + int64(math.Ceil(float64(n)*float64(g.to-begin)/float64(d)))
			require.LessOrEqual(t, sure, bound, "from %v to %v", begin, g.to)
		}
	}
}

// TestManyNodes: several clients of one server, with leases, a denial cache, and pauses
// in which leases are unused, admit no more in any window than one bucket, and go on to
// admit.
func TestManyNodes(t *testing.T) {
	s := start(t)
	for name, o := range map[string]remote.Options{
		"plain":  {Prefix: "a:"},
		"leases": {Prefix: "b:", Lease: 10, Nodes: 3, DenyCache: true},
	} {
		t.Run(name, func(t *testing.T) {
			r, burst := ratelimit.Per(1000, time.Second), int64(100)
			c := clerk{begin: time.Now()}
			var wg sync.WaitGroup
			for _, eval := range stores(t, s) {
				l := remote.New(eval, r, burst, o)
				for g := range 4 {
					wg.Go(func() {
						for i := 0; time.Since(c.begin) < 600*time.Millisecond || c.granted() <= 200 && time.Since(c.begin) < time.Minute; i++ {
							if ok, err := c.take(t, l); err != nil || !ok {
								time.Sleep(time.Millisecond)
							}
							if i%200 == 50*g {
								time.Sleep(20 * time.Millisecond)
							}
						}
					})
				}
			}
			wg.Wait()
			c.check(t, r, burst)
			assert.Greater(t, len(c.grants), 200, "in %v", time.Since(c.begin))
		})
	}
}

// TestKilledAndRestarted: the store is killed in the middle, and restarted with its data.
// Requests meanwhile are refused, or limited to the node's share; the bound holds
// throughout.
func TestKilledAndRestarted(t *testing.T) {
	for name, lose := range map[string]bool{"with its data": false, "without": true} {
		t.Run(name, func(t *testing.T) {
			args := []string{"--appendonly", "yes", "--appendfsync", "always"}
			if lose {
				args = nil
			}
			s := start(t, args...)
			r, burst := ratelimit.Per(200, time.Second), int64(50)
			c := clerk{begin: time.Now()}
			var mu sync.Mutex
			failed, after, back := 0, 0, false
			stop := make(chan struct{})
			var wg sync.WaitGroup
			for range 3 {
				l := remote.New(redisstore.GoRedis(s.client(t)), r, burst, remote.Options{
					Lease: 5, Nodes: 3, DenyCache: true, Trip: 3, Cooldown: 20 * time.Millisecond,
				})
				wg.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						ok, err := c.take(t, l)
						mu.Lock()
						if err != nil {
							assert.ErrorIs(t, err, remote.ErrUnavailable)
							failed++
						}
						if ok && back {
							after++
						}
						mu.Unlock()
						time.Sleep(time.Millisecond)
					}
				})
			}
			more := func(n *int, than int) func() bool {
				return func() bool {
					mu.Lock()
					defer mu.Unlock()
					return *n > than
				}
			}
			time.Sleep(200 * time.Millisecond)
			s.kill()
			assert.Eventually(t, more(&failed, 0), time.Minute, time.Millisecond)
			time.Sleep(150 * time.Millisecond)
			s.restart()
			mu.Lock()
			back = true
			mu.Unlock()
			assert.Eventually(t, more(&after, 20), time.Minute, time.Millisecond, "they come back by themselves")
			time.Sleep(300 * time.Millisecond)
			close(stop)
			wg.Wait()
			if lose {
				burst *= 2 // a store that has forgotten has full buckets, once
			}
			c.check(t, r, burst)
		})
	}
}

// TestUnknownCommand: a request that the server does not understand is not decided.
func TestUnknownCommand(t *testing.T) {
	s := start(t, "--rename-command", "EVALSHA", "")
	for name, eval := range stores(t, s) {
		_, err := remote.New(eval, ratelimit.Every(1), 1).Take(t.Context(), "k", 1)
		assert.ErrorIs(t, err, remote.ErrUnavailable, name)
		assert.ErrorContains(t, err, "redisstore: ", name)
	}
}

func ExampleGoRedis() {
	store := redisstore.GoRedis(redis.NewClient(&redis.Options{Addr: "localhost:6379"}))
	perSecond := remote.New(store, ratelimit.Per(100, time.Second), 200, remote.Options{Lease: 10, Nodes: 4, DenyCache: true, Timeout: 50 * time.Millisecond})
	perDay := remote.New(store, ratelimit.Per(100_000, 24*time.Hour), 1000)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	d, err := remote.TakeAll(ctx, "ann", 1, perSecond, perDay)
	fmt.Println(d.OK, err)
}
