package config

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/ratelimit"
)

// A Config is what the programs take from the command line.
type Config struct {
	Addr  string
	Hosts string
	Rate  ratelimit.Rate
	Keep  int64
	Open  func() (store Store, engine string, err error)
	Out   io.Writer
}

// Flags defines the flags of a Config.
func (c *Config) Flags(fs *flag.FlagSet) {
	fs.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "where to listen")
	fs.StringVar(&c.Hosts, "host", "", "host names of this server, besides loopback addresses, with commas between")
	fs.Int64Var(&c.Keep, "keep", 10000, "how many revisions can be read and rolled back to")
	fs.Func("rate", "how many requests there may be with one token, such as 100/s (default no limit)", func(v string) (err error) {
		c.Rate, err = ratelimit.ParseRate(v)
		return err
	})
}

// OpenDir returns what opens a Disk in a directory, or a Memory if that is "".
func OpenDir(dir string) func() (Store, string, error) {
	return func() (Store, string, error) {
		if dir == "" {
			return NewMemory(), "memory, for as long as it runs", nil
		}
		d, err := OpenDisk(dir, 1<<16, wal.Options{})
		return d, "the log in " + dir, err
	}
}

// Run serves until ctx is done, and calls started, if it is not nil, with the URL.
func Run(ctx context.Context, c Config, started func(s Store, url string)) (err error) {
	switch {
	case c.Addr == "":
		return errors.New("configd: addr must be an address such as 127.0.0.1:8080; an empty one would listen everywhere")
	case c.Keep < 1:
		return fmt.Errorf("configd: keep must be at least 1, got %d", c.Keep)
	}
	store, engine, err := c.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var group serve.Group
	defer group.Close() // requests end before what they need
	hosts := strings.FieldsFunc(strings.ToLower(c.Hosts), func(r rune) bool { return r == ',' })
	addr, err := group.Listen(c.Addr, Handler(Options{Store: store, Rate: c.Rate, Hosts: hosts}))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	defer func() { stop(); <-ended }()
	go func() {
		defer close(ended)
		Janitor(ctx, store, c.Keep, time.Second)
	}()
	fmt.Fprintf(c.Out, "configd: listening on http://%s, values in %s\n", addr, engine)
	if started != nil {
		started(store, "http://"+addr)
	} else {
		<-ctx.Done()
	}
	return nil
}

// Janitor compacts a store, every so often, once it has twice the revisions that it is to
// keep.
func Janitor(ctx context.Context, s Store, keep int64, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for floor := int64(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		v, err := s.Read(ctx, Now)
		if err == nil && v.Rev-floor >= 2*keep && s.Compact(ctx, v.Rev-keep) == nil {
			floor = v.Rev - keep
		}
	}
}
