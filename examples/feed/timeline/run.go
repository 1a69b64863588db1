package timeline

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/ratelimit"
)

// A Config is what the programs take from the command line.
type Config struct {
	Addr  string
	Hosts string
	Demo  bool
	Options
	Open func() (store Store, cache Cache, engine string, err error)
	Out  io.Writer
}

// Flags defines the flags of a Config.
func (c *Config) Flags(fs *flag.FlagSet) {
	fs.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "where to listen")
	fs.StringVar(&c.Hosts, "host", "", "host names of this server, besides loopback addresses, with commas between")
	fs.BoolVar(&c.Demo, "demo", false, "begin with a few people, their follows and posts")
	fs.IntVar(&c.Most, "push", 1000, "an author with more followers than this is pulled, not pushed")
	c.Rate, c.Burst = ratelimit.Per(5, 1e9), 50
	fs.Func("rate", "how often one person may post, follow and block (default 5/s)", func(v string) (err error) {
		c.Rate, err = ratelimit.ParseRate(v)
		return err
	})
}

// OpenDir returns what opens a Disk in a directory, or a Memory if that is "", with the
// timelines of 10,000 readers: 64 MB at most.
func OpenDir(dir string) func() (Store, Cache, string, error) {
	return func() (Store, Cache, string, error) {
		cache := NewTimelines(10_000, Keep)
		if dir == "" {
			return NewMemory(), cache, "memory, for as long as it runs", nil
		}
		d, err := OpenDisk(dir, 1<<18, wal.Options{})
		return d, cache, "the log in " + dir, err
	}
}

// Run serves until ctx is done.
func Run(ctx context.Context, c Config) (err error) {
	if c.Addr == "" {
		return errors.New("feed: addr must be an address such as 127.0.0.1:8080; an empty one would listen everywhere")
	}
	if c.Most < 0 {
		return fmt.Errorf("feed: push must not be negative, got %d", c.Most)
	}
	var engine string
	if c.Store, c.Cache, engine, err = c.Open(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Store.Close()) }()
	n := New(c.Options)
	defer n.Close()
	if c.Demo {
		if err := Demo(ctx, n); err != nil {
			return err
		}
	}
	var group serve.Group
	defer group.Close() // requests end before what they need
	hosts := strings.FieldsFunc(strings.ToLower(c.Hosts), func(r rune) bool { return r == ',' })
	addr, err := group.Listen(c.Addr, Handler(n, hosts...))
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "feed: listening on http://%s, posts in %s\n", addr, engine)
	<-ctx.Done()
	return nil
}

// Demo gives a node a few people, unless they are there.
func Demo(ctx context.Context, n *Node) error {
	v, err := n.opts.Store.View(ctx, "ann")
	if err != nil || len(v.Authors) > 0 {
		return err
	}
	for _, e := range []string{"ann bob", "ann news", "bob ann", "bob cid", "bob news", "cid ann", "cid news", "cid dan", "dan cid", "dan eve", "eve dan"} {
		from, to, _ := strings.Cut(e, " ")
		if err := n.Change(ctx, Edge{Kind: Follow, From: from, To: to}); err != nil {
			return err
		}
	}
	for _, p := range [][2]string{
		{"cid", "The bakery at the corner is open again."},
		{"news", "Morning: the river is at its usual level."},
		{"bob", "Has anybody seen a grey cat with one white paw?"},
		{"dan", "Three hours of rain, and the tent is dry."},
		{"ann", "I have counted: ten structures, one line."},
		{"news", "Evening: the river is still at its usual level."},
	} {
		if _, err := n.Post(ctx, p[0], p[1]); err != nil {
			return err
		}
	}
	return nil
}
