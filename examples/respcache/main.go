// Respcache is a cache server that the clients of Redis use. Package server has it
// all; this is the command around it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"example.com/flatline/examples/respcache/server"
)

// gcPercent is lower than Go's 100. Reads and writes of keys that are there allocate
// nothing, so the collector seldom runs, and memory that is free for it is not there
// for keys.
const gcPercent = 25

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	var o server.Options
	addr := flag.String("addr", "127.0.0.1:6380", "where to listen; port 0 is any that is free")
	flag.Int64Var(&o.MaxMemory, "maxmemory", 0, "bytes that keys and values may take; 0 is no bound")
	flag.StringVar(&o.Policy, "maxmemory-policy", "noeviction", "who leaves when memory is full")
	flag.BoolVar(&o.AppendOnly, "appendonly", false, "keep a log of all changes in dir")
	flag.StringVar(&o.Dir, "dir", ".", "where the log lies")
	flag.StringVar(&o.AppendFsync, "appendfsync", "everysec", "when the log is forced to disk: always, everysec or no")
	flag.StringVar(&o.ReplicaOf, "replicaof", "", "host:port of a master to copy")
	flag.IntVar(&o.Shards, "shards", 1, "parts of the keys with a lock and an order each: a power of two up to 64")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "unknown argument", flag.Arg(0))
		os.Exit(2)
	}
	if err := run(*addr, o); err != nil {
		log.Fatal(err)
	}
}

func run(addr string, o server.Options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o.Log = log.Printf
	s, err := server.New(o)
	if err != nil {
		return err
	}
	if err := s.Listen(addr); err != nil {
		s.Close()
		return err
	}
	fmt.Printf("listening on %v\n", s.Addr())
	context.AfterFunc(ctx, s.Shutdown)
	if err := s.Serve(); err != nil {
		s.Close()
		return err
	}
	return s.Close()
}
