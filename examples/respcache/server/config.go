package server

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

var configCommands = []entry{
	{"config", -2, anytime, 0, 0, 0, nil},
	{"config|get", -3, anytime | admin, 0, 0, 0, configGet},
	{"config|set", -4, anytime | allShards | admin, 0, 0, 0, configSet},
	{"config|resetstat", 2, anytime | allShards | admin, 0, 0, 0, configResetStat},
	{"config|rewrite", 2, anytime | admin, 0, 0, 0, configRewrite},
	{"config|help", 2, anytime, 0, 0, 0, help("config")},
}

// A config has the parameters that CONFIG can read and write. New values take effect at
// once.
type config struct {
	mu         sync.Mutex
	values     map[string]string // as CONFIG GET shows them
	maxClients atomic.Int64
}

// bytes reads a value that a check has accepted.
func (s *Server) bytes(value string) int64 {
	n, _ := strconv.ParseInt(value, 10, 64)
	return n
}

func (c *config) get(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.values[name]
}

func (c *config) set(name, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values[name] = value
}

// A Parameter is one that can be given at the start, in Options.Config.
type Parameter struct {
	Name, Initial, Usage string
	YesNo                bool // its values are yes and no
}

// Parameters returns all that can be given at the start, sorted by name.
func Parameters() (all []Parameter) {
	for _, p := range parameters {
		if p.usage != "" {
			all = append(all, Parameter{p.name, p.initial, p.usage, p.boolean})
		}
	}
	return all
}

// values returns the parameters that the options set.
func (o *Options) values() map[string]string {
	v := map[string]string{}
	set := func(name, value, zero string) {
		if value != zero {
			v[name] = value
		}
	}
	set("maxmemory", itoa(o.MaxMemory), "0")
	set("maxmemory-policy", o.Policy, "")
	set("appendfsync", o.AppendFsync, "")
	set("appendonly", map[bool]string{true: "yes"}[o.AppendOnly], "")
	set("dir", o.Dir, "")
	set("shards", strconv.Itoa(o.Shards), "0")
	maps.Copy(v, o.Config)
	return v
}

// check returns the values of all parameters, in the form that is shown.
func (o *Options) check() (map[string]string, error) {
	given, all := o.values(), map[string]string{}
	for _, p := range parameters {
		v, ok := given[p.name]
		if delete(given, p.name); !ok {
			all[p.name] = p.initial
			continue
		}
		if p.usage == "" {
			return nil, fmt.Errorf("server: %s cannot be set", p.name)
		}
		var err error
		if all[p.name], err = p.check(v); err != nil {
			return nil, fmt.Errorf("server: %s %q: %w", p.name, v, err)
		}
	}
	for name := range given {
		return nil, fmt.Errorf("server: there is no parameter %q", name)
	}
	return all, nil
}

// configure puts the first values of all parameters into effect.
func (s *Server) configure(values map[string]string) (err error) {
	s.config.values = values
	for _, p := range parameters {
		if p.apply != nil {
			p.apply(s, values[p.name])
		}
	}
	s.tls, err = newSecure(s.config.get)
	return err
}

func configGet(s *session, args [][]byte) {
	found := map[string]string{}
	show := func(name string, p *parameter) {
		if slices.ContainsFunc(args[2:], func(pattern []byte) bool {
			word := strings.ToLower(string(pattern))
			return word == name || !p.hidden && match([]byte(word), name)
		}) {
			found[name] = s.srv.shown(p)
		}
	}
	for i := range parameters {
		show(parameters[i].name, &parameters[i])
	}
	for older := range aliases {
		show(older, parameterOf(older))
	}
	s.pairs(len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		s.text(name)
		s.text(found[name])
	}
}

// shown returns the value of a parameter that is in force.
func (s *Server) shown(p *parameter) string {
	if p.show != nil {
		return p.show(s)
	}
	return s.config.get(p.name)
}

// A change is a value that a parameter is to have.
type change struct {
	p     *parameter
	name  string // that it was given
	value string
	none  bool // it is in force already
}

// check brings the value into the form that is shown, or says why it cannot be set. What
// is in force can be set again, whatever the parameter.
func (c *change) check(s *Server) (err error) {
	if c.none = c.value == s.shown(c.p); c.none {
		return nil
	}
	if c.p.check == nil || c.p.fixed {
		return errors.New("can't set immutable config")
	}
	if c.value, err = c.p.check(c.value); err == nil && c.p.ofLog && s.feed.file == nil {
		err = errors.New("appendonly is no, so it has no effect")
	}
	return err
}

// configSet sets all that it is given, or nothing.
func configSet(s *session, args [][]byte) {
	if len(args)%2 != 0 {
		s.err(errSyntax)
		return
	}
	var changes []change
	for i := 2; i < len(args); i += 2 {
		name := strings.ToLower(string(args[i]))
		p := parameterOf(name)
		if p == nil {
			s.err("ERR Unknown option or number of arguments for CONFIG SET - '" + cstring(args[i]) + "'")
			return
		}
		changes = append(changes, change{p: p, name: name, value: string(args[i+1])})
	}
	for i, ch := range changes {
		err := changes[i].check(s.srv)
		if slices.ContainsFunc(changes[:i], func(c change) bool { return c.name == ch.name }) {
			err = errors.New("duplicate parameter")
		}
		if err != nil {
			s.err("ERR CONFIG SET failed (possibly related to argument '" + ch.name + "') - " + err.Error())
			return
		}
	}
	s.apply(changes)
}

// apply puts changes into effect. If one fails, those before it are undone.
func (s *session) apply(changes []change) {
	srv := s.srv
	put := func(p *parameter, value string) error {
		srv.config.set(p.name, value)
		if p.apply != nil {
			p.apply(srv, value)
		}
		if p.try != nil {
			return p.try(srv, value)
		}
		return nil
	}
	var undo []change
	for _, ch := range changes {
		if ch.none {
			continue
		}
		undo = append(undo, change{p: ch.p, value: srv.shown(ch.p)})
		if err := put(ch.p, ch.value); err != nil {
			for _, u := range slices.Backward(undo) {
				_ = put(u.p, u.value) // it was in force
			}
			s.err("ERR CONFIG SET failed (possibly related to argument '" + ch.name + "') - " + err.Error())
			return
		}
	}
	if s.tx.running {
		s.tx.after = append(s.tx.after, s.hold)
	} else {
		s.hold()
	}
	s.ok()
}

// hold evicts keys until the memory is within maxmemory, which may have become smaller.
func (s *session) hold() {
	if limit := s.srv.limit.Load(); limit > 0 && !s.srv.isReplica() {
		s.need(s.srv.all)
		s.within(s.srv.all, limit)
	}
}

func configResetStat(s *session, _ [][]byte) {
	s.tell()
	for i := range s.srv.tallies {
		s.srv.tallies[i].reset()
	}
	s.srv.stats.reset()
	for _, sh := range s.srv.shards {
		sh.hits, sh.misses, sh.expired, sh.evicted = 0, 0, 0, 0
	}
	s.ok()
}

func configRewrite(s *session, _ [][]byte) {
	s.err("ERR The server is running without a config file")
}
