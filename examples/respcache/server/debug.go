package server

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// DEBUG can stop the server, or replace its data by those on disk: it is for tests. As in
// Redis it has to be allowed at the start, by enable-debug-command.
var debugCommands = []entry{{"debug", -2, anytime | admin | allShards, 0, 0, 0, debugCommand}}

// A debugAccess is the value of enable-debug-command.
type debugAccess struct{ everybody, local atomic.Bool }

func (s *Server) setDebug(v string) {
	s.debugging.everybody.Store(v == "yes")
	s.debugging.local.Store(v != "no")
}

// may reports whether the client may use DEBUG.
func (d *debugAccess) may(s *session) bool {
	return d.everybody.Load() || d.local.Load() && (s.conn == nil || isLocal(s.conn.nc.RemoteAddr()))
}

const errDebug = "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server."

func debugCommand(s *session, args [][]byte) {
	if !s.srv.debugging.may(s) {
		s.err(errDebug)
		return
	}
	run := debugging[fmt.Sprint(strings.ToLower(string(args[1])), len(args))]
	if run == nil {
		s.err(errSubArgs("DEBUG", args[1]))
		return
	}
	run(s, args)
}

// debugging has the subcommands, each by its name and the number of words.
var debugging map[string]handler

func init() {
	debugging = map[string]handler{
		"change-repl-id2":    debugReplID,
		"digest2":            debugDigest,
		"error3":             func(s *session, args [][]byte) { s.err(spaced.Replace(string(args[2]))) },
		"help2":              help("debug"),
		"loadaof2":           debugLoadAOF,
		"object3":            debugObject,
		"protocol3":          debugProtocol,
		"reload2":            debugReload,
		"set-active-expire3": debugActiveExpire,
		"sleep3":             debugSleep,
		"stringmatch-len4":   debugMatch,
	}
}

func debugReplID(s *session, _ [][]byte) {
	s.srv.feed.restart()
	s.ok()
}

func debugActiveExpire(s *session, args [][]byte) {
	n, _ := strconv.Atoi(string(args[2])) // what is no number is 0, as in Redis
	s.srv.lazy.Store(n == 0)
	s.ok()
}

// debugSleep holds all locks, so that all clients wait, for an hour at most.
func debugSleep(s *session, args [][]byte) {
	seconds, _ := strconv.ParseFloat(string(args[2]), 64)
	if !(seconds > 0) {
		seconds = 0
	}
	t := time.NewTimer(time.Duration(min(seconds, 3600) * float64(time.Second)))
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.srv.ctx.Done():
	}
	s.ok()
}

func debugMatch(s *session, args [][]byte) {
	n, ok := parseInt(args[2])
	if !ok {
		s.err(errInteger)
		return
	}
	if n < 0 || n > maxBulk {
		s.err("ERR the length is out of range")
		return
	}
	s.flag(match(args[3], strings.Repeat("a", int(n))))
}

// debugObject describes a value as Redis does, as far as its words have a meaning here.
func debugObject(s *session, args [][]byte) {
	_, it := s.peek(args[2])
	if it == nil {
		s.err(errNoKey)
		return
	}
	s.simple(fmt.Sprintf("Value at:%p refcount:1 encoding:%s serializedlength:%d lru:%d lru_seconds_idle:%d",
		it.data, encoding(it.value()), len(appendRDBString(nil, it.value())), it.used, it.idle(s.now)))
}

// debugReload writes dump.rdb and loads it. Keys that have expired are removed before, so
// that what is loaded is what was there.
func debugReload(s *session, _ [][]byte) {
	for _, sh := range s.srv.shards {
		for i := sh.timed.Len() - 1; i >= 0; i-- {
			s.look(sh, sh.timed.At(i))
		}
	}
	err := s.srv.saveNow()
	var state *Server
	if err == nil {
		state, err = s.srv.aside()
	}
	if err == nil {
		err = state.loadDump(s.srv.config.get("dir"))
	}
	s.loaded(state, err)
}

// loaded makes the contents of another server, which are the same, those of s.
func (s *session) loaded(state *Server, err error) {
	if err != nil {
		s.err("ERR Error trying to load, the data are as before: " + err.Error())
		return
	}
	for i, sh := range s.srv.shards {
		sh.take(state.shards[i])
	}
	s.ok()
}

// debugLoadAOF loads the log that is on disk, once all effects are.
func debugLoadAOF(s *session, _ [][]byte) {
	a := s.srv.feed.file
	if a == nil {
		s.err("ERR the append only file is off")
		return
	}
	if s.tx.running {
		s.err("ERR DEBUG LOADAOF is not possible in a transaction")
		return
	}
	s.release() // a rewrite, which needs the shards, may have the turn
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-s.srv.ctx.Done():
		return
	}
	s.need(s.srv.all)
	err := a.after(a.sync)
	var state *Server
	if err == nil {
		state, err = s.srv.aside()
	}
	files := a.manifest.files()
	for i, f := range files {
		if err == nil {
			_, err = state.load(filepath.Join(a.dir, f.name), i == len(files)-1)
		}
	}
	s.loaded(state, err)
}

// debugProtocol replies with a value of each type that a protocol has.
func debugProtocol(s *session, args [][]byte) {
	switch kind := strings.ToLower(string(args[2])); kind {
	case "string":
		s.text("Hello World")
	case "integer":
		s.integer(12345)
	case "double":
		s.double(3.141)
	case "bignum":
		const number = "1234567999999999999999999999999999999"
		if s.resp3 {
			s.line('(', number)
		} else {
			s.text(number)
		}
	case "null":
		s.null()
	case "array":
		s.array(3)
		s.zeroToTwo()
	case "set":
		s.set(3)
		s.zeroToTwo()
	case "map":
		s.pairs(3)
		for i := range int64(3) {
			s.integer(i)
			s.truth(i == 1)
		}
	case "attrib":
		if s.resp3 {
			s.head('|', 1)
			s.text("key-popularity")
			s.array(2)
			s.text("key:123")
			s.integer(90)
		}
		s.text("Some real reply following the attribute")
	case "push":
		if !s.resp3 {
			s.err("ERR RESP2 is not supported by this command")
			return
		}
		s.out = pushHead(s.out, true, 2)
		s.text("server-cpu-usage")
		s.integer(42)
		s.text("Some real reply following the push reply")
	case "true", "false":
		s.truth(kind == "true")
	case "verbatim":
		s.verbatim("This is a verbatim\nstring")
	default:
		s.err("ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false")
	}
}

func (s *session) zeroToTwo() {
	for i := range int64(3) {
		s.integer(i)
	}
}

// truth replies with a boolean, which in RESP2 is a number.
func (s *session) truth(b bool) {
	switch {
	case !s.resp3:
		s.flag(b)
	case b:
		s.raw("#t\r\n")
	default:
		s.raw("#f\r\n")
	}
}
