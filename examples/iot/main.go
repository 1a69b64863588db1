// Iot takes the messages of devices by InfluxDB's line protocol, with its series in memory
// or in a log. Package telemetry has it all; this is the command around it.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"example.com/flatline/examples/iot/telemetry"
)

func main() {
	c := telemetry.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	demo := flag.Bool("demo", false, "simulate devices: one has a wrong clock, one sends everything twice, one falls silent")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unknown argument %q", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var started func(context.Context, *telemetry.Gate, string) error
	if *demo {
		started = simulate
	}
	if err := telemetry.Run(ctx, c, started); err != nil {
		log.Fatal(err)
	}
}
