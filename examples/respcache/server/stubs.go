package server

import "sync/atomic"

type transaction struct {
	open, broken, running bool
	dirty                 atomic.Bool
	mask                  uint64
	flags                 int
}

func (t *transaction) watching(s *session) uint64               { return 0 }
func (s *session) discard()                                     {}
func (s *session) queue(c *command, args [][]byte, mask uint64) {}

type subscriptions struct{ n int }

func (s *session) unsubscribeAll() {}

type hub struct{}

func (h *hub) init()             {}
func (h *hub) count() (int, int) { return 0, 0 }

type feed struct{ on atomic.Bool }

func (f *feed) append(b []byte) ([]byte, int64) { return b[:0], 0 }
func (f *feed) wait(int64) bool                 { return true }
func (f *feed) broken() string                  { return "" }
func (f *feed) close() error                    { return nil }

type link struct{ on atomic.Bool }

func (l *link) stop()                                    {}
func (s *Server) setFsync(string)                        {}
func infoPersistence(s *session, line func(string, any)) {}
func infoReplication(s *session, line func(string, any)) {}
