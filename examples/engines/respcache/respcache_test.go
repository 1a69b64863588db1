package respcache_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

func TestCommands(t *testing.T) { both(t, commands) }

func commands(t *testing.T, addr string) {
	ctx := t.Context()
	for _, protocol := range []int{2, 3} {
		c := client(t, addr, func(o *redis.Options) { o.Protocol, o.ClientName = protocol, "tester" })
		require.NoError(t, c.FlushAll(ctx).Err())
		require.ErrorIs(t, c.Get(ctx, "k").Err(), redis.Nil)
		require.NoError(t, c.Set(ctx, "k", "v\r\n\x00", time.Hour).Err())
		require.Equal(t, "v\r\n\x00", c.Get(ctx, "k").Val())
		require.InDelta(t, time.Hour, c.TTL(ctx, "k").Val(), float64(10*time.Minute))
		require.NoError(t, c.Set(ctx, "k", "w", redis.KeepTTL).Err())
		require.Positive(t, c.TTL(ctx, "k").Val())
		require.True(t, c.Persist(ctx, "k").Val())
		require.Equal(t, time.Duration(-1), c.TTL(ctx, "k").Val())
		require.Equal(t, time.Duration(-2), c.TTL(ctx, "absent").Val())
		old, err := c.SetArgs(ctx, "k", "x", redis.SetArgs{Mode: "XX", Get: true}).Result()
		require.NoError(t, err)
		require.Equal(t, "w", old)
		require.Equal(t, "x", c.GetDel(ctx, "k").Val())
		require.NoError(t, c.MSet(ctx, "a", 1, "b", 2.5, "c", "three").Err())
		require.Equal(t, []any{"1", nil, "three"}, c.MGet(ctx, "a", "k", "c").Val())
		require.Equal(t, int64(43), c.IncrBy(ctx, "a", 42).Val())
		require.InDelta(t, 3.0, c.IncrByFloat(ctx, "b", 0.5).Val(), 0)
		require.ErrorContains(t, c.Incr(ctx, "c").Err(), "ERR value is not an integer or out of range")
		require.Equal(t, int64(8), c.Append(ctx, "c", "two").Val())
		require.Equal(t, "etw", c.GetRange(ctx, "c", 4, 6).Val())
		require.Equal(t, int64(3), c.Exists(ctx, "a", "b", "c").Val())
		require.Equal(t, "string", c.Type(ctx, "a").Val())
		require.ErrorContains(t, c.Rename(ctx, "absent", "x").Err(), "no such key")
		require.Equal(t, int64(3), c.DBSize(ctx).Val())
		require.Equal(t, int64(2), c.Unlink(ctx, "a", "b").Val())
		require.Equal(t, "c", c.RandomKey(ctx).Val())
		require.Equal(t, "tester", c.ClientGetName(ctx).Val())
		require.ErrorContains(t, c.Do(ctx, "nosuch", "x").Err(), "unknown command")
	}
}

func TestPipeline(t *testing.T) { both(t, pipeline) }

func pipeline(t *testing.T, addr string) {
	ctx, c := t.Context(), client(t, addr)
	cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range 5000 {
			p.Set(ctx, fmt.Sprint("k", i), i, 0)
			p.Get(ctx, fmt.Sprint("k", i))
		}
		p.Get(ctx, "absent")
		return nil
	})
	require.ErrorIs(t, err, redis.Nil)
	require.Len(t, cmds, 10_001)
	for i := range 5000 {
		require.Equal(t, strconv.Itoa(i), cmds[2*i+1].(*redis.StringCmd).Val())
	}
	_, err = c.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Incr(ctx, "n")
		p.Incr(ctx, "n")
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, "2", c.Get(ctx, "n").Val())
}

// TestWatch increments a counter from many goroutines by WATCH, GET and a transaction
// that is tried again when another one was first: no increment is lost.
func TestWatch(t *testing.T) { both(t, watch) }

func watch(t *testing.T, addr string) {
	const goroutines, each = 8, 25
	ctx, c := t.Context(), client(t, addr)
	var refused atomic.Int64
	one := func() error {
		for {
			err := c.Watch(ctx, func(tx *redis.Tx) error {
				n, err := tx.Get(ctx, "n").Int()
				if err != nil && !errors.Is(err, redis.Nil) {
					return err
				}
				_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
					p.Set(ctx, "n", n+1, 0)
					p.Set(ctx, "twice", 2*(n+1), 0)
					return nil
				})
				return err
			}, "n")
			if !errors.Is(err, redis.TxFailedErr) {
				return err
			}
			refused.Add(1)
		}
	}
	errs := make([]error, goroutines)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for range each {
				errs[i] = errors.Join(errs[i], one())
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Equal(t, []any{fmt.Sprint(goroutines * each), fmt.Sprint(2 * goroutines * each)}, c.MGet(ctx, "n", "twice").Val())
	t.Logf("%d transactions were refused", refused.Load())
}

// TestPubSub publishes from several clients: a subscriber gets all messages of each
// publisher, in order.
func TestPubSub(t *testing.T) { both(t, pubSub) }

