package server

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// A config is what CONFIG can read and write. Its values are in effect at once.
type config struct {
	mu         sync.Mutex
	values     map[string]string // as CONFIG GET shows them
	maxClients atomic.Int64
}

// A parameter is a name that CONFIG knows. check brings a value into the form that
// is shown, or says what is wrong with it; a nil check means that it cannot be set.
// apply puts it into effect, with all shards locked.
type parameter struct {
	name, initial string
	check         func(value string) (string, error)
	apply         func(s *Server, value string)
}

var parameters = []parameter{
	{"appenddirname", "appendonlydir", nil, nil},
	{"appendfilename", "appendonly.aof", nil, nil},
	{"appendfsync", "everysec", oneOf("everysec", "always", "no"), (*Server).setFsync},
	{"appendonly", "no", nil, nil},
	{"auto-aof-rewrite-min-size", "67108864", memory, nil},
	{"auto-aof-rewrite-percentage", "100", number(0, math.MaxInt32), nil},
	{"bind", "", nil, nil},
	{"databases", "1", nil, nil},
	{"dir", "", nil, nil},
	{"maxclients", "10000", number(1, math.MaxUint32), func(s *Server, v string) { s.config.maxClients.Store(s.bytes(v)) }},
	{"maxmemory", "0", memory, func(s *Server, v string) {
		s.limit.Store((s.bytes(v) + int64(len(s.shards)) - 1) / int64(len(s.shards)))
	}},
	{"maxmemory-policy", "noeviction", oneOf(policyNames()...), (*Server).setPolicy},
	{"port", "0", nil, nil},
	{"proto-max-bulk-len", strconv.Itoa(maxBulk), nil, nil},
	{"repl-backlog-size", "1048576", memory, nil},
	{"save", "", func(string) (string, error) { return "", nil }, nil},
	{"timeout", "0", nil, nil},
}

func policyNames() (names []string) {
	for _, p := range policies {
		names = append(names, p.name)
	}
	return names
}

func (s *Server) setPolicy(name string) {
	for _, p := range policies {
		if p.name == name {
			for _, sh := range s.shards {
				sh.setPolicy(p.policy)
			}
		}
	}
}

// bytes reads a value that check has accepted.
func (s *Server) bytes(value string) int64 {
	n, _ := strconv.ParseInt(value, 10, 64)
	return n
}

func oneOf(names ...string) func(string) (string, error) {
	return func(v string) (string, error) {
		if v = strings.ToLower(v); slices.Contains(names, v) {
			return v, nil
		}
		return "", fmt.Errorf("argument(s) must be one of the following: %s", strings.Join(names, ", "))
	}
}

func number(least, most int64) func(string) (string, error) {
	return func(v string) (string, error) {
		n, ok := parseInt([]byte(v))
		if !ok {
			return "", fmt.Errorf("argument couldn't be parsed into an integer")
		}
		if n < least || n > most {
			return "", fmt.Errorf("argument must be between %d and %d inclusive", least, most)
		}
		return v, nil
	}
}

// memory reads a number of bytes, perhaps with a unit: 1k is 1000, 1kb is 1024.
func memory(v string) (string, error) {
	digits := strings.TrimRight(v, "bBkKmMgG")
	unit, ok := map[string]uint64{
		"": 1, "b": 1, "k": 1e3, "kb": 1 << 10, "m": 1e6, "mb": 1 << 20, "g": 1e9, "gb": 1 << 30,
	}[strings.ToLower(v[len(digits):])]
	n, err := strconv.ParseUint(digits, 10, 64)
	if !ok || err != nil || n > math.MaxInt64/unit {
		return "", fmt.Errorf("argument must be a memory value")
	}
	return utoa(n * unit), nil
}

func (c *config) get(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.values[name]
}

// configure gives all parameters their first values.
func (s *Server) configure(o Options) error {
	s.config.values = map[string]string{}
	for _, p := range parameters {
		s.config.values[p.name] = p.initial
	}
	s.config.values["dir"] = o.Dir
	first := map[string]string{"maxmemory": itoa(max(o.MaxMemory, 0)), "maxmemory-policy": o.Policy, "appendfsync": o.AppendFsync}
	for _, p := range parameters {
		v := first[p.name]
		if v == "" {
			v = p.initial
		} else if norm, err := p.check(v); err != nil {
			return fmt.Errorf("server: %s: %w", p.name, err)
		} else {
			v = norm
		}
		s.config.values[p.name] = v
		if p.apply != nil {
			p.apply(s, v)
		}
	}
	return nil
}

func configGet(s *session, args [][]byte) {
	c := &s.srv.config
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []string
	for _, p := range parameters {
		if slices.ContainsFunc(args[2:], func(pattern []byte) bool {
			return match([]byte(strings.ToLower(string(pattern))), p.name)
		}) {
			found = append(found, p.name)
		}
	}
	s.pairs(len(found))
	for _, name := range found {
		s.text(name)
		s.text(c.values[name])
	}
}

// configSet sets all that it is given, or nothing.
func configSet(s *session, args [][]byte) {
	if len(args)%2 != 0 {
		s.err(errSyntax)
		return
	}
	type change struct {
		p     *parameter
		value string
	}
	var changes []change
	for i := 2; i < len(args); i += 2 {
		name := strings.ToLower(string(args[i]))
		at := slices.IndexFunc(parameters, func(p parameter) bool { return p.name == name })
		if at < 0 {
			s.err("ERR Unknown option or number of arguments for CONFIG SET - '" + cstring(args[i]) + "'")
			return
		}
		p := &parameters[at]
		value, err := "", fmt.Errorf("can't set immutable config")
		if p.check != nil {
			value, err = p.check(string(args[i+1]))
		}
		if slices.ContainsFunc(changes, func(c change) bool { return c.p == p }) {
			err = fmt.Errorf("duplicate parameter")
		}
		if err != nil {
			s.err("ERR CONFIG SET failed (possibly related to argument '" + p.name + "') - " + err.Error())
			return
		}
		changes = append(changes, change{p, value})
	}
	c := &s.srv.config
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ch := range changes {
		c.values[ch.p.name] = ch.value
		if ch.p.apply != nil {
			ch.p.apply(s.srv, ch.value)
		}
	}
	s.ok()
}

func configResetStat(s *session, _ [][]byte) {
	s.srv.stats.reset()
	for _, sh := range s.srv.shards {
		sh.hits, sh.misses, sh.expired, sh.evicted = 0, 0, 0, 0
	}
	s.ok()
}
