#!/bin/sh
# Runs Redis's own Tcl tests against respcache, and prints SUITE.md.
#
#	sh examples/respcache/suite.sh REDIS-SOURCE [UNIT …] >SUITE.md      from the root of the repository
#
# It needs tclsh, and Redis's sources of version 7.0 (apt-get source redis). A unit whose name
# begins with own: starts its servers itself, through a script in place of redis-server; any
# other runs against a fresh server that is there already. A test that fails leaves a
# transaction open, or a setting changed, for those after it in its unit. So one that fails is
# run again alone, against another fresh server, and counts only if it fails there too.
# suite.txt has the reasons of what fails; the exit status is 1 if one has none.
set -eu
redis=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- unit/dump unit/protocol unit/keyspace unit/scan unit/info-command unit/type/string unit/type/incr unit/expire \
	unit/other unit/multi unit/quit unit/latency-monitor unit/pubsub unit/slowlog unit/introspection unit/introspection-2 unit/bitops \
	unit/bitfield unit/lazyfree unit/pause unit/querybuf unit/violations unit/replybufsize \
	own:unit/auth own:unit/info own:unit/maxmemory own:unit/limits own:unit/obuf-limits own:unit/wait own:unit/shutdown \
	own:unit/networking own:integration/replication-2 own:integration/replication-3
tmp=$(mktemp -d)
pid=
stop() {
	[ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null || :
	pid=
}
trap 'stop; rm -rf "$tmp"' EXIT
go build -o "$tmp/respcache" ./examples/respcache

# The suite begins each block of an external server with FUNCTION FLUSH, outside of a test: that
# one may fail here.
cp -r "$redis/tests" "$redis/runtest" "$tmp"
sed -i 's/^    r function flush$/    catch {r function flush}/' "$tmp/tests/support/server.tcl"
mkdir "$tmp/src"
for name in redis-cli redis-benchmark; do ln -s "$(command -v $name)" "$tmp/src/$name"; done

# In place of redis-server: what of its file is also a flag here becomes one.
"$tmp/respcache" -h 2>&1 | sed -n 's/^  -\([a-z-]*\).*/\1/p' >"$tmp/flags" || :
cat >"$tmp/src/redis-server" <<'END'
#!/bin/sh
conf=$1 root=$(cd "$(dirname "$0")/.." && pwd) host=127.0.0.1 port=6379
set -- -latency-tracking
while read -r name value; do
	value=$(echo "$value" | sed "s/^[\"'{]//; s/[\"'}]\$//")
	case $name in
	port) port=$value ;;
	bind) host=$value ;;
	replicaof | slaveof) set -- "$@" "-replicaof=$(echo "$value" | tr ' ' :)" ;;
	*) ! grep -qx -- "$name" "$root/flags" || set -- "$@" "-$name=$value" ;;
	esac
done <"$conf"
echo "$$:M PID: $$ Server initialized"
echo "$$:M * Ready to accept connections"
exec "$root/respcache" -addr "$host:$port" "$@"
END
chmod +x "$tmp/src/redis-server"

start() { # a fresh server, at a port that is free
	stop
	rm -rf "$tmp/data" && mkdir "$tmp/data"
	: >"$tmp/log"
	"$tmp/respcache" -addr 127.0.0.1:0 -dir "$tmp/data" -appendonly -latency-tracking -enable-debug-command local >"$tmp/log" 2>&1 &
	pid=$!
	until port=$(sed -n 's/^listening on .*://p' "$tmp/log") && [ -n "$port" ]; do sleep 0.1; done
}

try() { # OUT UNIT ARGUMENT …: runs the suite
	out=$1 name=$2
	shift 2
	case $name in
	own:*) set -- --clients 1 "$@" ;;
	*) start && set -- --host 127.0.0.1 --port "$port" "$@" ;;
	esac
	(cd "$tmp" && timeout 900 ./runtest --baseport $((15000 + $$ % 15000)) --durable --timeout 100 --singledb --ignore-encoding --ignore-digest \
		--single "${name#own:}" "$@" 2>&1) |
		tr -d '\r' | sed 's/\x1b\[[0-9;]*m//g' >"$out" || :
}

