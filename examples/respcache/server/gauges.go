package server

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// gauges are the values of CLIENT LIST that only a connection's own goroutine knows.
type gauges struct {
	query, queryFree int64 // bytes of the buffer for what the client sends: in use, and free
	argv             int64 // bytes of the words of the command that is at work
	out, room        int64 // bytes of replies, and of their buffer
	cmd              *command
}

// measure returns the gauges of this moment. The connection's own goroutine calls it.
func (c *conn) measure() gauges {
	in, s := &c.in, c.s
	g := gauges{query: int64(len(in.buf) - in.begin), queryFree: int64(cap(in.buf) - len(in.buf)), out: int64(len(s.out)), room: int64(cap(s.out)), cmd: s.current}
	for _, a := range in.args {
		g.argv += int64(len(a))
	}
	return g
}

// A gaugeBoard shows the gauges to others, as of the last batch.
type gaugeBoard struct {
	query, queryFree, room atomic.Int64
	cmd                    atomic.Pointer[command]
}

// show makes the gauges visible to others. What was executed is no longer in use. It stores
// only what has changed: reading is cheaper.
func (c *conn) show() {
	in, s, b := &c.in, c.s, &c.board
	put := func(to *atomic.Int64, n int) {
		if to.Load() != int64(n) {
			to.Store(int64(n))
		}
	}
	put(&b.query, len(in.buf)-in.next)
	put(&b.queryFree, cap(in.buf)-len(in.buf)+in.next)
	put(&b.room, cap(s.out))
	if b.cmd.Load() != s.current {
		b.cmd.Store(s.current)
	}
}

func (b *gaugeBoard) read() gauges {
	return gauges{query: b.query.Load(), queryFree: b.queryFree.Load(), room: b.room.Load(), cmd: b.cmd.Load()}
}

// showTx makes the state of the transaction visible.
func (s *session) showTx() {
	if s.conn == nil {
		return
	}
	n := int32(-1)
	if s.tx.open {
		n = int32(len(s.tx.queue))
	}
	s.conn.queued.Store(n)
	s.conn.queuedBytes.Store(int64(s.tx.size))
}

// descriptor returns the number of the connection's descriptor, -1 if it is not known.
func (c *conn) descriptor() (fd int64) {
	nc := c.nc
	if t, ok := nc.(interface{ NetConn() net.Conn }); ok {
		nc = t.NetConn()
	}
	fd = -1
	if sc, ok := nc.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			_ = raw.Control(func(p uintptr) { fd = int64(p) })
		}
	}
	return fd
}

// bufferIdle is for how long a client has to be silent before its buffer is released.
const bufferIdle = 2 * time.Second

// trimBuffers interrupts the reads of clients that have been silent for a while, so that
// read releases their buffers: a connection that is idle costs no 16 KiB.
func (s *Server) trimBuffers() {
	for _, c := range s.clients.All() {
		if c.board.queryFree.Load() > 0 && !c.waiting.Load() && c.idle() >= bufferIdle {
			_ = c.nc.SetReadDeadline(time.Unix(1, 0))
		}
	}
}

// read reads what the client sends next. If trimBuffers interrupts it, it continues
// without a buffer, unless the buffer has a part of a command.
func (c *conn) read() (n int, err error) {
	in := &c.in
	for released := false; ; {
		if released {
			n, err = c.nc.Read(c.first[:])
			copy(in.room(), c.first[:n])
		} else {
			n, err = c.nc.Read(in.room())
		}
		in.came(n)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if err := c.nc.SetReadDeadline(time.Time{}); err != nil {
			return 0, err
		}
		released = in.releaseBuffer()
		c.show()
	}
}

// releaseBuffer releases the buffer if it is empty, and reports whether it did.
func (p *reader) releaseBuffer() bool {
	if p.begin < len(p.buf) && p.next < len(p.buf) || p.want > 0 {
		return false
	}
	p.buf, p.args, p.cut, p.words, p.begin, p.next, p.last = nil, nil, nil, nil, 0, 0, 0
	return true
}
