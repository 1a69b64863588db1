package server

import (
	"errors"
	"strings"
)

// Classes of events, and the two kinds of channels that announce them: one for each key,
// whose messages are the names of events, and one for each event, whose messages are keys.
const (
	notifyGeneric = 1 << iota
	notifyString
	notifyList // this and the next four never happen here: there are no such values
	notifySet
	notifyHash
	notifySorted
	notifyExpired
	notifyEvicted
	notifyStream
	notifyModule
	notifyNew
	notifyByKey
	notifyByEvent
	notifyMiss

	notifyAll = notifyNew - 1
)

// notifyLetters are the letters of notify-keyspace-events, in the order of the classes,
// which is the order in which CONFIG GET shows them.
const notifyLetters = "g$lshzxetdnKEm"

// notifyFlags reads a value of notify-keyspace-events.
func notifyFlags(value string) (flags uint32, ok bool) {
	for _, c := range []byte(value) {
		i := strings.IndexByte(notifyLetters, c)
		switch {
		case c == 'A':
			flags |= notifyAll
		case i < 0:
			return 0, false
		default:
			flags |= 1 << i
		}
	}
	return flags, true
}

// notifyClasses brings a value of notify-keyspace-events into the form that is shown.
func notifyClasses(value string) (string, error) {
	flags, ok := notifyFlags(value)
	if !ok {
		return "", errors.New("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.") //lint:ignore ST1005 the words of Redis
	}
	shown, first := "", 0
	if flags&notifyAll == notifyAll {
		shown, first = "A", strings.IndexByte(notifyLetters, 'n')
	}
	for i := first; i < len(notifyLetters); i++ {
		if flags>>i&1 == 1 {
			shown += notifyLetters[i : i+1]
		}
	}
	return shown, nil
}

// setNotify is the flag test that a change costs: without a kind of channel it is 0.
func (s *Server) setNotify(value string) {
	flags, _ := notifyFlags(value)
	if flags&(notifyByKey|notifyByEvent) == 0 {
		flags = 0
	}
	s.events.Store(flags)
}

// notify announces what has happened to a key, to clients that have subscribed to that.
func (s *session) notify(class uint32, event, key string) {
	if s.srv.events.Load()&class != 0 {
		s.announce(event, key)
	}
}

func (s *session) announce(event, key string) {
	flags := s.srv.events.Load()
	if flags&notifyByKey != 0 {
		s.publish("__keyspace@0__:"+key, event)
	}
	if flags&notifyByEvent != 0 {
		s.publish("__keyevent@0__:"+event, key)
	}
}
