package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/internal/crash"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{"configd": func(args []string) error {
		fmt.Println("pid", os.Getpid())
		return config.Run(context.Background(), config.Config{Addr: "127.0.0.1:0", Keep: 1 << 20, Out: os.Stdout, Open: config.OpenDir(args[0])}, nil)
	}})
}

// A peer is a server in a process of its own: put sets a key that was last set at a
// revision, and watch calls seen with each change of the key "n" until the benchmark ends.
type peer struct {
	put   func(key string, rev int64, value string) (int64, error)
	watch func(b *testing.B, watchers int, seen func(watcher int))
	cpu   func() time.Duration
}

var transport = &http.Transport{MaxIdleConnsPerHost: 100}

// flatline returns configd with its log on the disk, each commit synced.
func flatline(b *testing.B) peer {
	p := crash.Start(b, "configd", b.TempDir())
	pid := p.Match(`^pid (\d+)`)[1]
	base := p.Match(`listening on (\S+),`)[1]
	send := func(method, path, match, body string) (int64, error) {
		r, err := http.NewRequest(method, base+path, strings.NewReader(body))
		if err != nil {
			return 0, err
		}
		r.Header.Set("If-Match", match)
		answer, err := (&http.Client{Transport: transport}).Do(r)
		if err != nil {
			return 0, err
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s", answer.Status, text)
		}
		if err != nil {
			return 0, err
		}
		return strconv.ParseInt(strings.Trim(answer.Header.Get("ETag"), `"`), 10, 64)
	}
	rev, err := send("PUT", "/v1/@envs/prod", "*", "{}")
	require.NoError(b, err)
	return peer{
		put: func(key string, rev int64, value string) (int64, error) {
			return send("PUT", "/v1/prod/"+key, `"`+strconv.FormatInt(max(rev, 1), 10)+`"`, value)
		},
		watch: func(b *testing.B, watchers int, seen func(int)) {
			ctx, stop := context.WithCancel(context.Background())
			b.Cleanup(stop)
			for w := range watchers {
				r, err := http.NewRequestWithContext(ctx, "GET", fmt.Sprint(base, "/v1/prod/watch?from=", rev), nil)
				require.NoError(b, err)
				answer, err := (&http.Client{Transport: &http.Transport{}}).Do(r)
				require.NoError(b, err)
				go func() {
					for in := bufio.NewReader(answer.Body); ; {
						line, err := in.ReadString('\n')
						if err != nil {
							return
						}
						if strings.HasPrefix(line, "data:") {
							seen(w)
						}
					}
				}()
			}
		},
		cpu: func() time.Duration {
			stat, err := os.ReadFile("/proc/" + pid + "/stat")
			require.NoError(b, err)
			f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
			user, _ := strconv.Atoi(f[11])
			system, _ := strconv.Atoi(f[12])
			return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ
		},
	}
}

// etcd returns an etcd, with the watchers on so many connections.
func etcd(connections int) func(b *testing.B) peer {
	return func(b *testing.B) peer {
		s := start.Test(b, start.Etcd)
		dial := func() *clientv3.Client {
			c, err := clientv3.New(clientv3.Config{Endpoints: []string{s.URL}})
			require.NoError(b, err)
			b.Cleanup(func() { _ = c.Close() })
			return c
		}
		writer := dial()
		return peer{
			put: func(key string, rev int64, value string) (int64, error) {
				answer, err := writer.Txn(context.Background()).If(clientv3.Compare(clientv3.ModRevision(key), "=", rev)).Then(clientv3.OpPut(key, value)).Commit()
				if err == nil && !answer.Succeeded {
					err = config.ErrConflict
				}
				if err != nil {
					return 0, err
				}
				return answer.Header.Revision, nil
			},
			watch: func(b *testing.B, watchers int, seen func(int)) {
				var clients []*clientv3.Client
				for range connections {
					clients = append(clients, dial())
				}
				for w := range watchers {
					ready := make(chan struct{})
					events := clients[w%connections].Watch(context.Background(), "n", clientv3.WithCreatedNotify())
					go func() {
						for answer := range events {
							if answer.Created {
								close(ready)
							}
							for range answer.Events {
								seen(w)
							}
						}
					}()
					<-ready
				}
			},
			cpu: func() time.Duration {
				answer, err := http.Get(s.URL + "/metrics")
				require.NoError(b, err)
				defer answer.Body.Close()
				text, err := io.ReadAll(answer.Body)
				require.NoError(b, err)
				m := regexp.MustCompile(`(?m)^process_cpu_seconds_total (\S+)`).FindSubmatch(text)
				require.NotNil(b, m)
				seconds, err := strconv.ParseFloat(string(m[1]), 64)
				require.NoError(b, err)
				return time.Duration(seconds * float64(time.Second))
			},
		}
	}
}

// BenchmarkWatchers: one change to 1,000 watchers: the time from the call that makes it to
// each watcher, and the processor time of the server for each event that it sends.
func BenchmarkWatchers(b *testing.B) {
	const watchers = 1000
	for _, x := range []struct {
		name string
		open func(*testing.B) peer
	}{{"configd", flatline}, {"etcd/connections=1000", etcd(watchers)}, {"etcd/connections=1", etcd(1)}} {
		b.Run("impl="+x.name, func(b *testing.B) {
			p := x.open(b)
			var begin atomic.Int64
			var left atomic.Int64
			clock := time.Now()
			took := make([]time.Duration, watchers)
			all := make(chan struct{}, 1)
			p.watch(b, watchers, func(w int) {
				took[w] = time.Since(clock) - time.Duration(begin.Load())
				if left.Add(-1) == 0 {
					all <- struct{}{}
				}
			})
			var every []time.Duration
			var rev int64
			before, n := p.cpu(), 0
			for b.Loop() {
				left.Store(watchers)
				begin.Store(int64(time.Since(clock)))
				var err error
				rev, err = p.put("n", rev, strconv.Itoa(n))
				require.NoError(b, err)
				<-all
				every = append(every, took...)
				n++
			}
			b.ReportMetric(float64((p.cpu()-before).Microseconds())/float64(n*watchers), "cpu-µs/event")
			slices.Sort(every)
			b.ReportMetric(float64(every[len(every)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(every[len(every)/2].Microseconds())/1000, "p50-ms")
		})
	}
}

// BenchmarkCommits: compare-and-set commits of 64 writers, each of a key of its own, each
// commit synced.
func BenchmarkCommits(b *testing.B) {
	for _, x := range []struct {
		name string
		open func(*testing.B) peer
	}{{"configd", flatline}, {"etcd", etcd(1)}} {
		b.Run("impl="+x.name, func(b *testing.B) {
			p := x.open(b)
			var left atomic.Int64
			left.Store(int64(b.N))
			before := p.cpu()
			var wg sync.WaitGroup
			b.ResetTimer()
			for w := range 64 {
				wg.Go(func() {
					key, rev := fmt.Sprint("w", w), int64(0)
					for left.Add(-1) >= 0 {
						var err error
						if rev, err = p.put(key, rev, `"some value"`); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
			b.ReportMetric(float64((p.cpu()-before).Microseconds())/float64(b.N), "cpu-µs/commit")
		})
	}
}
