package server

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"example.com/flatline/examples/respcache/cluster"
)

var clusterCommands = []entry{
	{"asking", 1, fast, 0, 0, 0, asking},
	{"readonly", 1, anytime | fast, 0, 0, 0, readOnly},
	{"readwrite", 1, anytime | fast, 0, 0, 0, readWrite},
	{"cluster", -2, anytime, 0, 0, 0, nil},
	{"cluster|bus", 3, anytime | admin | notx | quiet, 0, 0, 0, clusterBus},
	{"cluster|countkeysinslot", 3, anytime, 0, 0, 0, clusterCountKeys},
	{"cluster|failover", -2, anytime | admin, 0, 0, 0, clusterFailover},
	{"cluster|getkeysinslot", 4, anytime, 0, 0, 0, clusterGetKeys},
	{"cluster|help", 2, anytime, 0, 0, 0, help("cluster")},
	{"cluster|import", 6, anytime | admin | notx, 0, 0, 0, clusterImport},
	{"cluster|imported", 2, anytime | admin | notx | quiet, 0, 0, 0, clusterImported},
	{"cluster|info", 2, anytime, 0, 0, 0, clusterInfo},
	{"cluster|keyslot", 3, anytime, 0, 0, 0, clusterKeySlot},
	{"cluster|moveslots", 5, anytime | admin | notx | quiet, 0, 0, 0, clusterMoveSlots},
	{"cluster|myid", 2, anytime, 0, 0, 0, clusterMyID},
	{"cluster|nodes", 2, anytime, 0, 0, 0, clusterNodes},
	{"cluster|shards", 2, anytime, 0, 0, 0, clusterShards},
	{"cluster|slots", 2, anytime, 0, 0, 0, clusterSlots},
}

// mode is what Redis calls a server with and without a cluster.
func (s *Server) mode() string {
	if s.cluster != nil {
		return "cluster"
	}
	return "standalone"
}

// feeds reports whether this master is the one of a term, and a node is in its group.
func (m *member) feeds(node string, term uint64) bool {
	v := m.view.Load()
	return term != 0 && m.serving.Load() == term && v.Map.GroupOf(node) == v.Group
}

// nodeID is the 40 digits that name a node: all nodes compute the same from the address.
func nodeID(node string) string {
	sum := sha1.Sum([]byte(node))
	return hex.EncodeToString(sum[:])
}

func asking(s *session, _ [][]byte) {
	if s.clustered() {
		s.asking = true
		s.ok()
	}
}

func readOnly(s *session, _ [][]byte) {
	if s.clustered() {
		s.readOnly = true
		s.ok()
	}
}

func readWrite(s *session, _ [][]byte) {
	if s.clustered() {
		s.readOnly = false
		s.ok()
	}
}

func clusterKeySlot(s *session, args [][]byte) {
	if s.clustered() {
		s.integer(int64(cluster.Slot(args[2])))
	}
}

func clusterMyID(s *session, _ [][]byte) {
	if s.clustered() {
		s.text(nodeID(s.srv.cluster.self))
	}
}

// keysIn returns up to count keys of a slot. It looks at all keys: O(n), in pieces.
func (s *session) keysIn(slot []byte, count int64) (keys []string, ok bool) {
	r, ok := slotRange(slot, slot)
	if !ok || count < 0 {
		s.err("ERR Invalid slot or number of keys")
		return nil, false
	}
	s.release()
	_ = s.srv.walkSome(s.srv.ctx, func(it *item) bool {
		if int64(len(keys)) < count && cluster.Slot([]byte(it.key)) == r.First {
			keys = append(keys, strings.Clone(it.key))
		}
		return false
	}, nil)
	return keys, true
}

func clusterCountKeys(s *session, args [][]byte) {
	if !s.clustered() {
		return
	}
	if keys, ok := s.keysIn(args[2], 1<<62); ok {
		s.integer(int64(len(keys)))
	}
}

func clusterGetKeys(s *session, args [][]byte) {
	if !s.clustered() {
		return
	}
	n, ok := parseInt(args[3])
	if !ok {
		n = -1
	}
	if keys, ok := s.keysIn(args[2], n); ok {
		s.texts(keys)
	}
}

// clusterFailover makes a node the master of its group whatever it holds: for a group of which
// no node has all that was acknowledged.
func clusterFailover(s *session, args [][]byte) {
	switch {
	case !s.clustered():
	case len(args) != 3 || !is(args[2], "TAKEOVER"):
		s.err("ERR only CLUSTER FAILOVER TAKEOVER is supported")
	default:
		s.release()
		s.srv.cluster.step("", cluster.Takeover{})
		s.ok()
	}
}

