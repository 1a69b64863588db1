package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"example.com/flatline/examples/jobsched/sched"
)

// demo defines jobs and kills leaders.
type demo struct {
	out  io.Writer
	span time.Duration
	kill time.Duration
}

// jobs are those of the demonstration.
var jobs = []sched.Job{
	{Name: "heartbeat", Cron: "* * * * * *", Overlap: sched.Allow, CatchUp: sched.All, Max: 100},
	{Name: "backup", Cron: "*/5 * * * * *", Overlap: sched.Forbid, CatchUp: sched.Last},
	{Name: "cache", Cron: "*/3 * * * * *", Overlap: sched.Replace, CatchUp: sched.None},
	{Name: "report", Cron: "CRON_TZ=Europe/Berlin 30 2 * * MON-FRI", CatchUp: sched.Last},
}

// work takes a while, and fails now and then.
func work(ctx context.Context, p sched.Payload) (any, error) {
	takes := time.Duration(rand.IntN(300)) * time.Millisecond
	if p.Job != "heartbeat" {
		takes = time.Duration(rand.IntN(6000)) * time.Millisecond
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(takes):
	}
	if rand.IntN(10) == 0 {
		return nil, errors.New("connection reset by peer")
	}
	return map[string]int64{"ms": takes.Milliseconds()}, nil
}

// run is the demonstration. At its end each tick was made into a run or counted as missed.
func (d *demo) run(ctx context.Context, all *sched.Cluster) error {
	for _, j := range jobs {
		j.Action.Func = "work"
		if err := j.Check(); err != nil {
			return err
		}
		if _, err := all.Store.Put(ctx, j, sched.Any); err != nil {
			return err
		}
	}
	ctx, stop := context.WithTimeout(ctx, d.span)
	defer stop()
	killed := 0
	for t := time.NewTicker(d.kill); ; {
		select {
		case <-ctx.Done():
			t.Stop()
			return d.sum(context.WithoutCancel(ctx), all, killed)
		case <-t.C:
		}
		if l, ok := all.KillLeader(); ok { // else none leads just now
			killed++
			fmt.Fprintf(d.out, "killed %s, which led in term %d; %s begins\n", l.Holder, l.Term, all.Start().Name())
		}
	}
}

// sum counts.
func (d *demo) sum(ctx context.Context, all *sched.Cluster, killed int) error {
	for _, j := range jobs[:3] {
		x, err := all.Store.Job(ctx, j.Name)
		for ; err == nil && x.Next.IsZero(); x, err = all.Store.Job(ctx, j.Name) { // no leader has looked at it yet
			time.Sleep(10 * time.Millisecond)
		}
		if err != nil {
			return err
		}
		cron, err := sched.ParseCron(j.Cron)
		if err != nil {
			return err
		}
		ticks := int64(0)
		for t, ok := cron.Next(x.Updated); ok && t.Before(x.Next); t, ok = cron.Next(t) {
			ticks++
		}
		fmt.Fprintf(d.out, "%-9s %3d ticks = %3d made + %d missed\n", j.Name, ticks, x.Made, x.Missed)
	}
	fmt.Fprintf(d.out, "leaders killed: %d\n", killed)
	return nil
}
