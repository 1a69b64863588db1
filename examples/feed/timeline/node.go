package timeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/bqueue"
	"example.com/flatline/ratelimit"
)

// Options are the settings of New.
type Options struct {
	Store   Store
	Cache   Cache          // nil is none: all is pulled
	Most    int            // followers of an author whose posts are pushed
	Rate    ratelimit.Rate // at which one person may post and change edges
	Burst   int64
	Backlog int           // posts on their way to the fan-out; default 10,000
	Sweep   time.Duration // how often posts are looked for that another node has left; 0 is never
}

// ErrLimited is wrapped by the error for too many posts.
var ErrLimited = ratelimit.ErrLimited

// Node serves readers and authors. It is made by New; Close ends it.
type Node struct {
	opts    Options
	fan     Fan
	reader  Reader
	backlog *bqueue.Queue[ID]
	rates   *ratelimit.Keyed[string]
	stop    context.CancelFunc
	ended   sync.WaitGroup

	posts, pages, pulled, filled, pushed, skipped, failed atomic.Int64
}

// New returns a node on a store, which it does not close.
func New(o Options) *Node {
	if o.Backlog == 0 {
		o.Backlog = 10_000
	}
	n := &Node{
		opts: o, fan: Fan{o.Store, o.Cache, o.Most}, reader: Reader{o.Store, o.Cache, 200},
		backlog: bqueue.New[ID](o.Backlog),
		rates:   ratelimit.NewKeyed(o.Rate, o.Burst, ratelimit.KeyedOptions[string]{MaxKeys: 100_000}),
	}
	ctx, stop := context.WithCancel(context.Background())
	n.stop = stop
	if o.Cache != nil {
		n.ended.Go(func() { n.fanOut(ctx) })
		if o.Sweep > 0 {
			n.ended.Go(func() { n.sweep(ctx) })
		}
	}
	return n
}

// Close ends the fan-out. What waits is covered by its authors' ceilings.
func (n *Node) Close() {
	n.stop()
	n.ended.Wait()
}

func (n *Node) fanOut(ctx context.Context) {
	for id := range n.backlog.All(ctx) {
		if err := n.fan.Deliver(ctx, id); err != nil {
			n.failed.Add(1) // it waits in the store
		} else {
			n.pushed.Add(1)
		}
		n.backlog.TaskDone()
	}
}

func (n *Node) sweep(ctx context.Context) {
	tick := time.NewTicker(n.opts.Sweep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if n.backlog.Unfinished() == 0 { // else what waits may be this node's own
				done, err := n.fan.Sweep(ctx, chunk)
				n.pushed.Add(int64(done))
				if err != nil {
					n.failed.Add(1)
				}
			}
		}
	}
}

// Post stores a post and returns it: the fan-out comes later. If the backlog is full the
// post is not pushed, and its author is pulled.
func (n *Node) Post(ctx context.Context, author, text string) (Post, error) {
	if err := errors.Join(CheckName(author), CheckText(text)); err != nil {
		return Post{}, err
	}
	if err := n.allow(author); err != nil {
		return Post{}, err
	}
	p, err := n.opts.Store.Post(ctx, author, text)
	if err != nil {
		return Post{}, err
	}
	n.posts.Add(1)
	if n.opts.Cache == nil || n.backlog.TryPut(p.ID) != nil {
		n.skipped.Add(1)
		_ = n.opts.Store.Settle(ctx, p.ID, false) // if it fails the post waits, which is as good
	}
	return p, nil
}

func (n *Node) allow(name string) error {
	if d := n.rates.Take(name, 1); !d.OK {
		return fmt.Errorf("%s: %w", name, &ratelimit.LimitedError{Decision: d})
	}
	return nil
}

// Delete removes a post of the author.
func (n *Node) Delete(ctx context.Context, author string, id ID) error {
	if err := CheckName(author); err != nil {
		return err
	}
	return n.opts.Store.Delete(ctx, author, id)
}

// Change adds or removes an edge.
func (n *Node) Change(ctx context.Context, e Edge) error {
	if err := e.Check(); err != nil {
		return err
	}
	if err := n.allow(e.From); err != nil {
		return err
	}
	return n.opts.Store.Change(ctx, e)
}

// Page returns a page of a reader's home timeline, as Reader.Page does.
func (n *Node) Page(ctx context.Context, reader string, before ID, size int) (Page, error) {
	if err := CheckName(reader); err != nil {
		return Page{}, err
	}
	if size < 1 || size > MaxPage {
		return Page{}, fmt.Errorf("%w: a page has 1 to %d posts, got %d", ErrBad, MaxPage, size)
	}
	p, err := n.reader.Page(ctx, reader, before, size)
	n.pages.Add(1)
	n.pulled.Add(int64(p.Cost.Pulled))
	if p.Cost.Filled {
		n.filled.Add(1)
	}
	return p, err
}

// Waiting returns at most n posts that wait for a fan-out, of whatever node.
func (n *Node) Waiting(ctx context.Context, most int) ([]ID, error) {
	return n.opts.Store.Waiting(ctx, most)
}

// Settled waits until the backlog is empty.
func (n *Node) Settled(ctx context.Context) error { return n.backlog.Join(ctx) }
