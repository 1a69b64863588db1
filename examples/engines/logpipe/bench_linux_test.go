package logpipe

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/logpipe/logs"
	"example.com/flatline/examples/logpipe/logs/logtest"
)

var size = flag.Int("mb", 100, "megabytes of the file")

// cpu returns how much processor time a process has used.
func cpu(t testing.TB, pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	var user, system int
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+2:]))
	_, err = fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
	require.NoError(t, err)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// disk returns the bytes of the files in a directory.
func disk(t testing.TB, dir string) (n int64) {
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil { // it may have been merged away
				n += info.Size()
			}
		}
		return nil
	})
	require.NoError(t, err)
	return n
}

// median returns the median time of some calls.
func median(f func()) time.Duration {
	var all []time.Duration
	for range 7 {
		begun := time.Now()
		f()
		all = append(all, time.Since(begun))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// figures reports what was measured.
func figures(b *testing.B, file int, used time.Duration, stored int64, needle, common time.Duration) {
	b.ReportMetric(float64(file)/1e6/used.Seconds(), "MB/cpu-s")
	b.ReportMetric(float64(stored)/float64(file), "disk/byte")
	b.ReportMetric(float64(needle.Microseconds())/1e3, "needle-ms")
	b.ReportMetric(float64(common.Microseconds())/1e3, "common-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkLogs measures, over HTTP, with the same file: bytes of the file for a second of
// processor time until all of it is found; bytes on disk for each byte of the file; how long a
// query for a word that one record has takes, and the count of a phrase that many have; next
// to grep, which reads the file from the page cache. The agent's time is in logpipe's; that
// of the client who makes JSON is not in VictoriaLogs'. Use -benchtime 1x.
func BenchmarkLogs(b *testing.B) {
	now := time.Now().UTC()
	file := logtest.NewGenerator(12, now.Truncate(24*time.Hour).Add(-23*time.Hour)).Bytes(*size * 1e6)
	middle := file[len(file)/2:]
	needle := string(middle[bytes.Index(middle, []byte(`"trace":"`))+len(`"trace":"`):][:16])
	const phrase = "disk quota exceeded"
	name := filepath.Join(b.TempDir(), "app.log")
	require.NoError(b, os.WriteFile(name, file, 0o600))
	total := len(slices.Collect(func(yield func(int) bool) {
		for at := range logs.Records(file) {
			yield(at)
		}
	}))
	b.Run("impl=grep", func(b *testing.B) {
		for b.Loop() {
			grep := func(word string) func() {
				return func() { // to a pipe: with /dev/null it stops at the first one
					out, err := exec.Command("grep", "-c", "-F", word, name).Output()
					require.NoError(b, err)
					require.NotEqual(b, "0\n", string(out))
				}
			}
			b.ReportMetric(float64(median(grep(needle)).Microseconds())/1e3, "needle-ms")
			b.ReportMetric(float64(median(grep(phrase)).Microseconds())/1e3, "common-ms")
		}
	})
	b.Run("impl=logpipe", func(b *testing.B) {
		for b.Loop() {
			dir := b.TempDir()
			p := crash.Start(b, "logpipe", dir, name)
			pid, err := strconv.Atoi(p.Match(`^process (\d+)`)[1])
			require.NoError(b, err)
			base := p.Match(`listening on (\S+),`)[1]
			status := func() (st logs.Stats) {
				require.NoError(b, json.Unmarshal([]byte(get(b, base+"/status")), &st))
				return st
			}
			require.Eventually(b, func() bool { return status().Stored == uint64(total) }, 5*crash.Patience, 10*time.Millisecond)
			used := cpu(b, pid)
			require.Eventually(b, func() bool { return status().Hot == 0 }, crash.Patience, 10*time.Millisecond)
			find := func(q string, want int) func() {
				return func() {
					n := strings.Count(get(b, base+"/query?limit=100000&q="+url.QueryEscape(q)), "\n")
					require.True(b, n == want || want == 0 && n > 0, "%d", n)
				}
			}
			figures(b, len(file), used, disk(b, dir), median(find(needle, 1)), median(find(`"`+phrase+`"`, 0)))
			p.Kill()
		}
	})
	b.Run("impl=victorialogs", func(b *testing.B) {
		for b.Loop() {
			v := startVictoria(b)
			for at := 0; at < len(file); {
				n := logs.Cut(file[at:], false, true)
				lines, _ := encode(file[at:at+n], "app", now)
				v.send(b, lines)
				at += n
			}
			require.Eventually(b, func() bool { return v.count(b, "*") == total }, 5*crash.Patience, 50*time.Millisecond)
			used := cpu(b, v.cmd.Process.Pid)
			get(b, v.url+"/internal/force_flush")
			get(b, v.url+"/internal/force_merge")
			find := func(q string) func() {
				return func() { require.NotEmpty(b, get(b, v.url+"/select/logsql/query?query="+url.QueryEscape(`"`+q+`"`))) }
			}
			figures(b, len(file), used, disk(b, v.dir), median(find(needle)), median(find(phrase)))
		}
	})
}
