package telemetry

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
	Rate  ratelimit.Rate
	Dir   string
	Out   io.Writer
}

// Flags defines the flags of a Config.
func (c *Config) Flags(fs *flag.FlagSet) {
	c.Rate = ratelimit.Per(1000, 1e9)
	fs.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "where to listen")
	fs.StringVar(&c.Hosts, "host", "", "host names of this server, besides loopback addresses, with commas between")
	fs.StringVar(&c.Dir, "dir", "", "the directory of the log; without one, points end with the program")
	fs.Func("rate", "how many messages a device may send (default 1000/s)", func(v string) (err error) {
		c.Rate, err = ratelimit.ParseRate(v)
		return err
	})
}

// snapshotEvery is how many commands there are between two snapshots.
const snapshotEvery = 1 << 16

func (c Config) open() (Store, string, error) {
	if c.Dir == "" {
		return NewMemory(), "memory, for as long as it runs", nil
	}
	d, err := OpenDisk(c.Dir, snapshotEvery, wal.Options{})
	return d, "the log in " + c.Dir, err
}

// Run serves until ctx is done, and calls started, if it is not nil, with the gate and its
// URL, until which it serves.
func Run(ctx context.Context, c Config, started func(ctx context.Context, g *Gate, url string) error) (err error) {
	if c.Addr == "" {
		return errors.New("iot: addr must be an address such as 127.0.0.1:8080; an empty one would listen everywhere")
	}
	store, where, err := c.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	g := NewGate(GateOptions{Store: store, Rate: c.Rate})
	defer g.Close()
	var group serve.Group
	defer group.Close() // requests end before what they need
	hosts := strings.FieldsFunc(strings.ToLower(c.Hosts), func(r rune) bool { return r == ',' })
	addr, err := group.Listen(c.Addr, Handler(g, hosts...))
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "iot: listening on http://%s, points in %s\n", addr, where)
	if started != nil {
		return started(ctx, g, "http://"+addr)
	}
	<-ctx.Done()
	return nil
}
