// Taskq is examples/taskq with its tasks in PostgreSQL, so that its brokers can be
// processes on different machines.
package main

import (
	"context"
	"flag"
	"os"

	"example.com/flatline/examples/engines/internal/pgqueue"
	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/taskq/queue"
)

func main() {
	c := queue.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	start.Main(start.Postgres, func(ctx context.Context, url string) error { return run(ctx, c, url) })
}

// run serves from the database at a URL.
func run(ctx context.Context, c queue.Config, url string) error {
	c.Open = func() (queue.Store, string, error) {
		p, err := pgqueue.Open(ctx, url)
		return p, url, err
	}
	return queue.Run(ctx, c, nil)
}
