package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"example.com/flatline/examples/taskq/queue"
)

const (
	slots = 4
	lease = 2 * time.Second
)

// work is a worker process. It ends with the process that holds its standard input.
func work(ctx context.Context, url string) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	w := queue.Worker{
		Source: &queue.Client{Base: url}, Name: fmt.Sprint("pid-", os.Getpid()), N: slots, For: lease, Grace: lease,
		Handle: handle,
	}
	w.Run(ctx)
}

// handle does a task of the demonstration.
func handle(ctx context.Context, t queue.Task) (any, error) {
	takes := 20 + rand.IntN(150)
	if t.Type == "report.month" {
		takes = 3000 // longer than a lease
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Duration(takes) * time.Millisecond):
	}
	switch {
	case t.Type == "poison":
		os.Exit(3) // as a crash in C code, or a lack of memory, would
	case t.Type == "mail.invalid":
		return nil, fmt.Errorf("no such address: %w", queue.ErrPermanent)
	case rand.IntN(10) == 0:
		return nil, errors.New("connection reset by peer")
	}
	return map[string]int{"ms": takes}, nil
}

// demo enqueues tasks, starts as many workers as the load needs, and kills one now and then.
type demo struct {
	broker   *queue.Broker
	url      string
	out      io.Writer
	span     time.Duration
	kill     time.Duration
	accepted atomic.Int64
	killed   int
	children []*child
}

type child struct {
	cmd   *exec.Cmd
	in    io.Closer
	ended chan struct{}
}

func (d *demo) start() {
	bin, err := os.Executable()
	if err != nil {
		return
	}
	cmd := exec.Command(bin, "-worker", d.url)
	in, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		return
	}
	c := &child{cmd, in, make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(c.ended)
	}()
	d.children = append(d.children, c)
}

// reap forgets the workers that have ended.
func (d *demo) reap() {
	var alive []*child
	for _, c := range d.children {
		select {
		case <-c.ended:
		default:
			alive = append(alive, c)
		}
	}
	d.children = alive
}

// produce enqueues one to sixteen tasks every tenth of a second, in waves.
func (d *demo) produce(ctx context.Context) {
	client := &queue.Client{Base: d.url}
	kinds := []string{"mail.welcome", "mail.receipt", "report.day", "thumbnail", "thumbnail", "thumbnail"}
	for i := 0; ctx.Err() == nil; i++ {
		var tasks []queue.Task
		for range 1 + (i/50%2)*rand.IntN(8) + rand.IntN(8) {
			t := queue.Task{ID: queue.NewID(), Type: kinds[rand.IntN(len(kinds))], MaxFailures: 4}
			if rand.IntN(10) == 0 {
				t.Due = time.Now().Add(time.Duration(rand.IntN(5000)) * time.Millisecond)
			}
			tasks = append(tasks, t)
		}
		switch i % 100 {
		case 10:
			tasks[0].Type, tasks[0].MaxLost = "poison", 2
		case 20:
			tasks[0].Type = "mail.invalid"
		case 30:
			tasks[0].Type = "report.month"
		}
		// An answer can be lost; what has an ID can be sent again.
		for ctx.Err() == nil {
			if _, err := client.Enqueue(context.WithoutCancel(ctx), tasks...); err == nil {
				d.accepted.Add(int64(len(tasks)))
				break
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// run is the demonstration: the span, and then until every task has ended.
func (d *demo) run(ctx context.Context) {
	defer d.end()
	for range 2 {
		d.start()
	}
	producing, stop := context.WithTimeout(ctx, d.span)
	defer stop()
	produced := make(chan struct{})
	go func() { d.produce(producing); close(produced) }()
	second, kill := time.NewTicker(time.Second), time.NewTicker(d.kill)
	defer second.Stop()
	defer kill.Stop()
	scaled := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-kill.C:
			if d.reap(); len(d.children) > 0 && producing.Err() == nil {
				c := d.children[rand.IntN(len(d.children))]
				fmt.Fprintf(d.out, "kill -9 pid-%d\n", c.cmd.Process.Pid)
				_ = c.cmd.Process.Kill()
				<-c.ended
				d.killed++
			}
		case <-second.C:
			d.reap()
			finished := false
			select {
			case <-produced: // before the counts are read
				finished = true
			default:
			}
			c := d.broker.Counts(ctx)
			want := min(8, c.Load.Desired(len(d.children), slots))
			for len(d.children) < want {
				d.start()
			}
			if len(d.children) > want && time.Since(scaled) > 3*time.Second {
				_ = d.children[0].in.Close() // it finishes what it has begun
				d.children, scaled = d.children[1:], time.Now()
			}
			fmt.Fprintf(d.out, "%4d accepted, %4d done, %2d dead, %3d ready, %2d delayed, %2d leased; workers: %d\n",
				d.accepted.Load(), c.Done, c.Dead, c.Ready, c.Delayed, c.Leased, len(d.children))
			if !finished || c.Ready+c.Delayed+c.Leased > 0 {
				continue
			}
			fmt.Fprintf(d.out, "accepted %d = done %d + dead %d; workers killed: %d, leases lost: %d\n",
				d.accepted.Load(), c.Done, c.Dead, d.killed, c.Lost)
			return
		}
	}
}

// end stops the workers.
func (d *demo) end() {
	for _, c := range d.children {
		_ = c.in.Close()
	}
	for _, c := range d.children {
		<-c.ended
	}
}
