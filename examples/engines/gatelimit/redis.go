package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/flatline/examples/gatelimit/gate"
	"example.com/flatline/lru"
	"example.com/flatline/ratelimit"
	"example.com/flatline/ratelimit/redisstore"
	"example.com/flatline/ratelimit/remote"
)

// Options are the settings of Open.
type Options struct {
	Addr      string
	Prefix    string // of all keys; default "gate:"
	OnFailure remote.Failure
	Nodes     int64 // for remote.FailLocal: how many share the limits
	Trip      int
	Cooldown  time.Duration
}

// Redis is a gate.Store on a Redis or Valkey server. Buckets are ratelimit/remote's;
// a sliding log is a sorted set, the rules are a list.
type Redis struct {
	rdb    *redis.Client
	prefix string
	root   *remote.Limiter
	limits *lru.Sync[gate.Limit, *remote.Limiter]
	serial atomic.Int64
	nonce  string

	mu   sync.Mutex
	seen []string // the rules' list as far as it was read
}

// Open returns a store for one node. The server need not be up.
func Open(o Options) *Redis {
	if o.Prefix == "" {
		o.Prefix = "gate:"
	}
	// One failure is enough to know: no retries within a request.
	rdb := redis.NewClient(&redis.Options{Addr: o.Addr, MaxRetries: -1, DialTimeout: time.Second, DialerRetries: 1})
	s := &Redis{rdb: rdb, prefix: o.Prefix, limits: lru.NewSync[gate.Limit, *remote.Limiter](10_000), nonce: strconv.FormatInt(time.Now().UnixNano(), 36)}
	s.root = remote.New(redisstore.GoRedis(rdb), ratelimit.Every(time.Second), 1, remote.Options{
		Prefix: o.Prefix, Keep: true, OnFailure: o.OnFailure, Nodes: o.Nodes, Trip: o.Trip, Cooldown: o.Cooldown,
	})
	return s
}

// State implements gate.Store.
func (s *Redis) State() string { return s.root.Circuit().String() }

// Close implements gate.Store.
func (s *Redis) Close() error { return s.rdb.Close() }

// Take implements gate.Store. All buckets take one round trip; before them each sliding
// log takes another one, and its event is removed again if the buckets refuse. Without
// the store a sliding log refuses, whatever OnFailure says: a share of it would not be
// exact.
func (s *Redis) Take(ctx context.Context, tiers []gate.Tier) (each []ratelimit.Decision, err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("gatelimit: %w", err)
	}
	each = make([]ratelimit.Decision, len(tiers))
	var buckets []remote.Tier
	var undo []func()
	granted := true
	for i, t := range tiers {
		each[i] = ratelimit.Decision{OK: true, Limit: t.Burst, Remaining: -1}
		switch {
		case !t.Exact():
			buckets = append(buckets, remote.Tier{Limiter: s.limiter(t.Limit), Key: t.Key})
		case granted:
			var back func()
			if each[i], back, err = s.log(ctx, t); err != nil {
				granted = false
			} else if undo = append(undo, back); !each[i].OK {
				granted = false
			}
		}
	}
	if granted && len(buckets) > 0 {
		var answers []ratelimit.Decision
		var sum ratelimit.Decision
		sum, answers, err = remote.TakeEach(ctx, 1, buckets...)
		granted = err == nil && sum.OK
		for i, t := range tiers {
			if err == nil && !t.Exact() {
				each[i], answers = answers[0], answers[1:]
			}
		}
	}
	if !granted {
		for _, back := range undo {
			back()
		}
	}
	if errors.Is(err, remote.ErrUnavailable) {
		err = fmt.Errorf("%w: %w", gate.ErrUnavailable, err)
	}
	return each, err
}

// limiter returns the limiter of a limit. All limiters of a store share one breaker.
func (s *Redis) limiter(l gate.Limit) *remote.Limiter {
	if x, ok := s.limits.Get(l); ok {
		return x
	}
	x, _ := s.limits.GetOrPut(l, s.root.With(l.Rate, l.Burst))
	return x
}

// sliding counts the events of a window on the server's clock, in microseconds, and
// adds one if there are fewer than N: {1 if it did, how many there are, when the
// oldest that is in the way leaves, when the newest leaves}. A place that is taken
// again, by a limit that has grown smaller, waits until enough have left. Events that
// are in the future, since the server's clock was set back, count as if they were now:
// none is in the way for longer than the window.
var sliding = redis.NewScript(`local t = redis.call('TIME')
local now, n, per = t[1] * 1000000 + t[2], ARGV[1] + 0, ARGV[2] + 0
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', now), '+inf')) do
  redis.call('ZADD', KEYS[1], string.format('%.0f', now), member)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - per))
local has, added = redis.call('ZCARD', KEYS[1]), 0
if has < n then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[3])
  has, added = has + 1, 1
end
local ttl = math.max(math.floor(per / 1000) + 1, redis.call('PTTL', KEYS[1]))
redis.call('PEXPIRE', KEYS[1], ttl)
local blocker = redis.call('ZRANGE', KEYS[1], math.max(has - n, 0), math.max(has - n, 0), 'WITHSCORES')[2]
local newest = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
return {added, has, blocker + per - now, newest + per - now}`)