func pubSub(t *testing.T, addr string) {
	const publishers, each = 4, 500
	ctx, c := t.Context(), client(t, addr)
	sub := c.Subscribe(ctx, "news")
	defer sub.Close()
	require.NoError(t, sub.PSubscribe(ctx, "p:*"))
	for range 2 { // the two confirmations
		_, err := sub.ReceiveTimeout(ctx, patience)
		require.NoError(t, err)
	}
	errs := make([]error, publishers)
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for i := range each {
				n, err := c.Publish(ctx, []string{"news", "p:x"}[p%2], fmt.Sprintf("%d %d", p, i)).Result()
				if err == nil && n != 1 {
					err = fmt.Errorf("%d receivers", n)
				}
				errs[p] = errors.Join(errs[p], err)
			}
		})
	}
	var next [publishers]int
	for range publishers * each {
		got, err := sub.ReceiveTimeout(ctx, patience)
		require.NoError(t, err)
		m := got.(*redis.Message)
		var p, i int
		_, err = fmt.Sscanf(m.Payload, "%d %d", &p, &i)
		require.NoError(t, err)
		require.Equal(t, next[p], i, "publisher %d", p)
		require.Equal(t, []string{"", "p:*"}[p%2], m.Pattern)
		next[p]++
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Equal(t, map[string]int64{"news": 1}, c.PubSubNumSub(ctx, "news").Val())
	require.NoError(t, sub.Close())
	require.Eventually(t, func() bool { return c.PubSubNumSub(ctx, "news").Val()["news"] == 0 }, patience, time.Millisecond)
}

// TestScan walks over the keys while others are added and deleted: keys that are present
// throughout are all found.
func TestScan(t *testing.T) { both(t, scan) }

func scan(t *testing.T, addr string) {
	ctx, c := t.Context(), client(t, addr)
	var want []string
	for i := range 3000 {
		want = append(want, fmt.Sprint("stay:", i))
	}
	slices.Sort(want)
	_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, k := range want {
			p.Set(ctx, k, k, 0)
		}
		return nil
	})
	require.NoError(t, err)
	// The others write before the walk begins and until it has ended.
	moving, stop := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	var moveErr error
	wg.Go(func() {
		for i := 0; ; i++ {
			if i == 1000 {
				close(moving)
			}
			select {
			case <-stop:
				return
			default:
			}
			moveErr = errors.Join(moveErr, c.Set(ctx, fmt.Sprint("move:", i), i, 0).Err(), c.Del(ctx, fmt.Sprint("move:", i-700)).Err())
		}
	})
	<-moving
	for _, count := range []int64{1, 10, 1000} {
		if count == 1 && testing.Short() {
			continue
		}
		var got []string
		it := c.Scan(ctx, 0, "stay:*", count).Iterator()
		for it.Next(ctx) {
			got = append(got, it.Val())
		}
		require.NoError(t, it.Err())
		slices.Sort(got)
		require.Equal(t, want, slices.Compact(got))
	}
	close(stop)
	wg.Wait()
	require.NoError(t, moveErr)
}

// TestPool has many goroutines share a few connections, some of which give up in the
// middle: no goroutine gets a reply meant for another.
func TestPool(t *testing.T) { both(t, pool) }

func pool(t *testing.T, addr string) {
	ctx := t.Context()
	c := client(t, addr, func(o *redis.Options) { o.PoolSize, o.ContextTimeoutEnabled = 8, true })
	var gaveUp atomic.Int64
	errs := make([]error, 64)
	var wg sync.WaitGroup
	for g := range errs {
		wg.Go(func() {
			for i := range 50 {
				k, v := fmt.Sprint("g", g, ":", i), fmt.Sprint("v", g, ":", i)
				if err := c.Set(ctx, k, v, time.Hour).Err(); err != nil {
					errs[g] = err
					return
				}
				if i%5 == 0 {
					soon, cancel := context.WithTimeout(ctx, time.Duration(g*i%300)*time.Microsecond)
					got, err := c.Get(soon, k).Result()
					cancel()
					if err == nil && got != v {
						errs[g] = fmt.Errorf("GET %s: %q", k, got)
						return
					}
					if err != nil {
						gaveUp.Add(1)
					}
				}
				if got, err := c.Get(ctx, k).Result(); err != nil || got != v {
					errs[g] = fmt.Errorf("GET %s: %q, %w", k, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Equal(t, int64(64*50), c.DBSize(ctx).Val())
	require.Positive(t, gaveUp.Load())
}

// TestEncodings keeps what a cache must keep: empty, binary and large values.
func TestEncodings(t *testing.T) { both(t, encodings) }

func encodings(t *testing.T, addr string) {
	ctx, c := t.Context(), client(t, addr)
	var all []byte
	for i := range 256 {
		all = append(all, byte(i))
	}
	for _, n := range []int{0, 1, 100, 16 << 10, 64<<10 + 1, 4 << 20} {
		v := make([]byte, n)
		for i := range v {
			v[i] = all[i*7%256]
		}
		require.NoError(t, c.Set(ctx, string(all), v, 0).Err())
		got, err := c.Get(ctx, string(all)).Bytes()
		require.NoError(t, err)
		require.Len(t, got, n)
		require.True(t, slices.Equal(v, got))
		require.Equal(t, int64(n), c.StrLen(ctx, string(all)).Val())
	}
}
