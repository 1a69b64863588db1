package ratelimit

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/internal/loopback"
	"example.com/flatline/ratelimit"
	"example.com/flatline/ratelimit/remote"
)

// A server is a redis-server that the rows start on loopback.
type server struct {
	cmd *exec.Cmd
	dir string
	c   *redis.Client
}

func startServer() *server {
	if _, err := exec.LookPath("redis-server"); err != nil {
		panic("redis-server is not installed")
	}
	addr, err := loopback.Addr()
	if err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "flatline-redis")
	if err != nil {
		panic(err)
	}
	_, port, _ := net.SplitHostPort(addr)
	s := &server{cmd: exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", ""), dir: dir}
	if err := s.cmd.Start(); err != nil {
		panic(err)
	}
	s.c = redis.NewClient(&redis.Options{Addr: addr, PoolSize: clients})
	for range 1000 {
		if s.c.Ping(context.Background()).Err() == nil {
			return s
		}
		time.Sleep(5 * time.Millisecond)
	}
	panic("redis-server does not answer")
}

func (s *server) stop() {
	_ = s.c.Close()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	_ = os.RemoveAll(s.dir)
}

// cpu returns the processor time that the server has used, in microseconds.
func (s *server) cpu() (us float64) {
	for line := range strings.Lines(s.c.Info(context.Background(), "cpu").Val()) {
		name, v, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_sys" || name == "used_cpu_user" {
			f, err := strconv.ParseFloat(v, 64)
			if err != nil {
				panic(err)
			}
			us += 1e6 * f
		}
	}
	return us
}

// eval is redisstore.GoRedis, which is in a module that this one does not require.
func (s *server) eval(ctx context.Context, script, sha string, keys []string, args []int64) ([]int64, error) {
	argv := make([]any, len(args))
	for i, a := range args {
		argv[i] = a
	}
	out, err := s.c.EvalSha(ctx, sha, keys, argv...).Int64Slice()
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		out, err = s.c.Eval(ctx, script, keys, argv...).Int64Slice()
	}
	return out, err
}

// The rows have this number of clients, which take from this number of keys.
const clients, storeKeys = 64, 64

// takes is a side: a million per second for each key, all granted.
func takes(f func(s *server) func(key string) error) measure.Side {
	s := startServer()
	take := f(s)
	return measure.Side{
		Run: func(m int) {
			measure.Parallel(clients, m, func(w, m int) {
				key := "k" + strconv.Itoa(w%storeKeys)
				for range m {
					if err := take(key); err != nil {
						panic(err)
					}
				}
			})
		},
		Close: s.stop,
	}
}

func ours(o remote.Options) func(s *server) func(string) error {
	return func(s *server) func(string) error {
		l := remote.New(s.eval, ratelimit.Per(1_000_000, time.Second), 1_000_000, o)
		return func(key string) error {
			d, err := l.Take(context.Background(), key, 1)
			if err == nil && !d.OK {
				panic("refused")
			}
			return err
		}
	}
}

func redisRate(s *server) func(string) error {
	l := redis_rate.NewLimiter(s.c)
	limit := redis_rate.Limit{Rate: 1_000_000, Burst: 1_000_000, Period: time.Second}
	return func(key string) error {
		_, err := l.Allow(context.Background(), key, limit)
		return err
	}
}

// redisGroups are the rows that need a redis-server.
func redisGroups() []measure.Group {
	peer := func(target float64) []measure.Peer {
		return []measure.Peer{{Name: "redis_rate", Target: target, New: func() measure.Side { return takes(redisRate) }}}
	}
	return []measure.Group{
		{
			Name: "remote.Take, 64 clients of one Redis", Wall: true,
			Ours:  func() measure.Side { return takes(ours(remote.Options{})) },
			Peers: peer(0),
		},
		{
			Name: "remote.Take, 64 clients of one Redis, leases of 50", Wall: true,
			Ours:  func() measure.Side { return takes(ours(remote.Options{Lease: 50})) },
			Peers: peer(10),
		},
		{
			Name: "remote.Take, server CPU", Unit: "µs/take", Repeats: 5,
			OursValue: func() float64 { return serverCPU(ours(remote.Options{})) },
			Peers: []measure.Peer{{
				Name: "redis_rate", Target: 1.05, Value: func() float64 { return serverCPU(redisRate) },
				Note: "an EVALSHA that returns a constant takes two thirds of ours",
			}},
		},
	}
}

// serverCPU returns the server's processor time for a take, which includes reading
// the request and writing the answer.
func serverCPU(f func(s *server) func(string) error) float64 {
	const n = 60_000
	var s *server
	side := takes(func(started *server) func(string) error {
		s = started
		return f(s)
	})
	defer side.Close()
	side.Run(2000)
	before := s.cpu()
	side.Run(n)
	return (s.cpu() - before) / n
}
