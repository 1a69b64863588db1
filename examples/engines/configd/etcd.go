package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"example.com/flatline/bqueue"
	"example.com/flatline/examples/configd/config"
)

const (
	maxBatch = 64 // commands in one transaction of etcd, which takes 128
	pageSize = 500
	answerIn = 10 * time.Second // a command, or the outcome is not known
	startIn  = 10 * time.Second
)

// ErrUnknown is returned for a command of which it is not known whether it was logged.
var ErrUnknown = errors.New("etcd has not answered: whether the change was made is not known")

// Etcd is a config.Store whose log is in etcd: the entry n is the key log/n, and an append
// succeeds only where there is none yet. Each node makes its state from the log, as a
// config.Disk does from its file, so it reads and notifies watchers without asking etcd.
type Etcd struct {
	config.Logged
	client *clientv3.Client
	prefix string
	queue  *bqueue.Queue[*pending]
	stop   context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	applied int64               // entries
	ready   chan struct{}       // closed when there are more
	waiting map[string]*pending // commands that have not been applied, by ID
	failed  error               // the log is not what it was: nothing is applied since
}

// pending is a command on its way into the log.
type pending struct {
	id   string
	c    config.Command
	done chan config.Effects
}

// entry is a command in the log, with its time. Audit is the hash of the audit before it, so that a
// change of the log is seen by whoever reads it.
type entry struct {
	ID    string
	Audit string `json:",omitempty"`
	Now   time.Time
	config.Command
}

// Open opens the store whose keys in etcd begin with a prefix, and reads its log. O(log).
func Open(ctx context.Context, urls, prefix string) (*Etcd, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: strings.Split(urls, ","), DialTimeout: startIn, Logger: zap.NewNop()})
	if err != nil {
		return nil, err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	e := &Etcd{
		client: client, prefix: prefix, queue: bqueue.New[*pending](4 * maxBatch), stop: stop,
		ready: make(chan struct{}), waiting: map[string]*pending{},
	}
	e.Logged = config.Logged{Memory: config.NewMemory(), Do: e.do}
	begin, cancel := context.WithTimeout(ctx, startIn)
	defer cancel()
	rev, err := e.load(begin)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("configd: the log in etcd: %w", err), e.Close())
	}
	e.wg.Go(func() { e.follow(run, rev) })
	e.wg.Go(func() { e.write(run) })
	return e, nil
}

func (e *Etcd) key(n int64) string { return fmt.Sprintf("%slog/%016x", e.prefix, n) }

// load applies what is in the log, and returns etcd's revision at its end.
func (e *Etcd) load(ctx context.Context) (rev int64, err error) {
	for {
		n, _ := e.position()
		page, err := e.client.Get(ctx, e.key(n+1), clientv3.WithRange(clientv3.GetPrefixRangeEnd(e.prefix+"log/")), clientv3.WithLimit(pageSize))
		if err != nil {
			return 0, err
		}
		for i, kv := range page.Kvs {
			if err := e.apply(n+1+int64(i), string(kv.Key), kv.Value); err != nil {
				return 0, err
			}
		}
		if !page.More {
			return page.Header.Revision, nil
		}
	}
}

// position returns how many entries are applied, and a channel that is closed when there
// are more.
func (e *Etcd) position() (int64, <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.applied, e.ready
}

// apply applies an entry, unless it is known, and answers its command.
func (e *Etcd) apply(n int64, key string, value []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.failed != nil || n <= e.applied:
		return e.failed
	case n != e.applied+1 || key != e.key(n):
		e.failed = fmt.Errorf("%w: entry %d of the log is missing", config.ErrTampered, e.applied+1)
		return e.failed
	}
	var x entry
	err := json.Unmarshal(value, &x)
	if err == nil && x.Audit != "" && x.Audit != e.AuditHash() {
		err = errors.New("an entry before it")
	}
	if err != nil {
		e.failed = fmt.Errorf("%w: entry %d of the log: %w", config.ErrTampered, n, err)
		return e.failed
	}
	effects := e.Apply(x.Now, x.Command)
	e.applied = n
	close(e.ready)
	e.ready = make(chan struct{})
	if p := e.waiting[x.ID]; p != nil {
		delete(e.waiting, x.ID)
		p.done <- effects
	}
	return nil
}

