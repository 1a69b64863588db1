package logs

import (
	"fmt"
	"strings"
)

// metrics returns the figures in the text format of Prometheus. Labels are levels, outcomes
// and names of rules: their number does not depend on what is sent (L6).
func (p *Pipe) metrics() string {
	var b strings.Builder
	family := func(name, typ, help string) {
		fmt.Fprintf(&b, "# HELP logpipe_%s %s\n# TYPE logpipe_%s %s\n", name, help, name, typ)
	}
	one := func(name, typ, help string, v any) {
		family(name, typ, help)
		fmt.Fprintf(&b, "logpipe_%s %v\n", name, v)
	}
	family("records_total", "counter", "Records that came in since the start, by level and by what became of them.")
	for l := range p.outcomes {
		o := &p.outcomes[l]
		for _, x := range []struct {
			outcome string
			n       int64
		}{{"kept", o.kept.Load()}, {"sampled", o.sampled.Load()}, {"expired", o.expired.Load()}} {
			fmt.Fprintf(&b, "logpipe_records_total{level=%q,outcome=%q} %d\n", levelNames[l], x.outcome, x.n)
		}
	}
	st := p.Stats()
	family("dropped_records_total", "counter", "Stored records that retention has dropped, by reason, since the store was made.")
	fmt.Fprintf(&b, "logpipe_dropped_records_total{reason=\"age\"} %d\nlogpipe_dropped_records_total{reason=\"bytes\"} %d\n", st.Aged, st.Evicted)
	one("accepted_bytes_total", "counter", "Bytes of batches that were new.", p.bytes.Load())
	one("resent_bytes_total", "counter", "Bytes of batches that were there already.", p.resent.Load())
	one("gap_bytes_total", "counter", "Bytes of files that were never sent, since the store was made.", st.Gaps)
	one("refused_batches_total", "counter", "Batches that were not accepted.", p.refused.Load())
	one("tail_overwritten_total", "counter", "Records that have left the ring of the tail.", p.tail.Dropped())
	one("stored_records", "gauge", "Records that a query can find.", st.Stored)
	one("stored_bytes", "gauge", "Bytes of the files of segments.", st.Bytes)
	one("hot_bytes", "gauge", "Bytes of records that are in memory and in the log only.", st.Hot)
	one("segments", "gauge", "Segments.", st.Segments)
	one("streams", "gauge", "Streams.", st.Streams)
	one("query_blocks_read_total", "counter", "Blocks that queries have read.", st.Read)
	one("query_blocks_skipped_total", "counter", "Blocks that filters have saved queries to read.", st.Skipped)
	alerts := p.figures.alerts(p.opts.Now())
	if len(alerts) > 0 {
		family("alert_firing", "gauge", "1 if the alert is firing.")
	}
	for _, a := range alerts {
		firing := 0
		if a.Firing {
			firing = 1
		}
		fmt.Fprintf(&b, "logpipe_alert_firing{alert=%q} %d\n", a.Name, firing)
	}
	return b.String()
}
