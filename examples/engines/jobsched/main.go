// Jobsched is examples/jobsched with its jobs in PostgreSQL, so that its nodes can be
// processes on different machines.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/jobsched/sched"
)

func main() {
	c := sched.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	url := flag.String("postgres", "", "URL of the database; if left out, one is started on a free port and ends with the program")
	flag.Parse()
	if err := run(c, *url); err != nil {
		log.Fatal(err)
	}
}

func run(c sched.Config, url string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if url == "" {
		s, err := start.Start(ctx, start.Postgres)
		if err != nil {
			return err
		}
		defer s.Stop()
		url = s.URL
	}
	c.Open = func() (sched.Store, string, error) {
		p, err := Open(ctx, url)
		return p, url, err
	}
	return sched.Serve(ctx, c, nil)
}
