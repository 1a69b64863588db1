package server

import (
	"slices"
	"strings"
)

// helpTexts says of each command that has subcommands what they are for. The words differ
// from Redis'; a test checks that exactly the existing subcommands are listed.
var helpTexts = map[string][][2]string{
	"acl": {
		{"CAT [<category>]", "The categories of commands, or the commands of one."},
		{"DELUSER <name> [<name> ...]", "0: there are no other users."},
		{"DRYRUN <name> <command> [<arg> ...]", "Whether the user may do that: default may do everything."},
		{"GENPASS [<bits>]", "A random password."},
		{"GETUSER <name>", "What the user may do."},
		{"LIST", "The users, as an ACL file would have them."},
		{"LOAD", "An error: there is no file of users."},
		{"LOG [<count>|RESET]", "The last attempts to log in that failed."},
		{"SAVE", "An error: there is no file of users."},
		{"SETUSER <name> [<rule> ...]", "An error: there is one user, default, whose password is requirepass."},
		{"USERS", "The names of the users."},
		{"WHOAMI", "The user of this connection."},
	},
	"client": {
		{"GETNAME", "The name of this connection."},
		{"ID", "The number of this connection."},
		{"INFO", "This connection, as a line of LIST."},
		{"KILL <ip:port>", "Close the connection that comes from there."},
		{"KILL <option> <value> [<option> <value> [...]]", "Close connections by ID, ADDR, LADDR, TYPE (normal, pubsub, replica), USER and SKIPME (yes, no)."},
		{"LIST [TYPE (normal|pubsub|replica)|ID <id> [<id> ...]]", "Connections, one a line."},
		{"NO-EVICT (ON|OFF)", "Accepted; clients are never evicted here."},
		{"PAUSE <milliseconds> [WRITE|ALL]", "Make commands wait, all or those that write; nothing expires meanwhile."},
		{"REPLY (ON|OFF|SKIP)", "Whether commands are answered."},
		{"SETINFO <option> <value>", "Accepted; what libraries say of themselves is not kept."},
		{"SETNAME <name>", "Name this connection."},
		{"UNPAUSE", "End a pause."},
	},
	"cluster": {
		{"BUS <message>", "What nodes say to each other."},
		{"COUNTKEYSINSLOT <slot>", "How many keys a slot has here."},
		{"FAILOVER TAKEOVER", "Become the master of the group, whatever this node holds."},
		{"GETKEYSINSLOT <slot> <count>", "Keys of a slot."},
		{"IMPORT <first> <last> <group> <epoch>", "Slots are going to come over this connection."},
		{"IMPORTED", "All of their keys have come."},
		{"INFO", "The state of the cluster, and the epoch of the map."},
		{"KEYSLOT <key>", "The slot of a key."},
		{"MOVESLOTS <first> <last> <node>", "Give slots to the group of another node."},
		{"MYID", "The name of this node."},
		{"NODES", "The nodes, one a line."},
		{"SHARDS", "The groups, with their slots and nodes."},
		{"SLOTS", "Which nodes have which slots."},
	},
	"command": {
		{"(no subcommand)", "All commands, as INFO has them."},
		{"COUNT", "How many commands there are."},
		{"DOCS", "Nothing: there are no texts in this form."},
		{"GETKEYS <command>", "The keys of a whole command."},
		{"GETKEYSANDFLAGS <command>", "The same, with what becomes of each key."},
		{"INFO [<name> ...]", "Arity, flags and places of keys."},
		{"LIST [FILTERBY (ACLCAT <category>|PATTERN <pattern>|MODULE <name>)]", "The names of all commands, or of some."},
	},
	"config": {
		{"GET <pattern> [<pattern> ...]", "Parameters whose names match, with the values that are in force."},
		{"RESETSTAT", "Set the counters of INFO to 0."},
		{"REWRITE", "An error: there is no file of parameters."},
		{"SET <parameter> <value> [<parameter> <value> ...]", "Set parameters, all of them or none."},
	},
	"debug": {
		{"CHANGE-REPL-ID", "Begin another stream: every replica copies all data."},
		{"DIGEST", "A checksum of all keys, values and whether there are deadlines: that of a Redis with the same."},
		{"ERROR <text>", "Reply with an error."},
		{"LOADAOF", "Load the log again in place of what is in memory."},
		{"OBJECT <key>", "Where a value lies, and how long it is."},
		{"PROTOCOL <type>", "Reply with a value of a type: string, integer, double, bignum, null, array, set, map, attrib, push, verbatim, true, false."},
		{"RELOAD", "Write dump.rdb, and load it in place of what is in memory."},
		{"SET-ACTIVE-EXPIRE (0|1)", "Whether keys expire without being asked for."},
		{"SLEEP <seconds>", "Stop all clients for so long, an hour at most."},
		{"STRINGMATCH-LEN <length> <pattern>", "Match so many letters a with a pattern."},
	},
	"latency": {
		{"DOCTOR", "The samples in a few lines."},
		{"HISTOGRAM [<command> ...]", "How many calls took up to how many microseconds, with latency-tracking."},
		{"HISTORY <event>", "Time and milliseconds of each sample."},
		{"LATEST", "The last sample of each event, and the worst."},
		{"RESET [<event> ...]", "Forget samples."},
	},
	"memory": {
		{"USAGE <key> [SAMPLES <count>]", "Bytes that maxmemory counts for a key."},
	},
	"object": {
		{"ENCODING <key>", "How Redis would keep the value, were it new."},
		{"FREQ <key>", "How often the key was used, with an LFU policy."},
		{"IDLETIME <key>", "Seconds since the key was used, without one."},
		{"REFCOUNT <key>", "1."},
	},
	"pubsub": {
		{"CHANNELS [<pattern>]", "Channels that somebody has subscribed to."},
		{"NUMPAT", "How many patterns somebody has subscribed to."},
		{"NUMSUB [<channel> ...]", "How many have subscribed to each channel."},
	},
	"slowlog": {
		{"GET [<count>]", "The last slow commands, 10 unless count says otherwise: id, time, microseconds, words, client, name."},
		{"LEN", "How many are kept."},
		{"RESET", "Forget them."},
	},
}

// help returns the handler of HELP.
func help(name string) handler {
	return func(s *session, _ [][]byte) {
		lines := []string{strings.ToUpper(name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"}
		for _, t := range helpTexts[name] {
			lines = append(lines, t[0], "    "+t[1])
		}
		lines = slices.Concat(lines, []string{"HELP", "    Print this help."})
		s.array(len(lines))
		for _, l := range lines {
			s.simple(l)
		}
	}
}
