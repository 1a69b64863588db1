package sched

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/ratelimit"
)

// A Config is what the programs take from the command line.
type Config struct {
	Addr  string
	Hosts string
	Nodes int
	Options
	Open func() (store Store, engine string, err error)
	Out  io.Writer
}

// Flags defines the flags of a Config.
func (c *Config) Flags(fs *flag.FlagSet) {
	c.Queues = map[string]float64{"default": 1}
	fs.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "where to listen")
	fs.StringVar(&c.Hosts, "host", "", "host names of this server, besides loopback addresses, with commas between")
	fs.IntVar(&c.Nodes, "nodes", 3, "how many nodes there are in this process")
	fs.DurationVar(&c.Lease, "lease", 5*time.Second, "how long a leader leads after it was last heard from")
	fs.IntVar(&c.Slots, "slots", 8, "how many runs a node executes at once")
	fs.BoolVar(&c.Commands, "commands", false, "run commands: whoever may define a job may run programs")
	fs.Func("late", "how often a node starts runs of late ticks (default 10/s)", func(v string) (err error) {
		c.Late, err = ratelimit.ParseRate(v)
		return err
	})
	fs.Func("queues", "queues next to default, with commas between", func(v string) error {
		for name := range strings.SplitSeq(v, ",") {
			c.Queues[name] = 1
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

// A Cluster is the nodes of one process, which share a store.
type Cluster struct {
	Store Store
	opts  Options
	mu    sync.Mutex
	nodes []*Node
}

// Nodes returns the nodes that run.
func (c *Cluster) Nodes() []*Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*Node{}, c.nodes...)
}

// Start starts a node.
func (c *Cluster) Start() *Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := NewNode(c.opts)
	c.nodes = append(c.nodes, n)
	return n
}

// KillLeader kills the node that leads, if it is one of these, and returns its lead.
func (c *Cluster) KillLeader() (l Leader, ok bool) {
	for i, n := range c.Nodes() {
		if l, ok = n.Leads(); !ok {
			continue
		}
		c.mu.Lock()
		c.nodes = append(c.nodes[:i:i], c.nodes[i+1:]...)
		c.mu.Unlock()
		n.Kill()
		return l, true
	}
	return Leader{}, false
}

// close stops the nodes.
func (c *Cluster) close() {
	for _, n := range c.Nodes() {
		n.Close()
	}
}

// Serve serves until ctx is done, or until started, if it is not nil, returns.
func Serve(ctx context.Context, c Config, started func(cluster *Cluster, url string)) (err error) {
	switch {
	case c.Addr == "":
		return errors.New("jobsched: addr must be an address such as 127.0.0.1:8080; an empty one would listen everywhere")
	case c.Nodes < 0 || c.Nodes > 100:
		return fmt.Errorf("jobsched: nodes must be from 0 to 100, got %d", c.Nodes)
	case c.Lease < 10*time.Millisecond || c.Lease > OnTime/2:
		return fmt.Errorf("jobsched: lease must be from 10ms to %v, or ticks of an election would be late, got %v", OnTime/2, c.Lease)
	}
	c.Poll = min(200*time.Millisecond, c.Lease/5)
	var engine string
	if c.Store, engine, err = c.Open(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Store.Close()) }()
	all := &Cluster{Store: c.Store, opts: c.Options}
	defer all.close()
	for range c.Nodes {
		all.Start()
	}
	var group serve.Group
	defer group.Close() // requests end before what they need
	hosts := strings.FieldsFunc(strings.ToLower(c.Hosts), func(r rune) bool { return r == ',' })
	addr, err := group.Listen(c.Addr, Handler(c.Store, c.Queues, all.Nodes, hosts...))
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "jobsched: listening on http://%s, %d nodes, jobs in %s\n", addr, c.Nodes, engine)
	if started != nil {
		started(all, "http://"+addr)
	} else {
		<-ctx.Done()
	}
	return nil
}
