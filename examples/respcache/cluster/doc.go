// Package cluster decides which node of a cluster of caches serves which keys. It is the pure
// part: slots, the map from slots to nodes, and the node that takes part in changing it,
// which is Step(now, message) messages. Package server has the network, the disk and the data.
//
// # Idea
//
// Keys belong to 16,384 slots, slots to groups, and a group is a master and its replicas. The
// map that says so has an epoch. Each change of it (a replica becomes a master, slots move)
// is made by the author of a new epoch:
//
//	author                          every node
//	Ballot{epoch, change}  ──▶      votes once in an epoch, and says which map it has accepted last
//	a majority: the latest of those maps, with the change
//	Write{map}             ──▶      accepts it, unless it has voted in a later epoch
//	a majority: it is the cluster's map
//	News{map}              ──▶      uses it, if its epoch is higher
//
// This is Paxos with one register. A majority of voters and a majority of acceptors share a
// node, so no change that may have been made is lost by the next author.
//
// A master serves only while it has a lease: the nodes that have answered its beats, a
// majority, elect no other for Timeout and an eighth after that. The lease counts from when
// the beat was sent, the promise from when it arrived, both on monotonic clocks. So the
// lease has ended before another master is elected, whatever the network does; the eighth
// is for clocks of different speed.
//
// # Invariants
//
//	R1  a node votes for at most one author of an epoch, also across a crash (TestVote)
//	R2  there is at most one map of an epoch, and nodes' maps only advance
//	R3  at any moment at most one node serves a slot
//	R4  with Acks ≥ 1, no acknowledged write is lost by one failure
//	R5  once faults have ended, all nodes have the same map, and every slot is served
//
// # Trade-offs
//
// All nodes vote, where in Redis Cluster only masters do: the voters are a fixed set, and two
// masters of three may fail at once. The price is a list of nodes that is fixed when the
// cluster is formed, and messages that grow with the square of its length: dozens of nodes,
// not a thousand.
//
// # References
//
// Lamport, Paxos Made Simple (2001). Gray and Cheriton, Leases (1989). Rystsov, CASPaxos
// (2018).
package cluster
