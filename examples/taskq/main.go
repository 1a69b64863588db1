// Taskq is a task queue with its tasks in memory or in a log. Package queue has it all;
// this is the command around it, and a demonstration.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.com/flatline/examples/taskq/queue"
)

func main() {
	c := queue.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	dir := flag.String("dir", "", "the directory of the log; without one, tasks end with the program")
	worker := flag.String("worker", "", "be a worker of the demonstration, for the broker at this URL, until standard input ends")
	show := flag.Bool("demo", false, "enqueue tasks, start workers and kill them")
	d := demo{out: os.Stdout}
	flag.DurationVar(&d.span, "for", 30*time.Second, "how long the demonstration enqueues tasks")
	flag.DurationVar(&d.kill, "kill", 5*time.Second, "how often it kills a worker")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unknown argument %q", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *worker != "" {
		work(ctx, *worker)
		return
	}
	c.Open = queue.OpenDir(*dir)
	var started func(*queue.Broker, string)
	if *show {
		c.Queues["mail"], c.Queues["reports"] = 3, 1
		c.Routes = append(c.Routes, queue.Route{Pattern: "mail.*", Queue: "mail"}, queue.Route{Pattern: "report.*", Queue: "reports"})
		started = func(b *queue.Broker, url string) { d.broker, d.url = b, url; d.run(ctx) }
	}
	if err := queue.Run(ctx, c, started); err != nil {
		log.Fatal(err)
	}
}
