// Logpipe collects, stores and searches logs. Package logs has it all; this is the command
// around it: a server, an agent, or both.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"example.com/flatline/examples/logpipe/logs"
)

func main() {
	c := logs.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unknown argument %q", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := logs.Run(ctx, c); err != nil {
		log.Fatal(err)
	}
}
