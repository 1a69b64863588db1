// Command study measures how the cost of every operation of flatline grows with
// the size of the structure, compares it with the cost that the package's doc
// states, and draws the curves. README.md says how to read what it prints.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"example.com/flatline/examples/study/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
