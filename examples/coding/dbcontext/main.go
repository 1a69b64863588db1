// Dbcontext lends database connections from a pool for the length of a call.
//
// The question: "write a context manager for database connections". Python has
// with; Go has a function that takes a function. The trap is the ways out: error,
// panic and runtime.Goexit (a failed test) must all give the connection back, once,
// and what was not committed is rolled back before the next borrower sees it.
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
	idle *bqueue.Queue[*C] // nil stands for a connection that has still to be dialled
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

// With lends a connection to f and returns f's error. It waits while all are lent,
// at most until ctx is over. However f ends (return, panic, Goexit), the connection
// comes back once. A With inside f takes a second one: give its ctx an end, or those
// who hold all the connections may wait for each other.
func (p *Pool[C]) With(ctx context.Context, f func(context.Context, C) error) error {
	conn, err := p.idle.Take(ctx)
	if err != nil {
		return fmt.Errorf("no connection: %w", err)
	}
	defer func() { p.giveBack(conn) }()
	if conn == nil {
		fresh, err := p.dial()
		if err != nil {
			return fmt.Errorf("no connection: %w", err)
		}
		conn = &fresh
	}
	return f(ctx, *conn)
}

// giveBack makes the connection clean and its place free. One that cannot be made
// clean is closed: nobody else may see it, and its place is dialled anew.
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

// Close closes the idle connections; those that are lent are closed as they come
// back. Later calls of With return bqueue.ErrClosed.
func (p *Pool[C]) Close() error {
	var errs []error
	for _, conn := range p.idle.CloseNow() {
		if conn != nil {
			errs = append(errs, (*conn).Close())
		}
	}
	return errors.Join(errs...)
}

// A session stands for a driver's connection.
type session struct {
	inTx bool
	log  io.Writer
}

func (s *session) Close() error { return nil }

func (s *session) Reset() error {
	if s.inTx {
		s.inTx = false
		fmt.Fprintln(s.log, "  rolled back")
	}
	return nil
}

func main() { run(os.Stdout) }

// run prints the transcript.
func run(w io.Writer) {
	pool := NewPool(1, func() (*session, error) { return &session{log: w}, nil })
	with := func(title string, f func(*session) error) {
		err := errors.New("it panicked")
		defer func() { _ = recover(); fmt.Fprintf(w, "%-26s %v\n", title, err) }()
		err = pool.With(context.Background(), func(_ context.Context, s *session) error { return f(s) })
	}
	with("committed", func(s *session) error { s.inTx = true; s.inTx = false; return nil })
	with("an error in a transaction", func(s *session) error { s.inTx = true; return errors.New("duplicate key") })
	with("a panic in a transaction", func(s *session) error { s.inTx = true; panic("out of range") })
	with("the next borrower", func(s *session) error { fmt.Fprintln(w, "  in a transaction:", s.inTx); return nil })
	fmt.Fprintf(w, "%-26s %v\n", "closed", pool.Close())
	with("after that", func(*session) error { return nil })
}
