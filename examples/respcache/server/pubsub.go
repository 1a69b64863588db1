package server

import (
	"sync"
	"sync/atomic"
)

var pubsubCommands = []entry{
	{"subscribe", -2, anytime | whileSub, 0, 0, 0, subscribe},
	{"psubscribe", -2, anytime | whileSub, 0, 0, 0, psubscribe},
	{"unsubscribe", -1, anytime | whileSub, 0, 0, 0, unsubscribe},
	{"punsubscribe", -1, anytime | whileSub, 0, 0, 0, punsubscribe},
	{"publish", 3, anytime | fast | relayed, 0, 0, 0, publish},
	{"pubsub", -2, anytime, 0, 0, 0, nil},
	{"pubsub|channels", -2, anytime, 0, 0, 0, pubsubChannels},
	{"pubsub|numsub", -2, anytime, 0, 0, 0, pubsubNumSub},
	{"pubsub|numpat", 2, anytime, 0, 0, 0, pubsubNumPat},
	{"pubsub|help", 2, anytime, 0, 0, 0, help("pubsub")},
}

// A hub leads from channels and patterns to the connections that subscribed. One lock for
// all of it: so all subscribers of a channel get its messages in the same order, and no
// message overtakes the confirmation of the subscription.
type hub struct {
	mu       sync.Mutex
	channels map[string]map[*conn]struct{}
	patterns map[string]map[*conn]struct{}

	channelCount, patternCount atomic.Int64 // of the maps, for INFO, which must not wait here
}

func (h *hub) init() {
	h.channels = map[string]map[*conn]struct{}{}
	h.patterns = map[string]map[*conn]struct{}{}
}

// count returns the number of channels and patterns. It does not wait for the lock.
func (h *hub) count() (channels, patterns int) {
	return int(h.channelCount.Load()), int(h.patternCount.Load())
}

// topics returns the subscriptions to channels, or to patterns, of all and of this session.
func (s *session) topics(patterns bool) (all map[string]map[*conn]struct{}, own map[string]struct{}) {
	if s.subs.channels == nil {
		s.subs.channels, s.subs.patterns = map[string]struct{}{}, map[string]struct{}{}
	}
	if patterns {
		return s.srv.hub.patterns, s.subs.patterns
	}
	return s.srv.hub.channels, s.subs.channels
}

// subscriptions are those of one session. Only its own goroutine reads them.
type subscriptions struct {
	n                  int
	channels, patterns map[string]struct{}
}

func subscribe(s *session, args [][]byte)  { s.subscribe("subscribe", false, args[1:]) }
func psubscribe(s *session, args [][]byte) { s.subscribe("psubscribe", true, args[1:]) }

func (s *session) subscribe(word string, patterns bool, topics [][]byte) {
	if s.conn == nil {
		return
	}
	s.conn.cork()
	s.enter(word, patterns, topics)
	if !s.tx.running {
		s.conn.uncork()
	}
}

func (s *session) enter(word string, patterns bool, topics [][]byte) {
	h := &s.srv.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	defer h.recount(s)
	all, own := s.topics(patterns)
	for _, a := range topics {
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
}

// recount is called after each change of the maps, before the lock is released.
func (h *hub) recount(s *session) {
	h.channelCount.Store(int64(len(h.channels)))
	h.patternCount.Store(int64(len(h.patterns)))
	if s.conn != nil {
		s.conn.channels.Store(int32(len(s.subs.channels)))
		s.conn.patterns.Store(int32(len(s.subs.patterns)))
	}
}

func unsubscribe(s *session, args [][]byte)  { s.unsubscribe("unsubscribe", false, args[1:]) }
func punsubscribe(s *session, args [][]byte) { s.unsubscribe("punsubscribe", true, args[1:]) }

func (s *session) unsubscribe(word string, patterns bool, named [][]byte) {
	h := &s.srv.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	defer h.recount(s)
	all, own := s.topics(patterns)
	begin := len(s.out)
	defer func() { s.pushed(begin) }()
	var topics []string
	for _, a := range named {
		topics = append(topics, string(a))
	}
	if len(named) == 0 {
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
	defer h.recount(s)
	for t := range s.subs.channels {
		s.leave(h.channels, s.subs.channels, t)
	}
	for t := range s.subs.patterns {
		s.leave(h.patterns, s.subs.patterns, t)
	}
}

func publish(s *session, args [][]byte) { s.integer(s.publish(view(args[1]), view(args[2]))) }

// publish sends a message and returns how many subscriptions got it.
func (s *session) publish(channel, message string) (n int64) {
	h := &s.srv.hub
	h.mu.Lock()
	defer h.mu.Unlock()
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
				s.pushed(len(s.out) - len(forms[v]))
			} else {
				c.message(forms[v])
			}
		}
	}
	send(h.channels[channel], "message", channel, message)
	for p, to := range h.patterns {
		if match([]byte(p), channel) {
			send(to, "pmessage", p, channel, message)
		}
	}
	return n
}

func pubsubChannels(s *session, args [][]byte) {
	h := &s.srv.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(args) > 3 {
		s.err(errSubArgs("PUBSUB", args[1]))
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
