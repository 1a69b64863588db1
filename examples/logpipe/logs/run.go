package logs

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/ratelimit"
)

// A Config is what the program takes from the command line.
type Config struct {
	Addr  string
	Hosts string
	Dir   string // "": the store is in memory
	Limits
	Options
	Out io.Writer

	Follow string // files that an agent follows, with commas between
	To     string // the agent's server; "" is this one
	State  string // the agent's file of checkpoints
	Label  string // the service of records that name none
}

// Flags defines the flags of a Config.
func (c *Config) Flags(fs *flag.FlagSet) {
	fs.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "where to listen")
	fs.StringVar(&c.Hosts, "host", "", "host names of this server, besides loopback addresses, with commas between")
	fs.StringVar(&c.Dir, "dir", "", "the directory of the store; without one, records end with the program")
	fs.DurationVar(&c.Age, "age", 30*day, "how long records are kept")
	fs.Func("bytes", "how many bytes of files are kept, such as 500MB or 20GB (default 1TB)", func(v string) (err error) {
		c.Bytes, err = parseBytes(v)
		return err
	})
	fs.Func("sample", "how many records of a template of a service are kept, such as 100/s; of more, below level error, one in 100 (default: all)", func(v string) (err error) {
		c.Sample, err = ratelimit.ParseRate(v)
		return err
	})
	fs.Func("alert", `a rule, such as "api-errors: level>=error service=api > 10 in 1m"; may be repeated`, func(v string) error {
		r, err := ParseRule(v)
		if len(c.Alerts) == maxRules {
			err = fmt.Errorf("%w: there are at most %d rules", ErrBad, maxRules)
		}
		c.Alerts = append(c.Alerts, r)
		return err
	})
	fs.StringVar(&c.Follow, "follow", "", "files that an agent follows, with commas between")
	fs.StringVar(&c.To, "to", "", "URL of the agent's server; without one, the agent is in the server")
	fs.StringVar(&c.State, "state", "logpipe-agent.json", "where the agent keeps what it has sent")
	fs.StringVar(&c.Label, "service", "", "the service of records that name none (default: the name of the file)")
}

func parseBytes(v string) (int64, error) {
	for i, unit := range []string{"KB", "MB", "GB", "TB"} {
		if n, ok := strings.CutSuffix(v, unit); ok {
			x, err := strconv.ParseInt(n, 10, 32)
			for range i + 1 {
				x *= 1000
			}
			if err == nil && x > 0 && x < 1<<60 {
				return x, nil
			}
		}
	}
	return 0, fmt.Errorf("%w: a size is such as 500MB, got %.80q", ErrBad, v)
}

// open opens the store.
func (c *Config) open() (Store, string, error) {
	if c.Dir == "" {
		return NewMemory(c.Limits), "memory, for as long as it runs", nil
	}
	d, err := OpenDisk(c.Dir, c.Limits, wal.Options{})
	return d, c.Dir, err
}

// Run serves, or follows files, until ctx is done.
func Run(ctx context.Context, c Config) (err error) {
	if c.To != "" {
		return c.follow(ctx, &Client{Base: c.To})
	}
	if c.Addr == "" {
		return errors.New("logpipe: addr must be an address such as 127.0.0.1:8080; an empty one would listen everywhere")
	}
	if c.Age < day {
		return fmt.Errorf("logpipe: age must be at least %v, got %v", day, c.Age)
	}
	store, where, err := c.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	c.Store = store
	p := NewPipe(c.Options)
	var group serve.Group
	defer group.Close() // requests end before what they need
	hosts := strings.FieldsFunc(strings.ToLower(c.Hosts), func(r rune) bool { return r == ',' })
	addr, err := group.Listen(c.Addr, Handler(p, hosts...))
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "logpipe: listening on http://%s, records in %s\n", addr, where)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	agent := make(chan error, 1)
	if c.Follow != "" {
		go func() { agent <- c.follow(ctx, p) }()
		defer func() { cancel(); err = errors.Join(err, <-agent) }()
	}
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-agent:
			agent <- nil
			return err
		case now := <-tick.C:
			if err := p.Retain(now); err != nil {
				fmt.Fprintf(c.Out, "logpipe: retention: %v\n", err)
			}
		}
	}
}

// follow runs an agent.
func (c *Config) follow(ctx context.Context, to Sender) error {
	files := strings.FieldsFunc(c.Follow, func(r rune) bool { return r == ',' })
	if len(files) == 0 {
		return errors.New("logpipe: -follow names no file")
	}
	a, err := OpenAgent(c.State, to, files...)
	if err != nil {
		return err
	}
	a.Service = c.Label
	fmt.Fprintf(c.Out, "logpipe: agent %s follows %s\n", a.Name(), c.Follow)
	return a.Run(ctx)
}
