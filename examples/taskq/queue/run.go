package queue

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/ratelimit"
)

// A Config is what the programs take from the command line.
type Config struct {
	Addr  string
	Hosts string
	Options
	Open func() (store Store, engine string, err error)
	Out  io.Writer
}

// Flags defines the flags of a Config.
func (c *Config) Flags(fs *flag.FlagSet) {
	c.Queues, c.Rates = map[string]float64{"default": 1}, map[string]ratelimit.Rate{}
	fs.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "where to listen")
	fs.StringVar(&c.Hosts, "host", "", "host names of this server, besides loopback addresses, with commas between")
	list(fs, "queues", "queues next to default, with their weights: mail=3,reports=1", func(name, v string) error {
		weight, err := strconv.ParseFloat(v, 64)
		if err == nil && !(weight > 0 && weight <= 1e9) {
			err = errors.New("a weight must be above 0")
		}
		c.Queues[name] = weight
		return errors.Join(err, checkName(name))
	})
	list(fs, "routes", "queues of types of tasks, the first pattern that matches: mail.*=mail", func(pattern, name string) error {
		_, err := path.Match(pattern, "")
		c.Routes = append(c.Routes, Route{pattern, name})
		return err
	})
	list(fs, "rates", "how often tasks of a type are started: mail.send=10/s", func(typ, v string) (err error) {
		c.Rates[typ], err = ratelimit.ParseRate(v)
		return err
	})
}

// list defines a flag of pairs with commas between.
func list(fs *flag.FlagSet, name, usage string, set func(k, v string) error) {
	fs.Func(name, usage, func(s string) error {
		for pair := range strings.SplitSeq(s, ",") {
			k, v, ok := strings.Cut(pair, "=")
			if !ok {
				return fmt.Errorf("%q is no pair NAME=VALUE", pair)
			}
			if err := set(k, v); err != nil {
				return err
			}
		}
		return nil
	})
}

// OpenDir returns what opens a Disk in a directory, or a Memory if that is "".
func OpenDir(dir string) func() (Store, string, error) {
	return func() (Store, string, error) {
		if dir == "" {
			return NewMemory(), "memory, for as long as it runs", nil
		}
		d, err := OpenDisk(dir, 1<<18, wal.Options{})
		return d, "the log in " + dir, err
	}
}

// Run serves until ctx is done, and calls started, if it is not nil, with the broker's URL.
func Run(ctx context.Context, c Config, started func(b *Broker, url string)) (err error) {
	if c.Addr == "" {
		return errors.New("taskq: addr must be an address such as 127.0.0.1:8080; an empty one would listen everywhere")
	}
	for _, r := range c.Routes {
		if _, ok := c.Queues[r.Queue]; !ok {
			return fmt.Errorf("taskq: the route %s leads to %q, which is no queue", r.Pattern, r.Queue)
		}
	}
	var engine string
	if c.Store, engine, err = c.Open(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Store.Close()) }()
	b := NewBroker(c.Options)
	defer b.Close()
	var group serve.Group
	defer group.Close() // requests end before what they need
	hosts := strings.FieldsFunc(strings.ToLower(c.Hosts), func(r rune) bool { return r == ',' })
	addr, err := group.Listen(c.Addr, Handler(b, hosts...))
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "taskq: listening on http://%s, tasks in %s\n", addr, engine)
	if started != nil {
		started(b, "http://"+addr)
	} else {
		<-ctx.Done()
	}
	return nil
}
