// Iot is examples/iot with MQTT: by mochi in process, whose PUBACK is released once the log
// has the message, or by NATS, whose stream has it until the log does.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"example.com/flatline/examples/iot/telemetry"
)

func main() {
	c := telemetry.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	addr := flag.String("mqtt", "127.0.0.1:1883", "where to listen for MQTT")
	broker := flag.String("broker", "mochi", "mochi, or nats with a stream in the directory -stream")
	stream := flag.String("stream", "", "the directory of the stream; without one, a temporary one")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unknown argument %q", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, c, *broker, *addr, *stream); err != nil {
		log.Fatal(err)
	}
}

// run serves HTTP and MQTT until ctx ends.
func run(ctx context.Context, c telemetry.Config, broker, addr, stream string) error {
	return telemetry.Run(ctx, c, func(ctx context.Context, g *telemetry.Gate, _ string) error {
		var at string
		var stop func()
		var err error
		switch broker {
		case "mochi":
			at, stop, err = serveMochi(addr, g)
		case "nats":
			at, stop, err = serveNATS(addr, stream, g)
		default:
			err = fmt.Errorf("iot: the broker must be mochi or nats, got %q", broker)
		}
		if err != nil {
			return err
		}
		defer stop()
		fmt.Fprintf(c.Out, "iot: MQTT by %s on %s\n", broker, at)
		<-ctx.Done()
		return nil
	})
}
