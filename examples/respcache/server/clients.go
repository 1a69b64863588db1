package server

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

func clientID(s *session, _ [][]byte) { s.integer(int64(s.id)) }

func clientGetName(s *session, _ [][]byte) {
	if s.name == "" {
		s.null()
	} else {
		s.text(s.name)
	}
}

func clientSetName(s *session, args [][]byte) {
	if name := string(args[2]); validName(name) {
		s.setName(name)
		s.ok()
	} else {
		s.err(errName)
	}
}

// clientSetInfo takes what newer clients say of themselves.
func clientSetInfo(s *session, _ [][]byte) { s.ok() }

func clientNoEvict(s *session, args [][]byte) {
	if is(args[2], "ON") || is(args[2], "OFF") {
		s.ok()
	} else {
		s.err(errSyntax)
	}
}

func clientList(s *session, args [][]byte) {
	var ids map[string]bool
	switch {
	case len(args) == 4 && is(args[2], "TYPE"):
		if t := strings.ToLower(string(args[3])); t != "normal" {
			s.err("ERR Unknown client type '" + cstring(args[3]) + "'")
			return
		}
	case len(args) > 3 && is(args[2], "ID"):
		ids = map[string]bool{}
		for _, a := range args[3:] {
			if _, ok := parseInt(a); !ok {
				s.err("ERR Invalid client ID")
				return
			}
			ids[string(a)] = true
		}
	case len(args) > 2:
		s.err(errSyntax)
		return
	}
	var b bytes.Buffer
	for id, c := range s.srv.clients.All() {
		if ids == nil || ids[utoa(id)] {
			c.describe(&b)
		}
	}
	s.verbatim(b.String())
}

func clientInfo(s *session, _ [][]byte) {
	var b bytes.Buffer
	if s.conn != nil {
		s.conn.describe(&b)
	}
	s.verbatim(b.String())
}

func (c *conn) describe(b *bytes.Buffer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(b, "id=%d addr=%s laddr=%s name=%s age=%d db=0 omem=%d\n",
		c.s.id, c.nc.RemoteAddr(), c.nc.LocalAddr(), c.name, int(time.Since(c.since).Seconds()), len(c.pending))
}