// clusterMoveSlots moves a range of slots to the group of a node. It replies when they are moved.
func clusterMoveSlots(s *session, args [][]byte) {
	if !s.clustered() {
		return
	}
	m := s.srv.cluster
	r, ok := slotRange(args[2], args[3])
	v := m.view.Load()
	r.Group = slices.IndexFunc(v.Map.Groups, func(g cluster.Group) bool {
		return slices.ContainsFunc(g.Members, func(n string) bool { return n == string(args[4]) || nodeID(n) == string(args[4]) })
	})
	switch {
	case !ok:
		s.err("ERR Invalid or out of range slot")
		return
	case r.Group < 0:
		s.err("ERR Unknown node " + clip(args[4]))
		return
	case r.Group == v.Group:
		s.err("ERR that is the group of this node")
		return
	}
	s.release()
	if err := m.move(s.srv.ctx, r); err != nil {
		s.err("ERR not moved: " + err.Error())
		return
	}
	s.ok()
}

// split returns the parts of a node's address.
func split(node string) (host string, port int) {
	host, p, _ := net.SplitHostPort(node)
	port, _ = strconv.Atoi(p)
	return host, port
}

// ordered returns the members of a group, the master first.
func ordered(g cluster.Group) []string {
	all := []string{g.Master}
	for _, n := range g.Members {
		if n != g.Master {
			all = append(all, n)
		}
	}
	return all
}

func clusterSlots(s *session, _ [][]byte) {
	if !s.clustered() {
		return
	}
	m := s.srv.cluster.view.Load().Map
	s.array(len(m.Ranges))
	for _, r := range m.Ranges {
		nodes := ordered(m.Groups[r.Group])
		s.array(2 + len(nodes))
		s.integer(int64(r.First))
		s.integer(int64(r.Last))
		for _, n := range nodes {
			host, port := split(n)
			s.array(4)
			s.text(host)
			s.integer(int64(port))
			s.text(nodeID(n))
			s.array(0)
		}
	}
}

func clusterShards(s *session, _ [][]byte) {
	if !s.clustered() {
		return
	}
	m := s.srv.cluster.view.Load().Map
	s.array(len(m.Groups))
	for i, g := range m.Groups {
		var bounds []int
		for _, r := range m.Ranges {
			if r.Group == i {
				bounds = append(bounds, r.First, r.Last)
			}
		}
		s.pairs(2)
		s.text("slots")
		s.array(len(bounds))
		for _, b := range bounds {
			s.integer(int64(b))
		}
		s.text("nodes")
		s.array(len(g.Members))
		for _, n := range ordered(g) {
			host, port := split(n)
			s.pairs(7)
			for _, word := range []string{"id", nodeID(n), "port", "", "ip", host, "endpoint", host, "role", roleIn(g, n), "replication-offset", "0", "health", "online"} {
				switch word {
				case "":
					s.integer(int64(port))
				case "0":
					s.integer(0)
				default:
					s.text(word)
				}
			}
		}
	}
}

func roleIn(g cluster.Group, node string) string {
	if node == g.Master {
		return "master"
	}
	return "replica"
}

// clusterNodes replies with the lines of Redis's nodes.conf. What only its bus knows is 0.
func clusterNodes(s *session, _ [][]byte) {
	if !s.clustered() {
		return
	}
	var b strings.Builder
	v := s.srv.cluster.view.Load()
	for i, g := range v.Map.Groups {
		for _, n := range ordered(g) {
			flags, master := "master", "-"
			if n != g.Master {
				flags, master = "slave", nodeID(g.Master)
			}
			if n == s.srv.cluster.self {
				flags = "myself," + flags
			}
			_, port := split(n)
			fmt.Fprintf(&b, "%s %s@%d %s %s 0 0 %d connected", nodeID(n), n, port, flags, master, g.Term)
			for _, r := range v.Map.Ranges {
				if r.Group == i && n == g.Master {
					fmt.Fprintf(&b, " %d-%d", r.First, r.Last)
				}
			}
			b.WriteByte('\n')
		}
	}
	s.verbatim(b.String())
}

func clusterInfo(s *session, _ [][]byte) {
	if !s.clustered() {
		return
	}
	m := s.srv.cluster
	v := m.view.Load()
	state, n := "ok", 0
	if v.Term != 0 && m.leased() != "" {
		state = "fail"
	}
	for _, g := range v.Map.Groups {
		if n += len(g.Members); g.Term == 0 {
			state = "fail" // it has not had a master yet
		}
	}
	s.verbatim(fmt.Sprintf("cluster_state:%s\r\ncluster_slots_assigned:%d\r\ncluster_slots_ok:%d\r\ncluster_slots_pfail:0\r\ncluster_slots_fail:0\r\n"+
		"cluster_known_nodes:%d\r\ncluster_size:%d\r\ncluster_current_epoch:%d\r\ncluster_my_epoch:%d\r\n",
		state, cluster.Slots, cluster.Slots, n, len(v.Map.Groups), v.Map.Epoch, v.Map.Groups[v.Group].Term))
}
