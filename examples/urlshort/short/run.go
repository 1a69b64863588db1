package short

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
	Base  string
	Fold  bool
	Token string
	Rate  string
	Open  func() (store Store, engine string, err error)
	Out   io.Writer
}

// Flags defines the flags of a Config.
func (c *Config) Flags(fs *flag.FlagSet) {
	fs.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "where to listen")
	fs.StringVar(&c.Hosts, "host", "", "host names of this server, besides loopback addresses, with commas between")
	fs.StringVar(&c.Base, "base", "", "what short URLs begin with, such as https://sho.rt; default http:// and the Host of the request")
	fs.BoolVar(&c.Fold, "fold", false, "codes in which case does not matter, one letter longer")
	fs.StringVar(&c.Token, "token", "", "the token that creating and changing links needs; none by default")
	fs.StringVar(&c.Rate, "rate", "600/m", "how many links a client may create")
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

// Run serves until ctx is done.
func Run(ctx context.Context, c Config) (err error) {
	rate, err := ratelimit.ParseRate(c.Rate)
	if err != nil {
		return err
	}
	if c.Addr == "" {
		return errors.New("short: addr must be an address such as 127.0.0.1:8080; an empty one would listen everywhere")
	}
	store, engine, err := c.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	hosts := strings.FieldsFunc(strings.ToLower(c.Hosts), func(r rune) bool { return r == ',' })
	s := New(Options{
		Store: store, Hosts: hosts, Base: c.Base, Fold: c.Fold, Token: c.Token, Rate: rate, Burst: 100,
	})
	defer s.Close()
	var group serve.Group
	defer group.Close() // requests end before what they need
	addr, err := group.Listen(c.Addr, s)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "urlshort: listening on http://%s, links in %s\n", addr, engine)
	<-ctx.Done()
	return nil
}
