package server

import (
	"io"
	"net"
	"time"

	"example.com/flatline/examples/respcache/cluster"
)

// The bus is the messages between nodes. Each goes as a command, CLUSTER BUS and the message
// as JSON, over one connection to each other node, at the address that clients use, and with
// the password and the certificate of a replica. It is not the bus of Redis.

// talk sends a peer its messages. What cannot be sent is dropped: nodes send again.
func (m *member) talk(to string, messages <-chan []byte) {
	var nc net.Conn
	defer func() {
		if nc != nil {
			nc.Close()
		}
	}()
	host, port, _ := net.SplitHostPort(to)
	for {
		var text []byte
		select {
		case <-m.srv.ctx.Done():
			return
		case text = <-messages:
		}
		var err error
		if nc == nil {
			if nc, err = m.srv.dialMaster(m.srv.ctx, host, port); err != nil {
				nc = nil
				m.drain(messages)
				continue
			}
			m.listenTo(nc)
		}
		_ = nc.SetWriteDeadline(time.Now().Add(m.timeout))
		if _, err = nc.Write(appendCommand(nil, "CLUSTER", "BUS", string(text))); err != nil {
			nc.Close()
			nc = nil
			m.drain(messages)
		}
	}
}

// drain drops old messages to a peer that was not there, and leaves it some time.
func (m *member) drain(messages <-chan []byte) {
	select {
	case <-time.After(m.timeout / 20):
	case <-m.srv.ctx.Done():
	}
	for {
		select {
		case <-messages:
		default:
			return
		}
	}
}

// listenTo reads what a peer replies, which says nothing, so that a connection that has ended
// is noticed.
func (m *member) listenTo(nc net.Conn) {
	m.srv.group.Go(func() {
		stop := make(chan struct{})
		defer close(stop)
		m.srv.group.Go(func() {
			select {
			case <-stop:
			case <-m.srv.ctx.Done():
			}
			nc.Close()
		})
		_, _ = io.Copy(io.Discard, nc)
	})
}

// clusterBus takes a message of another node.
func clusterBus(s *session, args [][]byte) {
	if !s.clustered() {
		return
	}
	m, err := cluster.Decode(args[2])
	if err != nil {
		s.err("ERR " + err.Error())
		return
	}
	s.release() // the node may have to wait for the disk
	s.srv.cluster.step(m.From, m.Body)
	s.ok()
}
