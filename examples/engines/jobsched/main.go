// Jobsched is examples/jobsched with its jobs in PostgreSQL, so that its nodes can be
// processes on different machines.
package main

import (
	"context"
	"flag"
	"os"

	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/jobsched/sched"
)

func main() {
	c := sched.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	start.Main(start.Postgres, func(ctx context.Context, url string) error { return run(ctx, c, url) })
}

// run serves from the database at a URL.
func run(ctx context.Context, c sched.Config, url string) error {
	c.Open = func() (sched.Store, string, error) {
		p, err := Open(ctx, url)
		return p, url, err
	}
	return sched.Serve(ctx, c, nil)
}