// log takes from a sliding log and returns how to undo that.
func (s *Redis) log(ctx context.Context, t gate.Tier) (d ratelimit.Decision, back func(), err error) {
	if s.State() == "open" {
		return d, nil, fmt.Errorf("%w: the breaker is open", gate.ErrUnavailable)
	}
	key, member := s.prefix+"log:"+t.Key, fmt.Sprintf("%s-%d", s.nonce, s.serial.Add(1))
	per := (t.Rate.Time(t.Burst) + time.Microsecond - 1) / time.Microsecond
	out, err := sliding.Run(ctx, s.rdb, []string{key}, t.Burst, int64(per), member).Int64Slice()
	if err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			return d, nil, fmt.Errorf("gatelimit: %w", err)
		}
		return d, nil, fmt.Errorf("%w: %w", gate.ErrUnavailable, err)
	}
	d = ratelimit.Decision{OK: out[0] == 1, Limit: t.Burst, Remaining: max(t.Burst-out[1], 0), ResetAfter: time.Duration(out[3]) * time.Microsecond}
	back = func() {}
	if d.OK {
		back = func() {
			// The caller may be gone, but the event must be removed. If this fails, the
			// event counts although it never happened, which errs on the safe side.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			s.rdb.ZRem(ctx, key, member)
		}
	} else {
		d.RetryAfter = time.Duration(out[2]) * time.Microsecond
	}
	return d, back, nil
}

// publish appends a version, with the server's time before it, if the list is as long
// as the publisher thinks.
var publish = redis.NewScript(`local len = redis.call('LLEN', KEYS[1])
if len ~= ARGV[1] + 0 then return {0, len} end
local t = redis.call('TIME')
redis.call('RPUSH', KEYS[1], string.format('%.0f %s', t[1] * 1000000 + t[2], ARGV[2]))
return {1, t[1] * 1000000 + t[2]}`)

// Publish implements gate.Store.
func (s *Redis) Publish(ctx context.Context, base int64, v gate.Version) (gate.Version, error) {
	doc, err := json.Marshal(v)
	if err != nil {
		return gate.Version{}, fmt.Errorf("gatelimit: %w", err)
	}
	out, err := publish.Run(ctx, s.rdb, []string{s.prefix + "rules"}, base, doc).Int64Slice()
	switch {
	case err != nil:
		return gate.Version{}, fmt.Errorf("%w: %w", gate.ErrUnavailable, err)
	case out[0] == 0:
		return gate.Version{}, fmt.Errorf("%w: version %d is the newest, not %d", gate.ErrConflict, out[1], base)
	}
	v.Number, v.At = base+1, time.UnixMicro(out[1]).UTC()
	return v, nil
}

// restore appends versions that a server has lost, if it still lacks them.
var restore = redis.NewScript(`if redis.call('LLEN', KEYS[1]) ~= ARGV[1] + 0 then return 0 end
for i = 2, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[i]) end
return 1`)

// Versions implements gate.Store. A server that comes back with fewer versions than
// the node has seen, having lost its data, gets them back.
func (s *Redis) Versions(ctx context.Context, after int64) ([]gate.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := s.prefix + "rules"
	for {
		var length *redis.IntCmd
		var more *redis.StringSliceCmd
		if _, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
			length, more = p.LLen(ctx, key), p.LRange(ctx, key, int64(len(s.seen)), -1)
			return nil
		}); err != nil {
			return nil, fmt.Errorf("%w: %w", gate.ErrUnavailable, err)
		}
		n := int(length.Val())
		if n >= len(s.seen) {
			s.seen = append(s.seen, more.Val()...)
			break
		}
		args := []any{n}
		for _, line := range s.seen[n:] {
			args = append(args, line)
		}
		if err := restore.Run(ctx, s.rdb, []string{key}, args...).Err(); err != nil {
			return nil, fmt.Errorf("%w: %w", gate.ErrUnavailable, err)
		}
	}
	if after < 0 || after >= int64(len(s.seen)) {
		return nil, nil
	}
	var all []gate.Version
	for i, line := range slices.Clone(s.seen[after:]) {
		v, err := decode(line)
		if err != nil {
			return nil, fmt.Errorf("gatelimit: version %d in %s: %w", after+int64(i)+1, key, err)
		}
		v.Number = after + int64(i) + 1
		all = append(all, v)
	}
	return all, nil
}

func decode(line string) (v gate.Version, err error) {
	at, doc, _ := strings.Cut(line, " ")
	us, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return v, err
	}
	err = json.Unmarshal([]byte(doc), &v)
	v.At = time.UnixMicro(us).UTC()
	return v, err
}
