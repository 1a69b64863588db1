// Package redisstore connects ratelimit/remote to Redis and Valkey through three clients.
// It is a separate module, so that programs that use flatline without these clients do
// not download them.
//
// Each function returns a remote.Eval that sends EVALSHA, one round trip. It sends EVAL
// only if the server does not know the script, for example after a restart.
package redisstore

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/valkey-io/valkey-go"

	"example.com/flatline/ratelimit/remote"
)

// GoRedis returns an Eval through go-redis: a client, a cluster client or a ring. The
// client's options say whether it retries. A take that is retried may be made twice,
// which errs on the safe side.
func GoRedis(c redis.UniversalClient) remote.Eval {
	return func(ctx context.Context, script, sha string, keys []string, args []int64) ([]int64, error) {
		argv := make([]any, len(args))
		for i, a := range args {
			argv[i] = a
		}
		out, err := c.EvalSha(ctx, sha, keys, argv...).Int64Slice()
		if redis.HasErrorPrefix(err, "NOSCRIPT") {
			out, err = c.Eval(ctx, script, keys, argv...).Int64Slice()
		}
		return out, wrap(err)
	}
}

// Rueidis returns an Eval through rueidis, which sends the takes of many goroutines
// together.
func Rueidis(c rueidis.Client) remote.Eval {
	return func(ctx context.Context, script, sha string, keys []string, args []int64) ([]int64, error) {
		argv, n := text(args), int64(len(keys))
		out, err := c.Do(ctx, c.B().Evalsha().Sha1(sha).Numkeys(n).Key(keys...).Arg(argv...).Build()).AsIntSlice()
		if e, ok := rueidis.IsRedisErr(err); ok && e.IsNoScript() {
			out, err = c.Do(ctx, c.B().Eval().Script(script).Numkeys(n).Key(keys...).Arg(argv...).Build()).AsIntSlice()
		}
		return out, wrap(err)
	}
}

// Valkey returns an Eval through valkey-go, which sends the takes of many goroutines
// together.
func Valkey(c valkey.Client) remote.Eval {
	return func(ctx context.Context, script, sha string, keys []string, args []int64) ([]int64, error) {
		argv, n := text(args), int64(len(keys))
		out, err := c.Do(ctx, c.B().Evalsha().Sha1(sha).Numkeys(n).Key(keys...).Arg(argv...).Build()).AsIntSlice()
		if e, ok := valkey.IsValkeyErr(err); ok && e.IsNoScript() {
			out, err = c.Do(ctx, c.B().Eval().Script(script).Numkeys(n).Key(keys...).Arg(argv...).Build()).AsIntSlice()
		}
		return out, wrap(err)
	}
}

func text(args []int64) []string {
	argv := make([]string, len(args))
	for i, a := range args {
		argv[i] = strconv.FormatInt(a, 10)
	}
	return argv
}

func wrap(err error) error {
	if err != nil {
		err = fmt.Errorf("redisstore: %w", err)
	}
	return err
}
