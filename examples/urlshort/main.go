// Urlshort is a URL shortener with its links in memory or in a log. Package short has it
// all; this is the command around it.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"example.com/flatline/examples/urlshort/short"
)

func main() {
	c := short.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	dir := flag.String("dir", "", "the directory of the log; without one, links end with the program")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unknown argument %q", flag.Arg(0))
	}
	c.Open = short.OpenDir(*dir)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := short.Run(ctx, c); err != nil {
		log.Fatal(err)
	}
}
