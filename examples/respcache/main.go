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
	o := server.Options{Config: map[string]string{}}
	addr := flag.String("addr", "127.0.0.1:6380", "where to listen; port 0 is any that is free")
	flag.StringVar(&o.ReplicaOf, "replicaof", "", "host:port of a master to copy")
	for _, p := range server.Parameters() {
		addFlag(p, o.Config)
	}
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "unknown argument", flag.Arg(0))
		os.Exit(2)
	}
	if err := run(*addr, o); err != nil {
		log.Fatal(err)
	}
}

// addFlag makes a flag of a parameter; its values are those of CONFIG SET. Where they are
// yes and no, the flag alone is yes.
func addFlag(p server.Parameter, config map[string]string) {
	usage := p.Usage
	if p.Initial != "" {
		usage += " (default " + p.Initial + ")"
	}
	set := func(v string) error {
		config[p.Name] = v
		return nil
	}
	if !p.YesNo {
		flag.Func(p.Name, usage, set)
		return
	}
	flag.BoolFunc(p.Name, usage, func(v string) error {
		switch v {
		case "true":
			v = "yes"
		case "false":
			v = "no"
		}
		return set(v)
	})
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
	fmt.Println(s.Access())
	context.AfterFunc(ctx, s.Shutdown)
	if err := s.Serve(); err != nil {
		s.Close()
		return err
	}
	return s.Close()
}
