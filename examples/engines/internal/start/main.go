package start

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
)

// Main is the main function of a program that runs on an engine. It parses the flags, to which
// it adds one for the engine's URL; if that is left out, it starts an engine that ends with the
// program. run gets the URL, and a context that ends at an interrupt or SIGTERM. A failure ends
// the program with status 1.
func Main(e Engine, run func(ctx context.Context, url string) error) {
	url := flag.String(e.Flag, "", "URL of the "+e.Name+" server; if left out, one is started on a free port and ends with the program")
	flag.Parse()
	if err := serve(e, *url, run); err != nil {
		log.Fatal(err)
	}
}

func serve(e Engine, url string, run func(ctx context.Context, url string) error) error {
	if flag.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if url == "" {
		s, err := Start(ctx, e)
		if err != nil {
			return fmt.Errorf("no server was given by -%s, and none can be started: %w", e.Flag, err)
		}
		defer s.Stop()
		url = s.URL
	}
	return run(ctx, url)
}
