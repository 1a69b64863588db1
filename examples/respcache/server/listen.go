package server

import (
	"errors"
	"net"
	"strconv"
	"time"
)

// Listen opens the address, which Addr then returns. With cluster-nodes, the server is a node of
// the cluster from now on.
func (s *Server) Listen(addr string) error {
	if err := s.open(addr); err != nil {
		return err
	}
	return s.joinCluster()
}

func (s *Server) open(addr string) error {
	l, err := new(net.ListenConfig).Listen(s.ctx, "tcp", addr)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener = l
	if s.ctx.Err() != nil {
		l.Close()
	}
	return nil
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() *net.TCPAddr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return &net.TCPAddr{}
	}
	return s.listener.Addr().(*net.TCPAddr)
}

// setPort continues to listen on another port. Connections stay open.
func (s *Server) setPort(port string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return errors.New("the server does not listen")
	}
	now := s.listener.Addr().(*net.TCPAddr)
	if port == strconv.Itoa(now.Port) { // what fails is set back
		return nil
	}
	l, err := new(net.ListenConfig).Listen(s.ctx, "tcp", net.JoinHostPort(now.IP.String(), port))
	if err != nil {
		s.log("port: %v", err)
		return errors.New("Unable to listen on this port. Check server logs.") //lint:ignore ST1005 the words of Redis
	}
	s.listener.Close()
	s.listener = l
	return nil
}

func (s *Server) listening() net.Listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listener
}

// Serve accepts clients until Close, and then returns nil.
func (s *Server) Serve() error {
	for pause := time.Millisecond; ; {
		l := s.listening()
		nc, err := l.Accept()
		switch {
		case s.ctx.Err() != nil:
			if nc != nil {
				nc.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed) && l != s.listening():
			continue // CONFIG SET port
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // no file descriptor is left, say: clients leave, and it works again
			s.log("accept: %v", err)
			select {
			case <-time.After(pause):
				pause = min(2*pause, time.Second)
			case <-s.ctx.Done():
			}
			continue
		}
		pause = time.Millisecond
		s.accept(nc)
	}
}
