package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/examples/respcache/cluster"
)

// A member is a server's part in a cluster: package cluster decides, and this gives it the
// network, the disk, the clock and the data. A server without a cluster has none.
type member struct {
	srv     *Server
	self    string // host:port, as in the list of nodes
	timeout time.Duration
	acks    int
	base    time.Time // of the node's clock
	path    string    // of the node's state
	peers   map[string]chan []byte
	kick    chan struct{} // something has changed that converge looks at

	view    atomic.Pointer[cluster.View]
	lease   atomic.Int64  // until when, on the node's clock
	serving atomic.Uint64 // the term in which this server is the master, once its own link has ended
	asked   atomic.Uint64 // the term of the master that is, or will be, copied
	flushes atomic.Int64  // keys have been removed that a move may have brought

	mu      sync.Mutex
	node    *cluster.Node
	saved   string
	follows uint64        // the term of the master that is copied; 0 is none
	changed chan struct{} // closed and replaced with each new view

	turn    sync.Mutex // held by the move of slots away from here
	takings atomic.Pointer[[]taking]
}

// joinCluster makes the server a node of the cluster that cluster-nodes lists.
func (s *Server) joinCluster() error {
	m := s.cluster
	if m == nil {
		return nil
	}
	m.self, m.base, m.peers = s.Addr().String(), time.Now(), map[string]chan []byte{}
	m.timeout = time.Duration(s.bytes(s.config.get("cluster-node-timeout"))) * time.Millisecond
	m.acks = int(s.bytes(s.config.get("cluster-acks")))
	m.kick, m.changed = make(chan struct{}, 1), make(chan struct{})
	m.path = filepath.Join(s.config.get("dir"), fmt.Sprintf("cluster-%d.json", s.Addr().Port))
	if name := s.config.get("cluster-announce"); name != "" {
		m.self = name
	}
	state, err := m.load()
	if err != nil {
		return err
	}
	nodes := strings.Split(s.config.get("cluster-nodes"), ",")
	m.node, err = cluster.New(cluster.Options{
		Self: m.self, Nodes: nodes, Replicas: int(s.bytes(s.config.get("cluster-replicas"))), Timeout: m.timeout, Acks: m.acks,
		Rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), State: state,
		Data: s.feed.file != nil && s.config.get("appendfsync") == "always",
	})
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	for _, n := range nodes {
		if n != m.self {
			m.peers[n] = make(chan []byte, 256)
		}
	}
	f := &s.feed
	f.mu.Lock()
	f.ring = newRing(s.bytes(s.config.get("repl-backlog-size")))
	f.on.Store(true)
	f.mu.Unlock()
	m.view.Store(m.node.View(nil))
	m.takings.Store(new([]taking))
	m.step("", cluster.Start{})
	for n, messages := range m.peers {
		s.group.Go(func() { m.talk(n, messages) })
	}
	s.group.Go(m.run)
	s.group.Go(m.converge)
	return nil
}

// now is the time on the node's clock, which is monotonic.
func (m *member) now() time.Duration { return time.Since(m.base) }

// run lets the node do what is due.
func (m *member) run() {
	t := time.NewTicker(m.timeout / 10)
	defer t.Stop()
	for {
		select {
		case <-m.srv.ctx.Done():
			return
		case <-t.C:
			m.step("", cluster.Tick{})
		}
	}
}

// step gives the node a message, keeps its state on disk, and only then sends its answers.
func (m *member) step(from string, body any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.node.Position = m.position()
	out := m.node.Step(m.now(), cluster.Message{From: from, To: m.self, Body: body})
	err := m.save()
	m.publish()
	if err != nil {
		m.srv.log("cluster: nothing is sent: %v", err)
		return
	}
	for _, x := range out {
		select {
		case m.peers[x.To] <- cluster.Encode(x):
		default: // the peer does not read: messages may be lost
		}
	}
}

// position says what this server holds of its group's data.
func (m *member) position() cluster.Position {
	if term := m.serving.Load(); term != 0 {
		return cluster.Position{Term: term, Offset: m.srv.feed.position()}
	}
	if _, _, _, offset := m.srv.link.describe(); m.follows != 0 && offset >= 0 {
		return cluster.Position{Term: m.follows, Offset: offset}
	}
	return cluster.Position{}
}

// publish shows the commands what the node has decided. What it must not do any more is
// shown at once; what it may do now, by converge.
func (m *member) publish() {
	last := m.view.Load()
	next := m.node.View(last)
	m.lease.Store(int64(m.node.Lease()))
	if next.Term != m.serving.Load() {
		m.serving.Store(0)
	}
	if next == last {
		return
	}
	m.view.Store(next)
	m.took(nil, next)
	close(m.changed)
	m.changed = make(chan struct{})
	select {
	case m.kick <- struct{}{}:
	default:
	}
}

// converge makes the server the master or the replica that the map says it is.
func (m *member) converge() {
	for {
		select {
		case <-m.srv.ctx.Done():
			return
		case <-m.kick:
		}
		v := m.view.Load()
		switch g := v.Map.Groups[v.Group]; {
		case v.Term != 0 && m.serving.Load() != v.Term:
			m.lead(v.Term)
		case v.Term == 0 && g.Term != 0 && g.Master != m.self && m.asked.Load() != g.Term:
			m.copy(g.Master, g.Term)
		}
		if m.serving.Load() != 0 {
			m.sweep()
		}
	}
}

// lead makes the server a master: first it stops following, then it serves.
func (m *member) lead(term uint64) {
	m.srv.link.follow(m.srv, "", "")
	m.mu.Lock()
	defer m.mu.Unlock()
	m.follows = 0
	m.asked.Store(0)
	if m.view.Load().Term == term {
		m.serving.Store(term)
		m.srv.log("cluster: this node is the master of group %d, elected in epoch %d", m.view.Load().Group, term)
	}
}

// copy makes the server a replica of another node. While it has not begun, the server holds
// no position: what it has is not of the new stream.
func (m *member) copy(master string, term uint64) {
	m.mu.Lock()
	m.follows = 0
	m.mu.Unlock()
	m.asked.Store(term)
	host, port, _ := net.SplitHostPort(master)
	m.srv.link.follow(m.srv, host, port)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.follows = term
}

// acknowledgeable returns the offset that a replica may acknowledge. A node that has voted
// for another master acknowledges nothing more of the old one: it has said how much it has.
func (m *member) acknowledgeable(f *follower) (offset int64, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return f.has(), !m.node.Muted()
}

// load reads the node's state.
func (m *member) load() (st cluster.State, err error) {
	text, err := os.ReadFile(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &st)
	}
	if err != nil {
		return st, fmt.Errorf("server: the state of the cluster's node: %s: %w", m.path, err)
	}
	m.saved = string(text)
	return st, nil
}

// save writes the node's state, if it has changed: a vote must not be forgotten.
func (m *member) save() error {
	text, err := json.Marshal(m.node.State)
	if err != nil || string(text) == m.saved {
		return err
	}
	if err := writeFile(osDisk{}, m.path, text); err != nil {
		return err
	}
	m.saved = string(text)
	return nil
}

// writeFile replaces a file on disk. If there is an error, the old one is there.
func writeFile(d disk, path string, text []byte) error {
	names, err := d.open(filepath.Dir(path), os.O_RDONLY)
	if err != nil {
		return err
	}
	defer names.Close()
	f, err := d.open(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = d.rename(path+".tmp", path)
	}
	if err == nil {
		_ = names.Sync() // some systems refuse to sync a directory and keep its names by themselves
	}
	return err
}
