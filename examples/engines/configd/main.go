// Configd is examples/configd with its log in etcd, so that its nodes can be processes on
// different machines.
package main

import (
	"context"
	"flag"
	"os"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/examples/engines/internal/start"
)

func main() {
	c := config.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	start.Main(start.Etcd, func(ctx context.Context, url string) error { return run(ctx, c, url) })
}

// run serves from the etcd at URLs with commas between.
func run(ctx context.Context, c config.Config, urls string) error {
	c.Open = func() (config.Store, string, error) {
		e, err := Open(ctx, urls, "configd/")
		return e, urls, err
	}
	return config.Run(ctx, c, nil)
}
