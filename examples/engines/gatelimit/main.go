// Gatelimit is examples/gatelimit with its counts and rules in a Redis or Valkey
// server, so that its nodes can be processes on different machines.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/flatline/examples/gatelimit/gate"
	"example.com/flatline/ratelimit/remote"
)

var failures = map[string]remote.Failure{"closed": remote.Closed, "open": remote.Open, "local": remote.Local}

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
		var end func()
		var err error
		if addr, end, err = startRedis(ctx); err != nil {
			return err
		}
		defer end()
	}
	c.Engine = "redis at " + addr
	c.Open = func() (gate.Store, error) {
		return Open(Options{Addr: addr, OnFailure: mode, Nodes: int64(c.Nodes)}), nil
	}
	return gate.Run(ctx, c)
}

// startRedis starts a server that keeps its data in memory, and returns how to end it.
func startRedis(ctx context.Context) (addr string, end func(), err error) {
	dir, err := os.MkdirTemp("", "gatelimit")
	if err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	if err := l.Close(); err != nil {
		return "", nil, err
	}
	cmd := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "")
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("no server was given by -redis, and none can be started: %w", err)
	}
	end = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	defer rdb.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for rdb.Ping(ctx).Err() != nil {
		if ctx.Err() != nil {
			end()
			return "", nil, fmt.Errorf("redis-server does not answer: %w", ctx.Err())
		}
		time.Sleep(10 * time.Millisecond)
	}
	return addr, end, nil
}
