// Chat is real-time chat with its messages in memory or in a log. Package room has it all;
// this is the command around it.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"example.com/flatline/examples/chat/room"
)

func main() {
	c := room.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	dir := flag.String("dir", "", "the directory of the log; without one, messages end with the program")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unknown argument %q", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c.Open = room.OpenDir(*dir)
	if err := room.Run(ctx, c); err != nil {
		log.Fatal(err)
	}
}
