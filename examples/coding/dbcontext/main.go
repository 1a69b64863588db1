// Dbcontext lends database connections from a pool for the length of a call.
//
// The question: "write a context manager for database connections". Python has with; Go
// has a function that takes a function. The trap is the ways to leave the function:
// error, panic and runtime.Goexit (a failed test) must all return the connection, once,
// and uncommitted work must be rolled back before the next borrower sees it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"example.com/flatline/bqueue"
)

// A Conn is what a pool lends. Reset undoes what its borrower left unfinished.
type Conn interface {
	Reset() error
	Close() error
}

// A Pool lends a fixed number of connections. It is safe for concurrent use.
type Pool[C Conn] struct {
	idle *bqueue.Queue[*C] // nil stands for a connection that is not dialled yet
	dial func() (C, error)
}

// NewPool returns a pool of at most size connections, each dialled when it is first
// needed. It panics if size is below 1.
func NewPool[C Conn](size int, dial func() (C, error)) *Pool[C] {
	p := &Pool[C]{bqueue.New[*C](size), dial}
	for p.idle.TryPut(nil) == nil { // until it is full
	}
	return p
}

// With lends a connection to f and returns f's error. It waits while all are lent, at
// most until ctx is done. However f ends (return, panic, Goexit), the connection is
// returned once. A With inside f takes a second one: give it a ctx that ends, or callers
// that hold all the connections may wait for each other.
func (p *Pool[C]) With(ctx context.Context, f func(context.Context, C) error) error {
	conn, err := p.idle.Take(ctx)
	if err != nil {
		return fmt.Errorf("no connection: %w", err)
	}
	defer func() { p.giveBack(conn) }()
	if conn, err = p.dialled(conn); err != nil {
		return fmt.Errorf("no connection: %w", err)
	}
	return f(ctx, *conn)
}

// dialled returns conn, or a new connection if conn is nil.
func (p *Pool[C]) dialled(conn *C) (*C, error) {
	if conn != nil {
		return conn, nil
	}
	fresh, err := p.dial()
	if err != nil {
		return nil, err
	}
	return &fresh, nil
}

// giveBack resets the connection and returns it to the pool. A connection that cannot be
// reset is closed: no other borrower may see it, and a new one is dialled later.
func (p *Pool[C]) giveBack(conn *C) {
	clean := false
	defer func() {
		if !clean {
			_ = (*conn).Close()
			conn = nil
		}
		if p.idle.TryPut(conn) != nil && conn != nil { // the pool was closed meanwhile
			_ = (*conn).Close()
		}
	}()
	clean = conn == nil || (*conn).Reset() == nil
}

// Close closes the idle connections; those that are lent are closed when they are
// returned. Later calls of With return bqueue.ErrClosed.
func (p *Pool[C]) Close() error {
	var errs []error
	for _, conn := range p.idle.CloseNow() {
		if conn != nil {
			errs = append(errs, (*conn).Close())
		}
	}
	return errors.Join(errs...)
}

// withoutDefer is the wrong answer, kept to be shown. It returns the connection without a
// reset, and after a panic not at all.
func (p *Pool[C]) withoutDefer(ctx context.Context, f func(context.Context, C) error) error {
	conn, err := p.idle.Take(ctx)
	if err != nil {
		return err
	}
	if conn, err = p.dialled(conn); err != nil {
		return err
	}
	err = f(ctx, *conn)
	_ = p.idle.TryPut(conn) // fails only if the pool is closed
	return err
}

// A session stands for a driver's connection.
type session struct{ inTx bool }

func (s *session) Close() error { return nil }

func (s *session) Reset() error {
	s.inTx = false // a driver sends ROLLBACK
	return nil
}

func main() { run(os.Stdout) }

// An answer is one of the two ways to lend a connection.
type answer func(*Pool[*session], context.Context, func(context.Context, *session) error) error

// try prints what an error and a panic inside a transaction leave behind.
func try(w io.Writer, title string, with answer) {
	ctx, inTx := context.Background(), false
	pool := NewPool(1, func() (*session, error) { return &session{}, nil })
	_ = with(pool, ctx, func(_ context.Context, s *session) error { s.inTx = true; return errors.New("duplicate key") })
	_ = with(pool, ctx, func(_ context.Context, s *session) error { inTx = s.inTx; return nil })
	func() {
		defer func() { _ = recover() }()
		_ = with(pool, ctx, func(context.Context, *session) error { panic("out of range") })
	}()
	fmt.Fprintf(w, "%s after an error its transaction is still open: %t; after a panic %d of 1 connections left\n",
		title, inTx, pool.idle.Len())
}

// run prints the transcript.
func run(w io.Writer) {
	try(w, "wrong, no defer, no Reset:", (*Pool[*session]).withoutDefer)
	try(w, "right, With:              ", (*Pool[*session]).With)

	pool := NewPool(1, func() (*session, error) { return &session{}, nil })
	nothing := func(context.Context, *session) error { return nil }
	fmt.Fprintln(w, "a call that succeeds:", pool.With(context.Background(), nothing))
	fmt.Fprintln(w, "Close:               ", pool.Close())
	fmt.Fprintln(w, "a call after Close:  ", pool.With(context.Background(), nothing))
}
