// Gatelimit is examples/gatelimit with its counts and rules in a Redis or Valkey
// server, so that its nodes can be processes on different machines.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/gatelimit/gate"
	"example.com/flatline/ratelimit/remote"
)

var failures = map[string]remote.Failure{"closed": remote.FailClosed, "open": remote.FailOpen, "local": remote.FailLocal}

func main() {
	c := gate.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	addr := flag.String("redis", "", "host:port of the server; if left out, one is started on a free port and ends with the program")
	failure := flag.String("failure", "closed", "what becomes of requests while the server is away: closed, open or local, each node its share")
	flag.Parse()
	if err := run(c, *addr, *failure); err != nil {
		log.Fatal(err)
	}
}

func run(c gate.Config, addr, failure string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	mode, ok := failures[failure]
	if !ok || flag.NArg() > 0 {
		return fmt.Errorf("failure must be closed, open or local, got %q; arguments are none, got %q", failure, flag.Args())
	}
	if addr == "" {
		s, err := start.Start(ctx, start.Redis)
		if err != nil {
			return fmt.Errorf("no server was given by -redis, and none can be started: %w", err)
		}
		defer s.Stop()
		addr = s.Addr
	}
	c.Engine = "redis at " + addr
	c.Open = func() (gate.Store, error) {
		return Open(Options{Addr: addr, OnFailure: mode, Nodes: int64(c.Nodes)}), nil
	}
	return gate.Run(ctx, c)
}
