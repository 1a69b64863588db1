// Package loopback chooses ports of 127.0.0.1 for servers that tests and measurements
// start as separate processes.
package loopback

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Ports below those that systems assign themselves (Linux from 32768, others from 49152),
// so that neither a connection nor a listener on port 0 gets one.
const first, last = 15_000, 32_000

var held struct {
	mu    sync.Mutex
	ports []net.PacketConn // held as long as the process runs
}

// Addr returns an address, host:port. No other call returns the same address, in this
// process or another, until this process has ended. A server can be started there, and
// started again after it was killed. If a port were only seen to be free, another test
// could start its server on it first.
func Addr() (string, error) {
	held.mu.Lock()
	defer held.mu.Unlock()
	from := rand.IntN(last - first)
	for i := range last - first {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+(from+i)%(last-first)))
		claim, err := net.ListenPacket("udp", addr) // the server itself uses TCP
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			_ = claim.Close()
			continue
		}
		held.ports = append(held.ports, claim)
		return addr, l.Close()
	}
	return "", fmt.Errorf("no port from %d to %d is free", first, last)
}
