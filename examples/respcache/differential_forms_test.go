package main

import "strings"

// The forms of the commands that are drawn. A letter stands for one drawn argument, a +
// behind it for one to three of them, a capital word for itself:
//
//	k key      v value       i position   n increment   f float   c channel
//	s seconds  m ms          S time in seconds   M time in ms      any of them may be bad
//	x options of SET, up to four   g options of GETEX   e conditions of EXPIRE
//	b number of a bit   z bit   u BYTE or BIT   o operator   B operations of BITFIELD
//	l options of LCS    r options of COPY   d payload of DUMP   R options of RESTORE
//	T life in ms that RESTORE takes         q classes of events   w ON, OFF or SKIP
//	y WRITE or ALL      t type of a protocol
var forms = strings.Split(strings.TrimSpace(`
GET k
GET k
SET k v
SET k v
SET k v x
SET k v x
SET k v x
SETNX k v
SETEX k s v
PSETEX k m v
GETSET k v
GETDEL k
GETEX k g
MGET k+
MSET k v
MSET k v k v
MSETNX k v
MSETNX k v k v
APPEND k v
STRLEN k
GETRANGE k i i
SUBSTR k i i
SETRANGE k i v
INCR k
DECR k
INCRBY k n
DECRBY k n
INCRBYFLOAT k f
DEL k+
UNLINK k+
EXISTS k+
TOUCH k+
TYPE k
RENAME k k
RENAMENX k k
EXPIRE k s e
PEXPIRE k m e
EXPIREAT k S e
PEXPIREAT k M e
TTL k
PTTL k
EXPIRETIME k
PEXPIRETIME k
PERSIST k
SETBIT k b z
SETBIT k b z
GETBIT k b
BITCOUNT k
BITCOUNT k i i
BITCOUNT k i i u
BITPOS k z
BITPOS k z i
BITPOS k z i i
BITPOS k z i i u
BITOP o k k+
BITOP o k k+
BITFIELD k B
BITFIELD k B
BITFIELD_RO k B
LCS k k l
COPY k k r
COPY k k r
DUMP k
RESTORE k T d R
RESTORE k T d R
DBSIZE
FLUSHDB
FLUSHALL
FLUSHALL ASYNC
FLUSHDB SYNC
PING
PING v
ECHO v
SELECT 0
MULTI
MULTI
EXEC
EXEC
DISCARD
WATCH k+
UNWATCH
SUBSCRIBE news
PSUBSCRIBE n*
UNSUBSCRIBE
UNSUBSCRIBE c
PUNSUBSCRIBE
PUNSUBSCRIBE p
PUBLISH c v
PUBSUB CHANNELS
PUBSUB CHANNELS p
PUBSUB NUMSUB c
PUBSUB NUMPAT
HELLO
HELLO 2
HELLO 3
HELLO i
CLIENT SETNAME c
CLIENT GETNAME
CLIENT NO-EVICT w
CLIENT KILL c
CLIENT KILL ID 0
CLIENT KILL ADDR c
CLIENT KILL LADDR c
CLIENT KILL TYPE c
CONFIG GET maxmemory-policy
CONFIG GET notify-keyspace-events
CONFIG GET save
CONFIG GET Append[on]nly
CONFIG SET notify-keyspace-events q
CONFIG SET slowlog-max-len i x
CONFIG RESETSTAT
CONFIG REWRITE
SLOWLOG RESET
LATENCY LATEST
LATENCY HISTORY command
LATENCY RESET
LATENCY HISTOGRAM nosuch
ACL WHOAMI
ACL USERS
ACL LIST
ACL GETUSER default
ACL GETUSER c
ACL CAT
ACL CAT c
ACL DELUSER c
ACL DRYRUN default GET k
ACL DRYRUN default CONFIG GET v
ACL DRYRUN c GET k
ACL LOAD
ACL SAVE
CLIENT PAUSE 0 y
CLIENT UNPAUSE
COMMAND INFO get nosuch
COMMAND GETKEYS MSET k v k v
COMMAND GETKEYSANDFLAGS SET k v x
COMMAND GETKEYSANDFLAGS BITFIELD k B
COMMAND GETKEYSANDFLAGS BITOP o k k+
COMMAND LIST FILTERBY PATTERN g[e]t
COMMAND LIST FILTERBY ACLCAT nosuch
COMMAND LIST FILTERBY MODULE v
CONFIG GET latency-tracking-info-percentiles
CONFIG SET min-replicas-max-lag i
CONFIG SET repl-ping-replica-period i
DEBUG PROTOCOL t
DEBUG ERROR v
DEBUG SLEEP 0
DEBUG SET-ACTIVE-EXPIRE 1
DEBUG CHANGE-REPL-ID
DEBUG NOSUCH
AUTH v
AUTH default v
AUTH c v
RESET
NOSUCH
NOSUCH v k
`), "\n")