# failures prints a line for each failure in a log: the test, or - for code outside of tests,
# and all that was said of it.
failures() {
	awk '
		function flush() { if (name != "") print name "\t" said; name = "" }
		/^\[(err|exception|TIMEOUT)\]/ {
			flush()
			said = $0
			if (sub(/^\[err\]: /, "") && match($0, / in tests\/[a-z0-9\/-]*\.tcl$/)) {
				name = substr($0, 1, RSTART - 1)
				said = ""
			} else name = "-"
			next
		}
		/^\[/ || /^(Killing|Cleanup|!!!|                   The End)/ { flush(); next }
		name != "" { gsub(/\t/, " "); said = said " " $0 }
		END { flush() }' "$1"
}

: >"$tmp/failed"
: >"$tmp/units"
for unit; do
	try "$tmp/out" "$unit"
	ok=$(grep -c '^\[ok\]' "$tmp/out" || :)
	ignored=$(grep -c '^\[ignore\]' "$tmp/out" || :)
	after=0
	failures "$tmp/out" >"$tmp/list"
	while IFS='	' read -r test said; do
		if [ "$test" != - ]; then
			try "$tmp/one" "$unit" --only "$test" </dev/null
			again=$(failures "$tmp/one" | sed -n "/^-	/!s/^[^	]*	//p" | head -1)
			if [ -z "$again" ] && grep -q '^\[ok\]' "$tmp/one"; then
				after=$((after + 1))
				echo "$unit: $test: alone it passes;$said" >&2
				continue
			fi
			said=${again:-$said}
		fi
		printf '%s\t%s\t%s\n' "${unit#own:}" "$test" "$said" >>"$tmp/failed"
	done <"$tmp/list"
	printf '%s\t%s\t%s\t%s\n' "${unit#own:}" "$ok" "$after" "$ignored" >>"$tmp/units"
	echo "$unit: $ok ok, $after only after another, $ignored skipped" >&2
done
[ -z "${KEEP:-}" ] || cp "$tmp/failed" "$KEEP"

# The reason of each failure, in a last column.
awk -F '\t' -v OFS='\t' '
	NR == FNR { if (!/^#/) { pattern[++n] = $1; reason[n] = $2 }; next }
	{
		why = "unexplained"
		for (i = 1; i <= n; i++) if ($1 ": " $2 ": " $3 ~ pattern[i]) { why = reason[i]; break }
		print $1, $2, why
	}' "$here/suite.txt" "$tmp/failed" >"$tmp/sorted"
cat <<'END'
# Redis's own tests

Written by `sh examples/respcache/suite.sh REDIS-SOURCE >examples/respcache/SUITE.md`: the Tcl tests of Redis 7.0.15 against respcache with
`-enable-debug-command local -latency-tracking -appendonly`. Each unit runs against a fresh server that is already running; the last units start
their servers themselves. Units that test only what is absent are not run: the other types, scripts, clusters, modules, tracking, and acl and
acl-v2, which test ACL SETUSER. suite.txt assigns the reasons.

- *After another*: a test that fails is run again alone, against another fresh server. These then pass: an earlier test of their unit had left
  a transaction open, or a setting changed, such as a maxmemory of one byte, which evicts every key from then on.
- *Blocks*: code outside of tests that failed, so that the tests after it did not run.
- *Skipped*: tests, or blocks of tests, that need something that this way of running does not have.

END
awk -F '\t' '
	NR == FNR { $2 == "-" ? blocks[$1]++ : failed[$1]++; next }
	FNR == 1 {
		print "| unit | pass | fail | after another | blocks | skipped |"
		print "|---|--:|--:|--:|--:|--:|"
	}
	{
		printf "| %s | %d | %d | %d | %d | %d |\n", $1, $2, failed[$1], $3, blocks[$1], $4
		a += $2; b += failed[$1]; c += $3; d += blocks[$1]; e += $4
	}
	END { printf "| **all** | %d | %d | %d | %d | %d |\n", a, b, c, d, e }' "$tmp/sorted" "$tmp/units"
echo
echo 'What fails, by reason. Where a reason has one test, the test is named:'
echo
sort -t '	' -k3 "$tmp/sorted" | awk -F '\t' '
	function flush() {
		if (why == "") return
		printf "| %s | %d | %s |\n", why, n, n == 1 ? units ": `" name "`" : units
	}
	BEGIN { print "| reason | fail | units |"; print "|---|--:|---|" }
	$3 != why { flush(); why = $3; n = 0; units = ""; delete seen }
	{
		n++
		name = $2 == "-" ? "code outside of tests" : $2
		if (!seen[$1]++) units = units (units == "" ? "" : ", ") $1
	}
	END { flush() }'
! grep '	unexplained$' "$tmp/sorted" >&2
