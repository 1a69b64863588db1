// Feed is examples/feed with its posts and follows in PostgreSQL, which is the truth, and its
// timelines in Redis, which is a cache: it may be killed at any time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/feed/timeline"
)

func main() {
	c := timeline.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	cache := flag.String("redis", "", "URL of the redis-server server; if left out, one is started on a free port and ends with the program")
	start.Main(start.Postgres, func(ctx context.Context, url string) error { return run(ctx, c, url, *cache) })
}

// run serves from the database and the cache at two URLs.
func run(ctx context.Context, c timeline.Config, url, cache string) error {
	if cache == "" {
		s, err := start.Start(ctx, start.Redis)
		if err != nil {
			return fmt.Errorf("no server was given by -redis, and none can be started: %w", err)
		}
		defer s.Stop()
		cache = s.URL
	}
	r, err := OpenRedis(cache, timeline.Keep)
	if err != nil {
		return err
	}
	c.Sweep = 5 * time.Second
	c.Open = func() (timeline.Store, timeline.Cache, string, error) {
		p, err := Open(ctx, url)
		return p, r, url + ", timelines in " + cache, err
	}
	return errors.Join(timeline.Run(ctx, c), r.Close())
}
