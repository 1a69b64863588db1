package room

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/ratelimit"
)

// A Config is what the programs take from the command line.
type Config struct {
	Addr  string
	Hosts string
	Rooms string // that there are from the start, with commas between
	Options
	Open func() (store Store, engine string, err error)
	Out  io.Writer

	// Mount, if it is not nil, adds to the pages that Handler serves what guard has guarded
	// as it does them.
	Mount func(h *Hub, pages http.Handler, guard func(http.Handler) http.Handler) http.Handler
}

// Flags defines the flags of a Config.
func (c *Config) Flags(fs *flag.FlagSet) {
	fs.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "where to listen")
	fs.StringVar(&c.Hosts, "host", "", "host names of this server, besides loopback addresses, with commas between")
	fs.StringVar(&c.Rooms, "rooms", "lobby", "rooms that there are from the start, with commas between")
	rate := func(r *ratelimit.Rate) func(string) error {
		return func(v string) (err error) {
			*r, err = ratelimit.ParseRate(v)
			return err
		}
	}
	fs.Func("user-rate", "how often a user may send (default 10/s)", rate(&c.UserRate))
	fs.Func("room-rate", "how many messages a room takes (default 500/s)", rate(&c.RoomRate))
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
	if c.Addr == "" {
		return errors.New("chat: addr must be an address such as 127.0.0.1:8080; an empty one would listen everywhere")
	}
	comma := func(r rune) bool { return r == ',' }
	var engine string
	if c.Store, engine, err = c.Open(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Store.Close()) }()
	h := NewHub(c.Options)
	defer h.Close()
	for _, name := range strings.FieldsFunc(c.Rooms, comma) {
		if err := h.open(ctx, name); err != nil {
			return fmt.Errorf("chat: room %s: %w", name, err)
		}
	}
	var group serve.Group
	defer group.Close() // requests end before what they need
	hosts := strings.FieldsFunc(strings.ToLower(c.Hosts), comma)
	pages := Handler(h, hosts...)
	if c.Mount != nil {
		pages = c.Mount(h, pages, func(next http.Handler) http.Handler { return guard(next, hosts) })
	}
	addr, err := group.Listen(c.Addr, pages)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "chat: listening on http://%s, messages in %s\n", addr, engine)
	<-ctx.Done()
	return nil
}

// open begins a room, unless it is there.
func (h *Hub) open(ctx context.Context, name string) error {
	_, release, err := h.store.Watch(ctx, name)
	if err == nil {
		release()
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	d := Draft{Room: name, From: "chat", Nonce: "opened", Text: "This is the beginning of " + name + "."}
	if err := d.Check(); err != nil {
		return err
	}
	_, err = h.Send(ctx, d)
	return err
}