// follow applies what others append, from etcd's revision after one on. A watch that ends
// begins again where the log was read up to.
func (e *Etcd) follow(ctx context.Context, rev int64) {
	for ctx.Err() == nil {
		watch, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
		for answer := range e.client.Watch(watch, e.prefix+"log/", clientv3.WithPrefix(), clientv3.WithRev(rev+1)) {
			for _, ev := range answer.Events {
				key := string(ev.Kv.Key)
				n, err := strconv.ParseInt(strings.TrimPrefix(key, e.prefix+"log/"), 16, 64)
				if err == nil && e.apply(n, key, ev.Kv.Value) != nil {
					cancel()
					return
				}
			}
			if answer.Err() != nil {
				break
			}
		}
		cancel()
		if again, err := e.load(ctx); err == nil {
			rev = again
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// do appends a command, and returns its effects once this node has applied it.
func (e *Etcd) do(ctx context.Context, c config.Command) (config.Effects, error) {
	p := &pending{rand.Text(), c, make(chan config.Effects, 1)}
	e.mu.Lock()
	err := e.failed
	if err == nil {
		e.waiting[p.id] = p
	}
	e.mu.Unlock()
	if err != nil {
		return config.Effects{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	if err := e.queue.Put(ctx, p); err != nil {
		e.forget(p)
		return config.Effects{}, err
	}
	select {
	case effects := <-p.done:
		return effects, nil
	case <-ctx.Done():
		e.forget(p)
		return config.Effects{}, ErrUnknown
	}
}

func (e *Etcd) forget(p *pending) {
	e.mu.Lock()
	delete(e.waiting, p.id)
	e.mu.Unlock()
}

// write appends what is in the queue, as many commands at once as there are.
func (e *Etcd) write(ctx context.Context) {
	batch := make([]*pending, maxBatch)
	for {
		n, err := e.queue.TakeBatch(ctx, batch)
		if err != nil {
			return
		}
		for todo := batch[:n]; len(todo) > 0 && ctx.Err() == nil; {
			if e.append(ctx, todo) != nil { // the outcome is not known
				select {
				case <-ctx.Done():
				case <-time.After(50 * time.Millisecond):
				}
				_, _ = e.load(ctx) // says it, or is repeated
			}
			todo = e.left(todo)
		}
	}
}

// left returns the commands whose callers wait, and which are not in the log as far as it
// is applied.
func (e *Etcd) left(all []*pending) (left []*pending) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range all {
		if e.waiting[p.id] == p && e.failed == nil {
			left = append(left, p)
		}
	}
	return left
}

// append appends commands behind what is applied, if nothing else is there: all or none.
// An attempt of which the outcome is not known can succeed later only in the same place, so
// none is appended twice: the place is free, or the log there says whose it is.
func (e *Etcd) append(ctx context.Context, all []*pending) error {
	e.mu.Lock()
	n, audit := e.applied, e.AuditHash()
	e.mu.Unlock()
	var puts []clientv3.Op
	var values [][]byte
	for i, p := range all {
		b, err := json.Marshal(entry{p.id, audit, time.Now(), p.c})
		if err != nil {
			return err
		}
		audit = "" // of the entries that follow it is not known yet
		values = append(values, b)
		puts = append(puts, clientv3.OpPut(e.key(n+1+int64(i)), string(b)))
	}
	last := n + int64(len(all))
	puts = append(puts, clientv3.OpPut(e.prefix+"last", fmt.Sprint(last)))
	ctx, cancel := context.WithTimeout(ctx, answerIn/2)
	defer cancel()
	answer, err := e.client.Txn(ctx).If(clientv3.Compare(clientv3.CreateRevision(e.key(n+1)), "=", 0)).Then(puts...).Commit()
	if err != nil {
		return err
	}
	if !answer.Succeeded {
		return e.reach(ctx, n+1) // another node was first
	}
	for i, b := range values {
		if err := e.apply(n+1+int64(i), e.key(n+1+int64(i)), b); err != nil {
			return err
		}
	}
	return nil
}

// reach waits until so many entries are applied.
func (e *Etcd) reach(ctx context.Context, n int64) error {
	for {
		applied, more := e.position()
		if applied >= n {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-more:
		}
	}
}

// Read implements config.Store. For the present it asks etcd how long the log is.
func (e *Etcd) Read(ctx context.Context, rev int64) (*config.View, error) {
	if rev == config.Now {
		ctx, cancel := context.WithTimeout(ctx, answerIn)
		defer cancel()
		last, err := e.client.Get(ctx, e.prefix+"last")
		if err != nil {
			return nil, err
		}
		var n int64
		if len(last.Kvs) > 0 {
			if _, err := fmt.Sscan(string(last.Kvs[0].Value), &n); err != nil {
				return nil, err
			}
		}
		if err := e.reach(ctx, n); err != nil {
			return nil, err
		}
	}
	return e.Memory.Read(ctx, rev)
}

// Close implements config.Store.
func (e *Etcd) Close() error {
	e.stop()
	e.wg.Wait()
	return e.client.Close()
}
