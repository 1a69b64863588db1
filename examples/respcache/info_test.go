package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// monitored are the fields that exporters and agents read by name.
var monitored = strings.Fields(`
redis_version redis_mode os arch_bits process_id run_id tcp_port server_time_usec uptime_in_seconds uptime_in_days hz executable config_file
connected_clients maxclients blocked_clients tracking_clients
used_memory used_memory_human used_memory_rss used_memory_rss_human used_memory_peak used_memory_peak_human used_memory_peak_perc used_memory_overhead
used_memory_dataset maxmemory maxmemory_human maxmemory_policy mem_fragmentation_ratio mem_allocator mem_replication_backlog
loading rdb_changes_since_last_save rdb_bgsave_in_progress rdb_last_save_time rdb_last_bgsave_status rdb_last_bgsave_time_sec rdb_saves
aof_enabled aof_rewrite_in_progress aof_last_write_status aof_current_size aof_base_size
total_connections_received total_commands_processed instantaneous_ops_per_sec total_net_input_bytes total_net_output_bytes instantaneous_input_kbps
instantaneous_output_kbps rejected_connections sync_full sync_partial_ok sync_partial_err expired_keys evicted_keys keyspace_hits keyspace_misses
pubsub_channels pubsub_patterns latest_fork_usec total_error_replies
role connected_slaves master_replid master_repl_offset repl_backlog_active repl_backlog_size repl_backlog_first_byte_offset repl_backlog_histlen
used_cpu_sys used_cpu_user used_cpu_sys_children used_cpu_user_children errorstat_ERR cluster_enabled db0
`)

// TestInfoFields: each of them is there, in the section where redis-server has it.
func TestInfoFields(t *testing.T) {
	fields := func(n *node) map[string]string {
		c := n.dial(t)
		c.must(t, "SET", "a", "b")
		c.must(t, "NOSUCH")
		all, section := map[string]string{}, ""
		for line := range strings.SplitSeq(leaves(c.must(t, "INFO"))[0], "\r\n") {
			if name, ok := strings.CutPrefix(line, "# "); ok {
				section = name
			} else if name, _, ok := strings.Cut(line, ":"); ok {
				all[name] = section
			}
		}
		return all
	}
	want, got := fields(redisServer(t, "--appendonly", "yes")), fields(respcache(t, "-appendonly"))
	for _, name := range monitored {
		require.Contains(t, want, name, "redis-server has no such field")
		require.Contains(t, got, name)
		require.Equal(t, want[name], got[name], "the section of %s", name)
	}
}
