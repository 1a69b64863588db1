// Jobsched is a distributed job scheduler with its jobs in memory or in a log. Package sched
// has it all; this is the command around it, and a demonstration.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.com/flatline/examples/jobsched/sched"
)

func main() {
	c := sched.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	dir := flag.String("dir", "", "the directory of the log; without one, jobs end with the program")
	show := flag.Bool("demo", false, "define jobs, and kill the node that leads, again and again")
	d := demo{out: os.Stdout}
	flag.DurationVar(&d.span, "for", 30*time.Second, "how long the demonstration runs")
	flag.DurationVar(&d.kill, "kill", 5*time.Second, "how often it kills the leader")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unknown argument %q", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c.Open = sched.OpenDir(*dir)
	var started func(*sched.Cluster, string)
	if *show {
		c.Funcs = map[string]func(context.Context, sched.Payload) (any, error){"work": work}
		started = func(all *sched.Cluster, _ string) {
			if err := d.run(ctx, all); err != nil {
				log.Print(err)
			}
		}
	}
	if err := sched.Serve(ctx, c, started); err != nil {
		log.Fatal(err)
	}
}
