// Feed is a home timeline with its posts in memory or in a log. Package timeline has it all,
// and package curve the cost curve; this is the command around them.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"example.com/flatline/examples/feed/curve"
	"example.com/flatline/examples/feed/timeline"
)

func main() {
	c := timeline.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	dir := flag.String("dir", "", "the directory of the log; without one, posts end with the program")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if flag.Arg(0) == "curve" {
		if err := curve.Main(ctx, flag.Args()[1:], os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	if flag.NArg() > 0 {
		log.Fatalf("unknown argument %q", flag.Arg(0))
	}
	c.Open = timeline.OpenDir(*dir)
	if err := timeline.Run(ctx, c); err != nil {
		log.Fatal(err)
	}
}
