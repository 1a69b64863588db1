// Gatelimit is an API gateway of several nodes that limit their clients together, in one
// process. Package gate has the implementation; this is the command around it.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"example.com/flatline/examples/gatelimit/gate"
)

func main() {
	store := gate.NewMemory(100_000)
	c := gate.Config{Engine: "this process", Out: os.Stdout, Open: func() (gate.Store, error) { return store, nil }}
	c.Flags(flag.CommandLine)
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unknown argument %q", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := gate.Run(ctx, c); err != nil {
		log.Fatal(err)
	}
}
