// Urlshort is examples/urlshort with its links in PostgreSQL, so that its nodes can be
// processes on different machines.
package main

import (
	"context"
	"flag"
	"os"

	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/urlshort/short"
)

func main() {
	c := short.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	start.Main(start.Postgres, func(ctx context.Context, url string) error { return run(ctx, c, url) })
}

// run serves from the database at a URL.
func run(ctx context.Context, c short.Config, url string) error {
	c.Open = func() (short.Store, string, error) {
		p, err := Open(ctx, url)
		return p, url, err
	}
	return short.Run(ctx, c)
}
