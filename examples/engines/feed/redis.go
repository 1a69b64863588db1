package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/flatline/examples/feed/timeline"
)

// life is how long the timeline of a reader who does not come back is kept.
const life = 7 * 24 * time.Hour

// Redis is a timeline.Cache in a Redis server, for any number of nodes. A timeline is one
// sorted set, so that an eviction takes all of it: the ids in hexadecimal digits, with equal
// scores, since a score has only 53 bits, and behind them one entry of the form
// ~token:version:filled:lost.
//
// The keys have the id of the server's process in them. A server that was restarted from an
// old copy of its data begins with no timeline: one of before would lack what was pushed
// since, and nothing would show it.
type Redis struct {
	c    *redis.Client
	keep int
	run  atomic.Pointer[string] // the server's process
}

// ErrMoved is returned if the server was restarted meanwhile.
var ErrMoved = errors.New("feed: the cache has begun again")

// OpenRedis returns a cache in the server at a URL, which keeps so many ids of a timeline.
// The server need not be there.
func OpenRedis(url string, keep int) (*Redis, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("feed: %w", err)
	}
	r := &Redis{keep: keep}
	r.run.Store(new(string))
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = time.Second, time.Second, time.Second
	o.MaxRetries, o.DialerRetries = 1, 1 // a page that has no cache is made without, at once
	o.OnConnect = func(ctx context.Context, c *redis.Conn) error {
		info, err := c.Info(ctx, "server").Result()
		if err != nil {
			return err
		}
		_, id, _ := strings.Cut(info, "run_id:")
		id, _, _ = strings.Cut(id, "\r")
		if *r.run.Load() != id {
			r.run.Store(&id)
		}
		return nil
	}
	r.c = redis.NewClient(o)
	_ = r.c.Ping(context.Background()) // so that the first call knows the process
	return r, nil
}

// Close closes the connections.
func (r *Redis) Close() error { return r.c.Close() }

// with calls f with what keys begin with, and fails if another process has answered.
func (r *Redis) with(f func(prefix string) error) error {
	run := r.run.Load()
	err := f("feed:" + *run + ":")
	if err == nil && r.run.Load() != run {
		return ErrMoved
	}
	return err
}

func hex(id timeline.ID) string { return fmt.Sprintf("%016x", uint64(id)) }

// Get implements timeline.Cache.
func (r *Redis) Get(ctx context.Context, reader string) (t timeline.Timeline, ok bool, err error) {
	var all []string
	err = r.with(func(prefix string) error {
		all, err = r.c.ZRangeArgs(ctx, redis.ZRangeArgs{Key: prefix + reader, Start: 0, Stop: -1, Rev: true}).Result()
		return err
	})
	if err != nil || len(all) == 0 {
		return t, false, err
	}
	var token, filled, lost uint64
	if _, err := fmt.Sscanf(all[0], "~%x:%x:%x:%x", &token, &t.Version, &filled, &lost); err != nil {
		return t, false, fmt.Errorf("feed: a timeline begins with %q: %w", all[0], err)
	}
	if t.Floor = timeline.ID(filled); lost > 0 {
		t.Floor = max(t.Floor, timeline.ID(lost)+1)
	}
	t.IDs = make([]timeline.ID, 0, len(all)-1)
	for _, s := range all[1:] {
		id, err := strconv.ParseUint(s, 16, 63)
		if err != nil {
			return t, false, fmt.Errorf("feed: a timeline has %q: %w", s, err)
		}
		t.IDs = append(t.IDs, timeline.ID(id))
	}
	return t, true, nil
}

// Begin implements timeline.Cache.
func (r *Redis) Begin(ctx context.Context, reader string, version uint64) (token uint64, err error) {
	token = rand.Uint64()
	head := fmt.Sprintf("~%016x:%016x:%s:%s", token, version, hex(timeline.Newest), hex(0))
	err = r.with(func(prefix string) error {
		_, err := r.c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Del(ctx, prefix+reader)
			p.ZAdd(ctx, prefix+reader, redis.Z{Member: head})
			p.Expire(ctx, prefix+reader, life)
			return nil
		})
		return err
	})
	return token, err
}

// add adds ids to a timeline, if there is one, and trims it. With a token it is a Fill: it
// lowers the floor too, and only the timeline of the token is filled.
var add = redis.NewScript(`
local head = redis.call('zrevrange', KEYS[1], 0, 0)[1]
if not head then return 0 end
local token, version, filled, lost = string.match(head, '^~(%x+):(%x+):(%x+):(%x+)$')
if ARGV[2] ~= '' then
  if ARGV[2] ~= token then return 0 end
  if ARGV[3] < filled then filled = ARGV[3] end
end
for i = 4, #ARGV do redis.call('zadd', KEYS[1], 0, ARGV[i]) end
local over = redis.call('zcard', KEYS[1]) - 1 - tonumber(ARGV[1])
if over > 0 then
  local last = redis.call('zrange', KEYS[1], over - 1, over - 1)[1]
  if last > lost then lost = last end
  redis.call('zremrangebyrank', KEYS[1], 0, over - 1)
end
local now = '~' .. token .. ':' .. version .. ':' .. filled .. ':' .. lost
if now ~= head then
  redis.call('zrem', KEYS[1], head)
  redis.call('zadd', KEYS[1], 0, now)
end
return 1`)

// Fill implements timeline.Cache.
func (r *Redis) Fill(ctx context.Context, reader string, token uint64, ids []timeline.ID, floor timeline.ID) error {
	args := []any{r.keep, fmt.Sprintf("%016x", token), hex(floor)}
	for _, id := range ids {
		args = append(args, hex(id))
	}
	return r.with(func(prefix string) error { return add.Run(ctx, r.c, []string{prefix + reader}, args...).Err() })
}

// Push implements timeline.Cache, with one round trip.
func (r *Redis) Push(ctx context.Context, readers []string, id timeline.ID) error {
	if len(readers) == 0 {
		return nil
	}
	return r.with(func(prefix string) error {
		if err := add.Load(ctx, r.c).Err(); err != nil {
			return err
		}
		_, err := r.c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, reader := range readers {
				add.EvalSha(ctx, p, []string{prefix + reader}, r.keep, "", "", hex(id))
			}
			return nil
		})
		return err
	})
}

// Drop implements timeline.Cache.
func (r *Redis) Drop(ctx context.Context, readers ...string) error {
	return r.with(func(prefix string) error {
		var keys []string
		for _, reader := range readers {
			keys = append(keys, prefix+reader)
		}
		return r.c.Del(ctx, keys...).Err()
	})
}
