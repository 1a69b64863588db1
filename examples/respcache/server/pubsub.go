package server

import (
	"strings"
	"sync"
)

var pubsubCommands = []command{
	{"subscribe", -2, anytime | whileSub, 0, 0, 0, subscribe},
	{"psubscribe", -2, anytime | whileSub, 0, 0, 0, subscribe},
	{"unsubscribe", -1, anytime | whileSub, 0, 0, 0, unsubscribe},
	{"punsubscribe", -1, anytime | whileSub, 0, 0, 0, unsubscribe},
	{"publish", 3, anytime, 0, 0, 0, publish},
	{"pubsub", -2, anytime, 0, 0, 0, nil},
	{"pubsub|channels", -2, anytime, 0, 0, 0, pubsubChannels},
	{"pubsub|numsub", -2, anytime, 0, 0, 0, pubsubNumSub},
	{"pubsub|numpat", 2, anytime, 0, 0, 0, pubsubNumPat},
}

// A hub leads from channels and patterns to the connections that subscribed. One
// lock for all of it: so all who subscribed to a channel get its messages in one
// order, and nobody's message overtakes the confirmation of the subscription.
type hub struct {
	mu       sync.Mutex
	channels map[string]map[*conn]struct{}
	patterns map[string]map[*conn]struct{}
}

func (h *hub) init() {
	h.channels = map[string]map[*conn]struct{}{}
	h.patterns = map[string]map[*conn]struct{}{}
}

func (h *hub) count() (channels, patterns int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.channels), len(h.patterns)
}

// topics returns the map of the hub that a command is about, and its name.
func (s *session) topics(name []byte) (all map[string]map[*conn]struct{}, own map[string]struct{}, word string) {
	word = strings.ToLower(string(name))
	if s.subs.channels == nil {
		s.subs.channels, s.subs.patterns = map[string]struct{}{}, map[string]struct{}{}
	}
	if word[0] == 'p' {
		return s.srv.hub.patterns, s.subs.patterns, word
	}
	return s.srv.hub.channels, s.subs.channels, word
}

// subscriptions are those of one session. Only its own goroutine reads them.
type subscriptions struct {
	n                  int
	channels, patterns map[string]struct{}
}

func subscribe(s *session, args [][]byte) {
	if s.conn == nil {
		return
	}
	s.conn.cork()
	h := &s.srv.hub
	h.mu.Lock()
	all, own, word := s.topics(args[0])
	for _, a := range args[1:] {
		topic := string(a)
		if _, twice := own[topic]; !twice {
			own[topic] = struct{}{}
			s.subs.n++
			if all[topic] == nil {
				all[topic] = map[*conn]struct{}{}
			}
			all[topic][s.conn] = struct{}{}
		}
		s.out = pushHead(s.out, s.resp3, 3)
		s.text(word)
		s.text(topic)
		s.integer(int64(s.subs.n))
	}
	h.mu.Unlock()
	if !s.tx.running {
		s.conn.uncork()
	}
}

func unsubscribe(s *session, args [][]byte) {
	h := &s.srv.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	all, own, word := s.topics(args[0])
	var topics []string
	for _, a := range args[1:] {
		topics = append(topics, string(a))
	}
	if len(args) == 1 {
		for t := range own {
			topics = append(topics, t)
		}
	}
	for _, t := range topics {
		s.leave(all, own, t)
		s.out = pushHead(s.out, s.resp3, 3)
		s.text(word)
		s.text(t)
		s.integer(int64(s.subs.n))
	}
	if len(topics) == 0 {
		s.out = pushHead(s.out, s.resp3, 3)
		s.text(word)
		s.null()
		s.integer(int64(s.subs.n))
	}
}

// leave ends one subscription. The hub is locked.
func (s *session) leave(all map[string]map[*conn]struct{}, own map[string]struct{}, topic string) {
	if _, ok := own[topic]; !ok {
		return
	}
	delete(own, topic)
	s.subs.n--
	if delete(all[topic], s.conn); len(all[topic]) == 0 {
		delete(all, topic)
	}
}

func (s *session) unsubscribeAll() {
	if s.subs.n == 0 {
		return
	}
	h := &s.srv.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	for t := range s.subs.channels {
		s.leave(h.channels, s.subs.channels, t)
	}
	for t := range s.subs.patterns {
		s.leave(h.patterns, s.subs.patterns, t)
	}
}

func publish(s *session, args [][]byte) {
	h := &s.srv.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	n := int64(0)
	send := func(to map[*conn]struct{}, words ...string) {
		var forms [2][]byte // of the two protocols, made when first needed
		for c := range to {
			v := 0
			if c.resp3.Load() {
				v = 1
			}
			if forms[v] == nil {
				forms[v] = pushHead(nil, v == 1, len(words))
				for _, w := range words {
					forms[v] = appendBulk(forms[v], w)
				}
			}
			if n++; c == s.conn {
				s.out = append(s.out, forms[v]...) // after the replies before it
			} else {
				c.message(forms[v])
			}
		}
	}
	channel := string(args[1])
	send(h.channels[channel], "message", channel, view(args[2]))
	for p, to := range h.patterns {
		if match([]byte(p), channel) {
			send(to, "pmessage", p, channel, view(args[2]))
		}
	}
	s.integer(n)
}

func pubsubChannels(s *session, args [][]byte) {
	h := &s.srv.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(args) > 3 {
		s.err("ERR unknown subcommand or wrong number of arguments for '" + clip(args[1]) + "'. Try PUBSUB HELP.")
		return
	}
	var found []string
	for c := range h.channels {
		if len(args) == 2 || match(args[2], c) {
			found = append(found, c)
		}
	}
	s.array(len(found))
	for _, c := range found {
		s.text(c)
	}
}

func pubsubNumSub(s *session, args [][]byte) {
	h := &s.srv.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	s.array(2 * (len(args) - 2))
	for _, c := range args[2:] {
		s.bulk(c)
		s.integer(int64(len(h.channels[string(c)])))
	}
}

func pubsubNumPat(s *session, _ [][]byte) {
	_, n := s.srv.hub.count()
	s.integer(int64(n))
}
